"""The loop: a batch, its loss and gradients, one step of the optimiser; and what is kept of it."""

import hashlib
import json
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from neoxja_np.arrays import IntArray
from neoxja_np.files import read_json
from neoxja_np.gradients.model import loss_and_gradients
from neoxja_np.layers.loss import causal_lm_loss
from neoxja_np.model import forward
from neoxja_np.pretrained import GPTNeoXJapaneseForCausalLM
from neoxja_np.training.adamw import AdamW, Parameters, parameters
from neoxja_np.training.batches import (
    Ids,
    check_corpus,
    random_batch,
    successive_batches,
    text_starts,
)
from neoxja_np.training.checkpoints import (
    STATE,
    load_checkpoint,
    newest_checkpoint,
    save_checkpoint,
)
from neoxja_np.training.schedule import clip, gradient_norm, learning_rate
from neoxja_np.training.settings import TrainingSettings
from neoxja_np.writing import write_files

LOG = "log.jsonl"
CHECKPOINTS = "checkpoints"
MAY_CHANGE = ("threads", "save_every")  # from a run to its resumption: they change no bit


class TrainingError(ValueError):
    """A run that cannot go on; what it had saved stays."""


@dataclass
class Run:
    """A model in training: what changes with it, and where it is kept."""

    model: GPTNeoXJapaneseForCausalLM
    weights: Parameters                # the model's
    optimizer: AdamW
    settings: TrainingSettings
    folder: Path
    identity: dict[str, Any]           # what may not change when a run is resumed
    starts: IntArray | None = None     # where windows may begin, if not everywhere
    step: int = 0
    best: float | None = None          # the lowest held-out loss

    def note(self, **record: object) -> None:
        """A line in the log."""
        with (self.folder / LOG).open("a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")

    def save(self) -> None:
        """A checkpoint from which to go on. Raises TrainingError where nobody could."""
        if not all(np.isfinite(array).all() for array in self.weights.values()):
            raise TrainingError(f"after step {self.step} there are weights that are no number; "
                                + self.advice())
        save_checkpoint(self.folder / CHECKPOINTS, self.model, self.optimizer, {
            "step": self.step, "best": self.best, **self.identity})

    def advice(self) -> str:
        """What to do where a loss is no number."""
        kept = "" if self.best is None else f". The best model before is in {self.folder}"
        return ("begin again in another folder with a lower learning rate or a longer warm-up"
                + kept)


def train(model: GPTNeoXJapaneseForCausalLM, ids: Ids, held_out: Ids, folder: str | Path,
          settings: TrainingSettings, *, resume: bool = False) -> Run:
    """Trains a model, in place, on windows of `ids`, and keeps the best of it in `folder`.

    folder: a model folder of the weights with the lowest loss on `held_out` so far; log.jsonl,
    with a line a step and a line an evaluation; checkpoints/, from which `resume` goes on, bit for
    bit as if nothing had happened. Ctrl-C ends the step and saves. Two threads pay where the BLAS
    keeps to one (OPENBLAS_NUM_THREADS=1). There is no dropout, whatever the config says.
    Raises ValueError for what makes no run, TrainingError for a loss that is no number.
    """
    for name, each in (("corpus", ids), ("held-out text", held_out)):
        check_corpus(each, name=name, length=settings.length, vocab_size=model.config.vocab_size)
    if settings.length > model.config.max_position_embeddings:
        raise ValueError(f"windows of {settings.length} tokens are longer than the model's context"
                         f" of {model.config.max_position_embeddings}")
    run = begin(model, ids, held_out, Path(folder), settings, resume=resume)
    with (ThreadPoolExecutor(settings.threads) as pool, interrupts_noted() as interrupted,
          tqdm(desc="training", initial=run.step, total=settings.steps, unit="step",
               disable=None) as bar):
        while run.step < settings.steps and not interrupted():
            loss = train_step(run, ids, pool)
            best = "-" if run.best is None else f"{run.best:.3f}"
            bar.set_postfix(loss=f"{loss:.3f}", held_out=best, refresh=False)
            bar.update()
            last = run.step == settings.steps
            if last or run.step % settings.evaluate_every == 0:
                keep_if_best(run, evaluate(model, held_out, settings, pool))
            if last or run.step % settings.save_every == 0:
                run.save()
    if run.step < settings.steps:
        run.save()
        raise KeyboardInterrupt(f"stopped after step {run.step}, which is saved; resume to go on")
    return run


