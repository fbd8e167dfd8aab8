"""Training beside torch eager with transformers: the same model, batch and optimiser, tokens a second and memory.

    python -m benchmarks.training [--rounds 7]      # needs torch and transformers

Each side runs in a process of its own, with all cores: ours in two threads, each a part of the batch, with a BLAS of
one thread; torch with its own threads. They take turns, a step of each; a ratio is that of the medians.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from typing import IO, Any

MODEL = {"vocab_size": 2000, "hidden_size": 192, "num_hidden_layers": 4, "num_attention_heads": 6,
         "max_position_embeddings": 256, "attention_dropout": 0.0}
BATCH, LENGTH = 16, 256
SETTINGS = {"learning_rate": 1e-3, "weight_decay": 0.1, "beta1": 0.9, "beta2": 0.95}


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
    settings = TrainingSettings(**SETTINGS, batch_size=BATCH, length=LENGTH, parts=threads, threads=threads)
    run = Run(model, parameters(model.weights), AdamW(0.9, 0.95, 1e-8, 0.1), settings, Path(os.devnull), "")
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
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, betas=(0.9, 0.95), weight_decay=0.1)
    ids = torch.randint(0, 2000, (BATCH, LENGTH))

    def step() -> None:
        optimizer.zero_grad(set_to_none=True)
        model(input_ids=ids, labels=ids, use_cache=False).loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    return step


def serve(side: str, threads: int) -> None:
    """A line in, one step, a line out: seconds, and the anonymous memory that the steps need beside the libraries."""
    def anonymous() -> int:
        with open("/proc/self/status", encoding="ascii") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("RssAnon:"))

    step = {"ours": ours, "theirs": theirs}[side](threads)
    before, most = anonymous(), 0
    print("ready", flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        step()
        seconds = time.perf_counter() - start
        with open("/proc/self/status", encoding="ascii") as file:
            peak = next(int(line.split()[1]) for line in file if line.startswith("VmHWM:"))
        most = max(most, peak)
        print(json.dumps({"seconds": seconds, "anonymous": anonymous() - before, "peak": most}), flush=True)


def start(side: str, threads: int) -> "subprocess.Popen[str]":
    environment = {**os.environ, **({"OPENBLAS_NUM_THREADS": "1"} if side == "ours" else {})}
    process = subprocess.Popen([sys.executable, "-m", "benchmarks.training", "--serve", side, "--threads", str(threads)],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
    assert process.stdout is not None
    while process.stdout.readline().strip() != "ready":
        assert process.poll() is None, f"{side} did not start"
    return process


def ask(process: "subprocess.Popen[str]") -> dict[str, float]:
    stdin, stdout = process.stdin, process.stdout
    assert isinstance(stdin, IO) or stdin is not None
    assert stdout is not None
    stdin.write("\n")
    stdin.flush()
    answer: dict[str, float] = json.loads(stdout.readline())
    return answer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
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
              f"{tokens / min(seconds):,.0f})   peak {got[-1]['peak'] / 1024:,.0f} MB in all")
    print(f"ours / theirs: {medians['theirs'] / medians['ours']:.2f} times the tokens/s, "
          f"{answers['ours'][-1]['peak'] / answers['theirs'][-1]['peak']:.2f} times the memory")


if __name__ == "__main__":
    main()
