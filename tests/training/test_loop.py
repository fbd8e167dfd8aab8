"""The loop: what it learns, keeps, logs and resumes."""

import json
import os
import shutil
import signal
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from neoxja_np import GPTNeoXJapaneseConfig, GPTNeoXJapaneseForCausalLM
from neoxja_np.training import checkpoints, loop
from neoxja_np.training.loop import TrainingError, accumulate, read_log, train
from neoxja_np.training.settings import TrainingSettings
from neoxja_np.weights import flatten, initial_weights

# 0 1 2 … 6 0 1 …: to be learned at once
IDS = (np.arange(700) % 7).astype("<u2")
HELD_OUT = IDS[:70]
SMALL = {"steps": 12, "batch_size": 4, "length": 10, "warmup_steps": 3, "learning_rate": 1e-2, "evaluate_every": 4,
         "save_every": 5}


def new_model(dtype: str = "float32", **config: object) -> GPTNeoXJapaneseForCausalLM:
    values = {"vocab_size": 9, "hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 2,
              "max_position_embeddings": 16, "bos_token_id": None, "eos_token_id": None}
    made = GPTNeoXJapaneseConfig(**{**values, **config})
    return GPTNeoXJapaneseForCausalLM(made, initial_weights(made, rng=np.random.default_rng(1), dtype=dtype))


def weights_of(model: GPTNeoXJapaneseForCausalLM) -> dict[str, bytes]:
    return {name: array.tobytes() for name, array in flatten(model.weights).items()}


def without_times(folder: Path) -> list[dict[str, object]]:
    return [{name: value for name, value in record.items() if name != "tokens_per_second"}
            for record in read_log(folder)]


@pytest.mark.parametrize("tied", [False, True])
def test_it_learns_and_keeps_the_best(tmp_path: Path, tied: bool) -> None:
    model = new_model(tie_word_embeddings=tied)
    run = train(model, IDS, HELD_OUT, tmp_path, TrainingSettings(**{**SMALL, "steps": 60, "learning_rate": 3e-2}))
    log = read_log(tmp_path)
    assert [record["step"] for record in log if "loss" in record] == list(range(1, 61))
    held_out = [record["held_out_loss"] for record in log if "held_out_loss" in record]
    assert len(held_out) == 15
    assert held_out[-1] < 0.1 < 1.0 < held_out[0]
    assert run.best == min(held_out)
    best = GPTNeoXJapaneseForCausalLM.from_pretrained(tmp_path)
    ids = HELD_OUT.astype(np.int64).reshape(-1, 10)
    assert float(best(ids, labels=ids).loss) == pytest.approx(run.best, rel=1e-5)
    assert (best.weights["embed_out"]["weight"] is best.weights["gpt_neox_japanese"]["embed_in"]["weight"]) == tied
    assert [path.name for path in (tmp_path / "checkpoints").iterdir()] == ["step-00000060"]


def test_the_best_stays_when_it_gets_worse(tmp_path: Path) -> None:
    """Held-out text of another kind: what is learned makes it worse."""
    held_out = np.array([8, 1] * 35)
    train(new_model(), IDS, held_out, tmp_path, TrainingSettings(**{**SMALL, "steps": 40}))
    losses = [record["held_out_loss"] for record in read_log(tmp_path) if "held_out_loss" in record]
    assert losses[-1] > min(losses) + 0.05
    ids = held_out.reshape(-1, 10)
    best = GPTNeoXJapaneseForCausalLM.from_pretrained(tmp_path)
    assert float(best(ids, labels=ids).loss) == pytest.approx(min(losses), rel=1e-5)


@settings(max_examples=8)
@given(stop=st.integers(1, 11), save_every=st.integers(1, 12))
def test_a_resumed_run_is_the_unbroken_one(tmp_path_factory: pytest.TempPathFactory, stop: int,
                                           save_every: int) -> None:
    """Stopped hard at a step by chance, in the middle of it: bit for bit the same weights, log and best model."""
    whole, broken = (tmp_path_factory.mktemp(name) for name in ("whole", "broken"))
    chosen = TrainingSettings(**{**SMALL, "save_every": save_every})
    expected = new_model()
    train(expected, IDS, HELD_OUT, whole, chosen)
    with pytest.MonkeyPatch.context() as patch:
        right, calls = loop.clip, []

        def pull_the_plug(gradients: object, **settings: float) -> None:
            calls.append(1)
            if len(calls) > stop:
                raise OSError("no power")
            right(gradients, **settings)

        patch.setattr(loop, "clip", pull_the_plug)
        with pytest.raises(OSError, match="no power"):
            train(new_model(), IDS, HELD_OUT, broken, chosen)
    model = new_model()
    if stop < save_every:  # nothing to go on from
        shutil.rmtree(broken)
    train(model, IDS, HELD_OUT, broken, chosen, resume=stop >= save_every)
    assert weights_of(model) == weights_of(expected)
    assert without_times(broken) == without_times(whole)
    assert (broken / "model.safetensors").read_bytes() == (whole / "model.safetensors").read_bytes()
    shutil.rmtree(whole)
    shutil.rmtree(broken)


