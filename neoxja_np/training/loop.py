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
from neoxja_np.files import read_json, write_files
from neoxja_np.gradients.model import loss_and_gradients
from neoxja_np.layers.loss import causal_lm_loss
from neoxja_np.model import forward
from neoxja_np.pretrained import GPTNeoXJapaneseForCausalLM
from neoxja_np.training.adamw import AdamW, Parameters, parameters
from neoxja_np.training.batches import Ids, check_ids, random_batch, successive_batches, text_starts
from neoxja_np.training.checkpoints import (
    STATE,
    load_checkpoint,
    newest_checkpoint,
    save_checkpoint,
)
from neoxja_np.training.schedule import clip, gradient_norm, learning_rate
from neoxja_np.training.settings import TrainingSettings

LOG = "log.jsonl"
CHECKPOINTS = "checkpoints"


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
    corpus: str                        # fingerprint of the ids
    starts: IntArray | None = None     # where windows may begin, if not everywhere
    step: int = 0
    best: float | None = None          # the lowest held-out loss

    def note(self, **record: object) -> None:
        """A line in the log."""
        with (self.folder / LOG).open("a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")

    def save(self) -> None:
        """A checkpoint from which to go on."""
        save_checkpoint(self.folder / CHECKPOINTS, self.model, self.optimizer, {
            "step": self.step, "best": self.best, "corpus": self.corpus,
            "settings": asdict(self.settings)})


def train(model: GPTNeoXJapaneseForCausalLM, ids: Ids, held_out: Ids, folder: str | Path,
          settings: TrainingSettings, *, resume: bool = False) -> Run:
    """Trains a model, in place, on windows of `ids`, and keeps the best of it in `folder`.

    folder: a model folder of the weights with the lowest loss on `held_out` so far; log.jsonl,
    with a line a step and a line an evaluation; checkpoints/, from which `resume` goes on, bit for
    bit as if nothing had happened. Ctrl-C ends the step and saves. Two threads pay where the BLAS
    keeps to one (OPENBLAS_NUM_THREADS=1). There is no dropout, whatever the config says.
    Raises ValueError for what makes no run, TrainingError for a loss that is no number.
    """
    for each in (ids, held_out):
        check_ids(each, length=settings.length, vocab_size=model.config.vocab_size)
    if settings.length > model.config.max_position_embeddings:
        raise ValueError(f"windows of {settings.length} tokens are longer than the model's context"
                         f" of {model.config.max_position_embeddings}")
    run = begin(model, ids, Path(folder), settings, resume=resume)
    with (ThreadPoolExecutor(settings.threads) as pool, interrupts_noted() as interrupted,
          tqdm(desc="training", initial=run.step, total=settings.steps, unit="step",
               disable=None) as bar):
        while run.step < settings.steps and not interrupted():
            loss = train_step(run, ids, pool)
            bar.set_postfix(loss=f"{loss:.3f}", refresh=False)
            bar.update()
            last = run.step == settings.steps
            if last or run.step % settings.evaluate_every == 0:
                keep_if_best(run, evaluate(model, held_out, settings, pool))
            if last or run.step % settings.save_every == 0:
                run.save()
    if interrupted():
        run.save()
        raise KeyboardInterrupt
    return run


def begin(model: GPTNeoXJapaneseForCausalLM, ids: Ids, folder: Path, settings: TrainingSettings, *,
          resume: bool) -> Run:
    """A new run, or the one that a folder holds. Raises ValueError where it is not as asked."""
    run = Run(model, parameters(model.weights), AdamW(
        settings.beta1, settings.beta2, settings.eps, settings.weight_decay), settings, folder,
        corpus=hashlib.sha256(ids.data).hexdigest())
    if settings.at_texts:
        if (end := model.config.eos_token_id) is None:
            raise ValueError("at_texts: the config has no eos_token_id, so no text has an end")
        run.starts = text_starts(ids, end=end, length=settings.length)
    checkpoint = newest_checkpoint(folder / CHECKPOINTS)
    if checkpoint and not resume:
        raise ValueError(f"{folder} holds a run, saved as {checkpoint.name}: resume it, or give "
                         "another folder")
    if not checkpoint and resume:
        raise ValueError(f"{folder} has no checkpoint to resume from")
    folder.mkdir(parents=True, exist_ok=True)
    if checkpoint:
        check_same(read_json(checkpoint / STATE), run)
        state = load_checkpoint(checkpoint, run.weights, run.optimizer)
        run.step, run.best = state["step"], state["best"]
    kept = [json.dumps(record) + "\n" for record in read_log(folder) if record["step"] <= run.step]
    write_files(folder, {LOG: lambda path: path.write_text("".join(kept), encoding="utf-8")})
    return run


