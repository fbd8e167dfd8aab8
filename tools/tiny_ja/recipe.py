"""Makes weights/tiny-ja, step by step: `make tiny-ja`. What is there already is not made again.

    python -m tools.tiny_ja.recipe [--work build/tiny-ja]

Corpus, vocabulary and ids, then the training of neoxja_np.training, in two threads; then the best weights as fp16, with
what belongs to them. A corpus that other code wrote is refused. A run that was stopped goes on from its last checkpoint.
"""

import argparse
import json
import os
import shutil
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from neoxja_np import GPTNeoXJapaneseConfig, GPTNeoXJapaneseForCausalLM, GPTNeoXJapaneseTokenizer
from neoxja_np.checkpoint.safetensors_file import write_tensors
from neoxja_np.tokenizer.corpus import encode_corpus
from neoxja_np.tokenizer.learn import learn_rows, save_vocabulary
from neoxja_np.training.checkpoints import newest_checkpoint
from neoxja_np.training.loop import CHECKPOINTS, LOG, read_log, train
from neoxja_np.training.settings import TrainingSettings
from neoxja_np.weights import PREFIX, flatten, initial_weights
from neoxja_np.writing import write_json
from tools.tiny_ja.corpus import KINDS, LISTS, write_corpus

ROOT = Path(__file__).resolve().parents[2]
TARGET = ROOT / "weights" / "tiny-ja"
WORK = ROOT / "build" / "tiny-ja"
ROWS = 2000
SEEN = "seen"            # new texts of the plots, successions and pairs that training has: they choose the best weights
TEXTS = {"lists": (7_000_000, LISTS), "corpus": (52_000_000, KINDS), SEEN: (300_000, KINDS)}
EVALUATED = 64_000       # of their tokens
SEED = 20261125
THIN = 20                # steps of the log that become one line
COMPARED = 100_000       # characters of a corpus that must be what this code writes
CONFIG = {"vocab_size": ROWS, "hidden_size": 192, "num_hidden_layers": 4, "num_attention_heads": 6,
          "max_position_embeddings": 320, "attention_dropout": 0.0, "tie_word_embeddings": True}
CORPUS = TrainingSettings(
    steps=15_200, batch_size=8, length=320, at_texts=True, parts=4, threads=2, learning_rate=2e-3, warmup_steps=200, final_rate=0.02,
    weight_decay=0.1, evaluate_every=500, save_every=250, seed=SEED)
# First lists alone: who meets them only now and then, between stories, learns to copy much later.
STAGES = {"lists": replace(CORPUS, steps=3500, batch_size=4, parts=2, final_rate=0.5), "corpus": CORPUS}


def make_corpus(work: Path) -> None:
    """A text file for each stage to train on, and one to look at."""
    for name, (characters, kinds) in TEXTS.items():
        path, part = work / f"{name}.txt", work / f"{name}.part"
        if not path.exists():
            write_corpus(part, characters, name, kinds=kinds)
            part.rename(path)
        write_corpus(part, COMPARED, name, kinds=kinds)
        if path.read_bytes()[:part.stat().st_size] != part.read_bytes():
            raise SystemExit(f"{path} was written by other code: remove {work}, and train anew")
        part.unlink()


def make_tokenizer(work: Path) -> GPTNeoXJapaneseTokenizer:
    """The vocabulary of the corpus."""
    folder = work / "vocabulary"
    if not folder.exists():
        with (work / "corpus.txt").open(encoding="utf-8", newline="") as lines:
            save_vocabulary(folder, learn_rows(lines, ROWS))
    return GPTNeoXJapaneseTokenizer.from_pretrained(folder)


def make_ids(work: Path, tokenizer: GPTNeoXJapaneseTokenizer) -> dict[str, np.ndarray]:
    """The ids of each text file, as memory maps."""
    for name in TEXTS:
        if not (work / f"{name}.npy").exists():
            encode_corpus([work / f"{name}.txt"], work / f"{name}.npy", tokenizer)
    return {name: np.load(work / f"{name}.npy", mmap_mode="r") for name in TEXTS}