def test_parts_and_threads_change_nothing_but_rounding(tmp_path: Path) -> None:
    models = {}
    for parts, threads in ((1, 1), (4, 1), (4, 3), (2, 2)):
        models[parts, threads] = new_model("float64")
        train(models[parts, threads], IDS, HELD_OUT, tmp_path / f"{parts}-{threads}",
              TrainingSettings(**SMALL, parts=parts, threads=threads))
    assert weights_of(models[4, 1]) == weights_of(models[4, 3])
    for name, array in flatten(models[1, 1].weights).items():
        assert np.abs(array - flatten(models[4, 1].weights)[name]).max() < 1e-9


@pytest.mark.usefixtures("heeded_ctrl_c")
def test_ctrl_c_ends_the_step_and_saves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    right, handler = loop.train_step, signal.getsignal(signal.SIGINT)

    def interrupted(run: loop.Run, *args: object) -> float:
        if run.step == 6:
            os.kill(os.getpid(), signal.SIGINT)
        return right(run, *args)

    monkeypatch.setattr(loop, "train_step", interrupted)
    with pytest.raises(KeyboardInterrupt, match="stopped after step 7, which is saved"):
        train(new_model(), IDS, HELD_OUT, tmp_path, TrainingSettings(**SMALL))
    assert [path.name for path in (tmp_path / "checkpoints").iterdir()] == ["step-00000007"]
    assert signal.getsignal(signal.SIGINT) is handler
    monkeypatch.setattr(loop, "train_step", right)
    model, expected = new_model(), new_model()
    train(model, IDS, HELD_OUT, tmp_path, TrainingSettings(**SMALL), resume=True)
    train(expected, IDS, HELD_OUT, tmp_path / "whole", TrainingSettings(**SMALL))
    assert weights_of(model) == weights_of(expected)


def test_it_runs_in_another_thread(tmp_path: Path) -> None:
    thread = threading.Thread(target=train, args=(new_model(), IDS, HELD_OUT, tmp_path, TrainingSettings(**SMALL)))
    thread.start()
    thread.join()
    assert (tmp_path / "model.safetensors").is_file()


def test_a_loss_that_is_no_number_is_refused(tmp_path: Path) -> None:
    model = new_model()
    model.weights["gpt_neox_japanese"]["layers"][0]["mlp"]["dense_4h_to_h"]["weight"][0, 0] = np.nan
    before = weights_of(model)
    with pytest.raises(TrainingError, match=r"step 1: the loss is nan.*lower learning rate or a longer warm-up$"):
        train(model, IDS, HELD_OUT, tmp_path, TrainingSettings(**SMALL))
    assert weights_of(model) == before
    assert not (tmp_path / "checkpoints").exists()


def test_a_checkpoint_is_whole_or_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object) -> None:
        raise OSError("no space left")

    train(new_model(), IDS, HELD_OUT, tmp_path, TrainingSettings(**SMALL))
    run_folder = tmp_path / "checkpoints"
    files = {path: path.read_bytes() for path in run_folder.rglob("*") if path.is_file()}
    monkeypatch.setattr(checkpoints, "write_json", fail)
    optimizer = checkpoints.AdamW(0.9, 0.95, 1e-8, 0.0)
    with pytest.raises(OSError, match="no space"):
        checkpoints.save_checkpoint(run_folder, new_model(), optimizer, {"step": 99})
    assert checkpoints.newest_checkpoint(run_folder) == run_folder / "step-00000012"
    assert {path: path.read_bytes() for path in files} == files


def test_a_folder_with_a_run_is_not_overwritten(tmp_path: Path) -> None:
    train(new_model(), IDS, HELD_OUT, tmp_path, TrainingSettings(**SMALL))
    with pytest.raises(ValueError, match="holds a run, saved as step-00000012: resume it, or give another folder"):
        train(new_model(), IDS, HELD_OUT, tmp_path, TrainingSettings(**SMALL))