def check_same(state: dict[str, Any], run: Run) -> None:
    """Raises ValueError where a checkpoint is of another corpus or of other settings."""
    before = {**state["settings"], "corpus": state["corpus"]}
    now = {**asdict(run.settings), "corpus": run.corpus}
    if different := [f"{name} was {before.get(name)}, is {value}"
                     for name, value in now.items() if before.get(name) != value]:
        raise ValueError("a run goes on as it began, but " + "; ".join(different))


def train_step(run: Run, ids: Ids, pool: Executor) -> float:
    """One batch, one update, a line in the log; returns the loss. Raises TrainingError."""
    settings, start = run.settings, time.perf_counter()
    batch = random_batch(ids, step=run.step, batch_size=settings.batch_size,
                         length=settings.length, seed=settings.seed, starts=run.starts)
    loss, gradients = accumulate(batch, run.model, settings.parts, pool)
    norm = gradient_norm(gradients)
    if not np.isfinite([loss, norm]).all():
        raise TrainingError(
            f"step {run.step + 1}: the loss is {loss}, the norm of its gradient {norm}; try a "
            "lower learning rate or a longer warm-up. Nothing was changed by this step, and the "
            f"best model so far is in {run.folder}")
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
        loss, tree = loss_and_gradients(ids, ids, model.weights, config=model.config)
        return float(loss) / parts, parameters(tree)

    total, sums = 0.0, Parameters()
    for loss, gradients in pool.map(of_part, np.split(batch, parts)):
        total += loss
        for name, gradient in gradients.items():
            sums[name] = sums[name] + gradient if name in sums else gradient
    for gradient in sums.values():
        gradient /= parts
    return total, sums


def evaluate(model: GPTNeoXJapaneseForCausalLM, ids: Ids, settings: TrainingSettings,
             pool: Executor) -> float:
    """The mean loss over successive windows, in nats a token."""
    def loss_of(batch: IntArray) -> float:
        logits = forward(batch, model.weights, config=model.config)
        return float(causal_lm_loss(logits, batch)) * len(batch)

    batches = successive_batches(ids, batch_size=settings.batch_size // settings.parts,
                                 length=settings.length)
    return sum(pool.map(loss_of, batches)) / (len(ids) // settings.length)


def keep_if_best(run: Run, loss: float) -> None:
    """Enters an evaluation in the log, and saves the model where none was better."""
    if run.best is None or loss < run.best:
        run.best = loss
        run.model.save_pretrained(run.folder)
    run.note(step=run.step, held_out_loss=loss)


def read_log(folder: str | Path) -> list[dict[str, Any]]:
    """The records of a run's log, empty where there is none."""
    path = Path(folder) / LOG
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    return [json.loads(line) for line in lines]


@contextmanager
def interrupts_noted() -> Iterator[Callable[[], bool]]:
    """Ctrl-C is noted, and asked for with the function that is given; a second one interrupts.

    In another thread than the main one it does what it always does.
    """
    noted: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return

    def note(number: int, frame: object) -> None:
        noted.append(number)
        signal.signal(signal.SIGINT, before)

    before = signal.signal(signal.SIGINT, note)
    try:
        yield lambda: bool(noted)
    finally:
        signal.signal(signal.SIGINT, before)