def make_weights(work: Path, tokenizer: GPTNeoXJapaneseTokenizer) -> None:
    """The training, a stage after the other: each goes on from the last weights of the one before."""
    if os.environ.get("OPENBLAS_NUM_THREADS") != "1":
        print("set OPENBLAS_NUM_THREADS=1: the two threads of training are faster then")
    config = GPTNeoXJapaneseConfig.from_dict({
        **CONFIG, "bos_token_id": tokenizer.bos_token_id, "eos_token_id": tokenizer.eos_token_id})
    model = GPTNeoXJapaneseForCausalLM(
        config, initial_weights(config, rng=np.random.default_rng(SEED), dtype="float32"))
    ids = make_ids(work, tokenizer)
    for name, settings in STAGES.items():
        run = work / "runs" / name
        train(model, ids[name], ids[SEEN][:EVALUATED], run, settings,
              resume=newest_checkpoint(run / CHECKPOINTS) is not None)


def make_folder(work: Path, target: Path) -> None:
    """The best weights of the last stage as fp16, and all that belongs to them."""
    logs = {name: read_log(work / "runs" / name) for name in STAGES}
    model = GPTNeoXJapaneseForCausalLM.from_pretrained(work / "runs" / [*STAGES][-1])
    target.mkdir(parents=True, exist_ok=True)
    tensors = flatten(model.weights)
    assert tensors.pop("embed_out.weight") is tensors[PREFIX + "embed_in.weight"]
    halves = {name: array.astype(np.float16) for name, array in tensors.items()}
    assert all(np.isfinite(array).all() for array in halves.values())
    write_tensors(halves, target / "model.safetensors")
    write_json(target / "config.json", {
        **model.config.to_dict(), "architectures": ["GPTNeoXJapaneseForCausalLM"], "dtype": "float16"})
    write_json(target / "generation_config.json", model.generation_config.to_dict())
    for name in ("vocab.txt", "emoji.json", "tokenizer_config.json"):
        shutil.copy(work / "vocabulary" / name, target / name)
    (target / LOG).write_text("".join(json.dumps(record) + "\n" for record in thinned(logs["corpus"])), "utf-8")
    write_json(target / "training.json", {
        "settings": {name: asdict(settings) for name, settings in STAGES.items()},
        "seconds": round(sum(seconds(logs[name], settings) for name, settings in STAGES.items()))})


def seconds(log: list[dict[str, Any]], settings: TrainingSettings) -> float:
    """How long the steps of a run take, at the median speed of its own: other work on the machine does not count."""
    speeds = [record["tokens_per_second"] for record in log if "loss" in record]
    return settings.steps * settings.batch_size * settings.length / float(np.median(speeds))


def thinned(log: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Every evaluation, and of the steps the mean of each THIN."""
    steps = [record for record in log if "loss" in record]
    means = [{"step": part[-1]["step"], "mean_of": len(part)} | {name: float(f"{np.mean([record[name] for record in part]):.6g}")
                                           for name in ("loss", "learning_rate", "gradient_norm", "tokens_per_second")}
             for part in (steps[start:start + THIN] for start in range(0, len(steps), THIN))]
    evaluations = [record for record in log if "held_out_loss" in record]
    return sorted([*means, *evaluations], key=lambda record: record["step"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, default=WORK, help="where corpus and run are kept")
    parser.add_argument("--target", type=Path, default=TARGET, help="the model folder")
    options = parser.parse_args()
    work: Path = options.work
    work.mkdir(parents=True, exist_ok=True)
    make_corpus(work)
    tokenizer = make_tokenizer(work)
    make_weights(work, tokenizer)
    make_folder(work, options.target)
    print(json.dumps({path.name: path.stat().st_size for path in sorted(options.target.iterdir())}, indent=2))


if __name__ == "__main__":
    main()