def begin(model: GPTNeoXJapaneseForCausalLM, ids: Ids, held_out: Ids, folder: Path,
          settings: TrainingSettings, *, resume: bool) -> Run:
    """A new run, or the one that a folder holds. Raises ValueError where it is not as asked."""
    check_folder(folder, resume=resume)
    run = Run(model, parameters(model.weights), AdamW(
        settings.beta1, settings.beta2, settings.eps, settings.weight_decay), settings, folder, {
            "settings": asdict(settings),
            "config": {**model.config.to_dict(), "dtype": model.dtype.name},
            "ids": {"corpus": fingerprint(ids), "held-out text": fingerprint(held_out)}})
    if settings.at_texts:
        end = model.config.eos_token_id
        run.starts = text_starts(ids, end=[] if end is None else end, length=settings.length)
        if len(run.starts) == 1:
            raise ValueError(f"at_texts: no text of the corpus ends with the end token, {end}; "
                             "write <|endoftext|> behind each")
    if checkpoint := newest_checkpoint(folder / CHECKPOINTS):
        check_same(read_json(checkpoint / STATE), run.identity)
        state = load_checkpoint(checkpoint, run.weights, run.optimizer)
        run.step, run.best = state["step"], state["best"]
    kept = [json.dumps(record) + "\n" for record in read_log(folder) if record["step"] <= run.step]
    write_files(folder, {LOG: lambda path: path.write_text("".join(kept), encoding="utf-8")})
    return run


def check_folder(folder: Path, *, resume: bool) -> None:
    """Raises ValueError, FileExistsError where a run cannot begin, or go on, in a folder."""
    if folder.is_file():
        raise FileExistsError(f"{str(folder)!r} is a file; give a folder to write into")
    checkpoint = newest_checkpoint(folder / CHECKPOINTS)
    if resume and not checkpoint:
        raise ValueError(f"{folder} has no checkpoint to resume from")
    if checkpoint and not resume:
        raise ValueError(f"{folder} holds a run, saved as {checkpoint.name}: resume it, or give "
                         "another folder")
    if not resume and (folder / "config.json").exists():
        raise ValueError(f"{folder} holds a model, which is not written over: give another folder")


def fingerprint(ids: Ids) -> str:
    """Equal for equal ids of one dtype."""
    return hashlib.sha256(np.ascontiguousarray(ids).data).hexdigest()


def check_same(before: dict[str, Any], now: dict[str, Any]) -> None:
    """Raises ValueError where a run would be resumed as another one."""
    different = [f"{name} was {before['settings'].get(name)}, is {value}"
                 for name, value in now["settings"].items()
                 if name not in MAY_CHANGE and before["settings"].get(name) != value]
    different += [f"the config's {name} was {before['config'].get(name)}, is {value}"
                  for name, value in now["config"].items() if before["config"].get(name) != value]
    different += [f"the {name} is another" for name, value in now["ids"].items()
                  if before["ids"][name] != value]
    if different:
        raise ValueError("a run goes on as it began, but " + "; ".join(different))