@pytest.mark.parametrize(("change", "message"), [
    ({"seed": 1}, "seed was 0, is 1"), ({"steps": 13, "batch_size": 5}, "steps was 12, is 13; batch_size was 4, is 5")])
def test_a_run_goes_on_as_it_began(tmp_path: Path, change: dict[str, int], message: str) -> None:
    train(new_model(), IDS, HELD_OUT, tmp_path, TrainingSettings(**SMALL))
    with pytest.raises(ValueError, match=message):
        train(new_model(), IDS, HELD_OUT, tmp_path, TrainingSettings(**{**SMALL, **change}), resume=True)
    for ids, held_out, message in ((IDS[:500], HELD_OUT, "but the corpus is another"),
                                   (IDS, HELD_OUT[:50], "but the held-out text is another")):
        with pytest.raises(ValueError, match=message):
            train(new_model(), ids, held_out, tmp_path, TrainingSettings(**SMALL), resume=True)
    for config, message in (({"num_attention_heads": 1}, "config's num_attention_heads was 2, is 1"),
                            ({"hidden_act": "relu"}, "config's hidden_act was gelu, is relu"),
                            ({"num_hidden_layers": 3}, "config's num_hidden_layers was 2, is 3"),
                            ({"dtype": "float64"}, "config's dtype was float32, is float64")):
        with pytest.raises(ValueError, match=message):
            train(new_model(**config), IDS, HELD_OUT, tmp_path, TrainingSettings(**SMALL), resume=True)


def test_threads_and_saving_may_change(tmp_path: Path) -> None:
    train(new_model(), IDS, HELD_OUT, tmp_path, TrainingSettings(**SMALL, parts=2))
    model = new_model()
    run = train(model, IDS, HELD_OUT, tmp_path, TrainingSettings(**{**SMALL, "save_every": 1}, parts=2, threads=2),
                resume=True)
    assert (run.step, run.settings.threads) == (12, 2)
    checkpoint = GPTNeoXJapaneseForCausalLM.from_pretrained(tmp_path / "checkpoints" / "step-00000012")
    assert weights_of(model) == weights_of(checkpoint)
    with pytest.raises(ValueError, match="parts was 2, is 1"):
        train(new_model(), IDS, HELD_OUT, tmp_path, TrainingSettings(**SMALL), resume=True)


