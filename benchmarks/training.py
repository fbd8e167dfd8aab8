"""Training beside torch eager with transformers: the same model, batches and optimiser; tokens a second and memory.

    python -m benchmarks.training [--rounds 15] [--threads 2]      # on Linux; needs torch and transformers

Each side runs in a process of its own: ours in threads, each with two parts of the batch in turn and a BLAS of one
thread; torch with as many threads of its own. They take turns, a step of each; a ratio is that of the medians. Memory
is the most that a process ever had in use (VmHWM), less what it had when its libraries were imported.
"""

import argparse
import importlib
import json
import os
import statistics
import subprocess
import sys
import time
from typing import Any

MODEL = {"vocab_size": 2000, "hidden_size": 192, "num_hidden_layers": 4, "num_attention_heads": 6,
         "max_position_embeddings": 256, "attention_dropout": 0.0}
BATCH, LENGTH = 16, 256
SETTINGS = {"learning_rate": 1e-3, "weight_decay": 0.1, "beta1": 0.9, "beta2": 0.95}
LIBRARIES = {"ours": ["neoxja_np.training.loop"], "theirs": [
    "torch", "transformers.models.gpt_neox_japanese.modeling_gpt_neox_japanese"]}


def ours(threads: int) -> Any:
    """A function that makes one step."""
    from concurrent.futures import ThreadPoolExecutor
    from pathlib import Path

    import numpy as np

    from neoxja_np import GPTNeoXJapaneseConfig, GPTNeoXJapaneseForCausalLM
    from neoxja_np.training.adamw import AdamW, parameters
    from neoxja_np.training.loop import Run, train_step
    from neoxja_np.training.settings import TrainingSettings
    from neoxja_np.weights import initial_weights

    config = GPTNeoXJapaneseConfig(**MODEL)
    model = GPTNeoXJapaneseForCausalLM(config, initial_weights(config, rng=np.random.default_rng(0), dtype="float32"))
    settings = TrainingSettings(**SETTINGS, batch_size=BATCH, length=LENGTH, parts=2 * threads, threads=threads)
    run = Run(model, parameters(model.weights), AdamW(0.9, 0.95, 1e-8, 0.1), settings, Path(os.devnull), {})
    run.note = lambda **record: None  # type: ignore[method-assign]
    ids = np.random.default_rng(1).integers(0, 2000, 100_000).astype(np.uint16)
    pool = ThreadPoolExecutor(threads)
    return lambda: train_step(run, ids, pool)


def theirs(threads: int) -> Any:
    """A function that makes one step."""
    import torch
    from transformers import GPTNeoXJapaneseConfig, GPTNeoXJapaneseForCausalLM

    torch.set_num_threads(threads)
    model = GPTNeoXJapaneseForCausalLM(GPTNeoXJapaneseConfig(**MODEL)).train()
    decayed = [{"params": [each for each in model.parameters() if (each.ndim > 1) == matrices], "weight_decay": decay}
               for matrices, decay in ((True, 0.1), (False, 0.0))]
    optimizer = torch.optim.AdamW(decayed, lr=1e-3, betas=(0.9, 0.95))

    def step() -> None:
        ids = torch.randint(0, 2000, (BATCH, LENGTH))
        optimizer.zero_grad(set_to_none=True)
        model(input_ids=ids, labels=ids, use_cache=False).loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    return step


def kilobytes(name: str) -> int:
    """VmRSS or VmHWM of this process."""
    with open("/proc/self/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(name))


def serve(side: str, threads: int) -> None:
    """A line in, one step, a line out: seconds, and kilobytes at most beside the libraries."""
    for library in LIBRARIES[side]:
        importlib.import_module(library)
    before = kilobytes("VmRSS")
    step = {"ours": ours, "theirs": theirs}[side](threads)
    print("ready", flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        step()
        seconds = time.perf_counter() - start
        print(json.dumps({"seconds": seconds, "kilobytes": kilobytes("VmHWM") - before}), flush=True)


def start(side: str, threads: int) -> "subprocess.Popen[str]":
    environment = {**os.environ, **({"OPENBLAS_NUM_THREADS": "1"} if side == "ours" else {})}
    process = subprocess.Popen([sys.executable, "-m", "benchmarks.training", "--serve", side, "--threads", str(threads)],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
    assert process.stdout is not None
    while process.stdout.readline().strip() != "ready":
        assert process.poll() is None, f"{side} did not start"
    return process


def ask(process: "subprocess.Popen[str]") -> dict[str, float]:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("\n")
    process.stdin.flush()
    answer: dict[str, float] = json.loads(process.stdout.readline())
    return answer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--threads", type=int, default=2, help="a number that divides the batch of 16")
    parser.add_argument("--serve", choices=["ours", "theirs"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options.serve, options.threads)
        return
    processes = {side: start(side, options.threads) for side in ("ours", "theirs")}
    answers: dict[str, list[dict[str, float]]] = {side: [] for side in processes}
    for number in range(options.rounds + 2):
        for side, process in processes.items():
            answer = ask(process)
            if number >= 2:
                answers[side].append(answer)
    for process in processes.values():
        assert process.stdin is not None
        process.stdin.close()
        process.wait()
    tokens = BATCH * LENGTH
    medians = {}
    for side, got in answers.items():
        seconds = [each["seconds"] for each in got]
        medians[side] = statistics.median(seconds)
        print(f"{side:7} {tokens / medians[side]:7,.0f} tokens/s ({tokens / max(seconds):,.0f} to "
              f"{tokens / min(seconds):,.0f}), {got[-1]['kilobytes'] / 1024:,.0f} MB")
    print(f"ours / theirs: {medians['theirs'] / medians['ours']:.2f} times the tokens/s, "
          f"{answers['ours'][-1]['kilobytes'] / answers['theirs'][-1]['kilobytes']:.2f} times the memory")


if __name__ == "__main__":
    main()