def train_step(run: Run, ids: Ids, pool: Executor) -> float:
    """One batch, one update, a line in the log; returns the loss. Raises TrainingError."""
    settings, start = run.settings, time.perf_counter()
    batch = random_batch(ids, step=run.step, batch_size=settings.batch_size,
                         length=settings.length, seed=settings.seed, starts=run.starts)
    loss, gradients = accumulate(batch, run.model, settings.parts, pool)
    norm = gradient_norm(gradients)
    if not np.isfinite([loss, norm]).all():
        raise TrainingError(f"step {run.step + 1}: the loss is {loss}, the norm of its gradient "
                            f"{norm}; " + run.advice())
    clip(gradients, norm=norm, max_norm=settings.max_norm)
    rate = learning_rate(run.step, peak=settings.learning_rate, final=settings.final_rate,
                         warmup_steps=settings.warmup_steps, steps=settings.steps)
    run.optimizer.update(run.weights, gradients, lr=rate)
    run.step += 1
    run.note(step=run.step, loss=loss, learning_rate=rate, gradient_norm=norm,
             tokens_per_second=round(batch.size / (time.perf_counter() - start)))
    return loss


def accumulate(batch: IntArray, model: GPTNeoXJapaneseForCausalLM, parts: int, pool: Executor,
               ) -> tuple[float, Parameters]:
    """batch [B, L] -> the mean loss and its gradients, from equal parts of the batch.

    The parts are added in their order, so the number of threads changes no bit.
    """
    def of_part(ids: IntArray) -> tuple[float, Parameters]:
        loss, tree = loss_and_gradients(ids, ids, model.weights, config=model.config,
                                        angle_dtype=model.angle_dtype)
        return float(loss) / parts, parameters(tree)

    total, sums = 0.0, Parameters()
    for loss, gradients in pool.map(of_part, np.split(batch, parts)):
        total += loss
        for name, gradient in gradients.items():
            if name in sums:
                sums[name] += gradient
            else:
                sums[name] = gradient
    for gradient in sums.values():
        gradient /= parts
    return total, sums


def evaluate(model: GPTNeoXJapaneseForCausalLM, ids: Ids, settings: TrainingSettings,
             pool: Executor) -> float:
    """The mean loss over successive windows, in nats a token."""
    def loss_of(windows: Ids) -> float:
        batch = windows.astype(np.int64)
        logits = forward(batch, model.weights, config=model.config, angle_dtype=model.angle_dtype)
        return float(causal_lm_loss(logits, batch)) * len(batch)

    batches = successive_batches(ids, batch_size=settings.batch_size // settings.parts,
                                 length=settings.length)
    return sum(pool.map(loss_of, batches)) / (len(ids) // settings.length)


def keep_if_best(run: Run, loss: float) -> None:
    """Enters an evaluation in the log, and saves the model where none was better.

    Raises TrainingError for a loss that is no number.
    """
    if not np.isfinite(loss):
        raise TrainingError(f"after step {run.step} the held-out loss is {loss}; " + run.advice())
    if run.best is None or loss < run.best:
        run.best = loss
        run.model.save_pretrained(run.folder)
    run.note(step=run.step, held_out_loss=loss)


def read_log(folder: str | Path) -> list[dict[str, Any]]:
    """The records of a run's log, empty where there is none. Raises ValueError.

    A last line that was not written to its end is left out.
    """
    path = Path(folder) / LOG
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    records = []
    for number, line in enumerate(text[:text.rfind("\n") + 1].splitlines(), 1):
        try:
            records.append(json.loads(line))
        except json.JSONDecodeError as error:
            raise ValueError(f"{path}, line {number}, is not JSON: {error}") from None
    return records


@contextmanager
def interrupts_noted() -> Iterator[Callable[[], bool]]:
    """Ctrl-C is noted, and asked for with the function that is given; a second one interrupts.

    So is whatever else ends the program as Ctrl-C does. In another thread than the main one
    nothing is changed.
    """
    noted: list[int] = []
    before = {number: signal.getsignal(number) for name in ("SIGINT", "SIGTERM", "SIGHUP")
              if (number := getattr(signal, name, None))
              and signal.getsignal(number) is signal.default_int_handler
              and threading.current_thread() is threading.main_thread()}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def note(number: int, frame: object) -> None:
        noted.append(number)
        restore()

    try:
        for number in before:
            signal.signal(number, note)
        yield lambda: bool(noted)
    finally:
        restore()