def test_nothing_to_resume(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no checkpoint to resume from"):
        train(new_model(), IDS, HELD_OUT, tmp_path, TrainingSettings(**SMALL), resume=True)


def test_windows_begin_at_texts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    batches = []
    monkeypatch.setattr(loop, "accumulate", lambda batch, *rest: batches.append(batch) or accumulate(batch, *rest))
    train(new_model(eos_token_id=4), IDS[1:40], HELD_OUT, tmp_path, TrainingSettings(**SMALL, at_texts=True))
    assert {int(row[0]) for batch in batches for row in batch} == {1, 5}  # the first id, and what follows each 4
    with pytest.raises(ValueError, match="no text of the corpus ends with the end token, None"):
        train(new_model(), IDS, HELD_OUT, tmp_path / "other", TrainingSettings(**SMALL, at_texts=True))


def test_a_model_is_not_written_over(tmp_path: Path) -> None:
    model = new_model()
    model.save_pretrained(tmp_path)
    with pytest.raises(ValueError, match="holds a model, which is not written over"):
        train(model, IDS, HELD_OUT, tmp_path, TrainingSettings(**SMALL))
    (tmp_path / "file").touch()
    with pytest.raises(FileExistsError, match="is a file"):
        train(model, IDS, HELD_OUT, tmp_path / "file", TrainingSettings(**SMALL))


@pytest.mark.parametrize("name", ["evaluate", "train_step"])
def test_what_is_no_number_is_not_kept(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A held-out loss or weights, from the second save on."""
    right, calls = getattr(loop, name), []

    def spoiled(*args: object) -> float:
        value = right(*args)
        calls.append(1)
        if name == "evaluate":
            return float("nan") if len(calls) == 2 else value
        if len(calls) == 10:
            args[0].weights["gpt_neox_japanese.embed_in.weight"][8, 0] = np.inf  # a token that is nowhere
        return value

    monkeypatch.setattr(loop, name, spoiled)
    message = {"evaluate": "the held-out loss is nan", "train_step": "weights that are no number"}[name]
    with pytest.raises(TrainingError, match=message):
        train(new_model(), IDS, HELD_OUT, tmp_path, TrainingSettings(**SMALL))
    assert [path.name for path in (tmp_path / "checkpoints").iterdir()] == ["step-00000005"]
    assert np.isfinite([array for each in flatten(GPTNeoXJapaneseForCausalLM.from_pretrained(tmp_path).weights).values()
                        for array in each.ravel()]).all()
    assert all(np.isfinite(list(record.values())).all() for record in read_log(tmp_path))


def test_the_best_is_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a resumption a worse model does not take its place."""
    losses = iter([1.0, 2.0, 3.0])
    monkeypatch.setattr(loop, "evaluate", lambda *args: next(losses))
    right = loop.train_step
    monkeypatch.setattr(loop, "train_step", lambda run, *args: 1 / 0 if run.step == 6 else right(run, *args))
    with pytest.raises(ZeroDivisionError):
        train(new_model(), IDS, HELD_OUT, tmp_path, TrainingSettings(**SMALL))
    monkeypatch.setattr(loop, "train_step", right)
    best = (tmp_path / "model.safetensors").read_bytes()
    run = train(new_model(), IDS, HELD_OUT, tmp_path, TrainingSettings(**SMALL), resume=True)
    assert run.best == 1.0
    assert (tmp_path / "model.safetensors").read_bytes() == best


def test_a_checkpoint_is_a_model_folder_with_its_tokenizer(tmp_path: Path) -> None:
    for name in checkpoints.TOKENIZER:
        (tmp_path / name).write_text(name, encoding="utf-8")
    train(new_model(), IDS, HELD_OUT, tmp_path, TrainingSettings(**SMALL))
    folder = checkpoints.newest_checkpoint(tmp_path / "checkpoints")
    assert all((folder / name).read_text(encoding="utf-8") == name for name in checkpoints.TOKENIZER)
    modes = {path.stat().st_mode for path in [tmp_path / "log.jsonl", *folder.iterdir()]}
    assert len(modes) == 1  # the user's own


def test_a_line_that_was_not_written_to_its_end(tmp_path: Path) -> None:
    train(new_model(), IDS, HELD_OUT, tmp_path, TrainingSettings(**SMALL))
    path, log = tmp_path / "log.jsonl", read_log(tmp_path)
    with path.open("a", encoding="utf-8") as file:
        file.write('{"step": 13,')
    assert read_log(tmp_path) == log
    train(new_model(), IDS, HELD_OUT, tmp_path, TrainingSettings(**SMALL), resume=True)
    assert read_log(tmp_path) == log
    path.write_text("{}\nno\n", encoding="utf-8")
    with pytest.raises(ValueError, match="line 2, is not JSON"):
        read_log(tmp_path)


@pytest.mark.parametrize("before", [signal.SIG_IGN, signal.default_int_handler])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals(number: signal.Signals, before: object) -> None:
    kept = signal.signal(number, before)
    try:
        with loop.interrupts_noted() as interrupted:
            os.kill(os.getpid(), number)
            assert interrupted() == (before is signal.default_int_handler)
            if interrupted():
                with pytest.raises(KeyboardInterrupt):
                    os.kill(os.getpid(), number)
        assert signal.getsignal(number) is before
    finally:
        signal.signal(number, kept)


def test_windows_beyond_the_context(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="windows of 17 tokens are longer than the model's context of 16"):
        train(new_model(), IDS, HELD_OUT, tmp_path, TrainingSettings(**{**SMALL, "length": 17}))


def test_a_finished_run_resumed_does_nothing(tmp_path: Path) -> None:
    train(new_model(), IDS, HELD_OUT, tmp_path, TrainingSettings(**SMALL))
    log = read_log(tmp_path)
    train(new_model(), IDS, HELD_OUT, tmp_path, TrainingSettings(**SMALL), resume=True)
    assert read_log(tmp_path) == log


def test_a_line_of_the_log(tmp_path: Path) -> None:
    train(new_model(), IDS, HELD_OUT, tmp_path, TrainingSettings(**SMALL))
    line = json.loads((tmp_path / "log.jsonl").read_text(encoding="utf-8").splitlines()[0])
    assert list(line) == ["step", "loss", "learning_rate", "gradient_norm", "tokens_per_second"]
