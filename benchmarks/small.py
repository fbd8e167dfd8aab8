"""Small models beside transformers: generate(), and a command from its start to the first token.

    python -m benchmarks.small

Both sides have the same weights and prompt and take turns, each in a process of its own; medians of all rounds, in brackets the slowest
and the fastest. The command: tiny-ja says one token, the start of Python included; theirs is the shortest script that does the same.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

SIZES = {  # vocab_size, hidden_size, num_hidden_layers, num_attention_heads
    "hidden 256, 4 layers": (2000, 256, 4, 4), "hidden 768, 12 layers": (32000, 768, 12, 12)}
NEW = 64  # tokens
SCRIPT = """
import sys
from transformers import GPTNeoXJapaneseForCausalLM, GPTNeoXJapaneseTokenizer
model = GPTNeoXJapaneseForCausalLM.from_pretrained(sys.argv[1])
tokenizer = GPTNeoXJapaneseTokenizer.from_pretrained(sys.argv[1])
ids = tokenizer("昔々", return_tensors="pt").input_ids
print(tokenizer.decode(model.generate(ids, max_new_tokens=1, pad_token_id=0)[0]))
"""


def make_folders(home: Path) -> None:
    """A folder with random weights for each size."""
    from neoxja_np import GPTNeoXJapaneseConfig, GPTNeoXJapaneseForCausalLM
    from neoxja_np.weights import initial_weights

    for name, (vocabulary, hidden, layers, heads) in SIZES.items():
        config = GPTNeoXJapaneseConfig(
            vocab_size=vocabulary, hidden_size=hidden, num_hidden_layers=layers, num_attention_heads=heads,
            bos_token_id=None, eos_token_id=None)
        weights = initial_weights(config, rng=np.random.default_rng(0), dtype="float32")
        GPTNeoXJapaneseForCausalLM(config, weights).save_pretrained(home / name)


def ours(folder: Path) -> Callable[[], np.ndarray]:
    from neoxja_np import GPTNeoXJapaneseForCausalLM

    model = GPTNeoXJapaneseForCausalLM.from_pretrained(folder)
    ids = np.arange(1, 17)[None]
    return lambda: model.generate(ids, max_new_tokens=NEW, do_sample=False)


def theirs(folder: Path) -> Callable[[], np.ndarray]:
    import torch
    import transformers

    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    torch.set_num_threads(os.cpu_count() or 1)
    model = transformers.GPTNeoXJapaneseForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    ids = torch.arange(1, 17)[None]
    return lambda: model.generate(ids, max_new_tokens=NEW, do_sample=False, pad_token_id=0).numpy()


def serve(side: str, home: Path) -> None:
    """Answers each name of a size with the seconds of one generate(), and what it said."""
    runs = {name: {"ours": ours, "theirs": theirs}[side](home / name) for name in SIZES}
    for run in runs.values():
        run()
    print("ready", flush=True)
    for line in sys.stdin:
        start = time.perf_counter()
        said = runs[line.strip()]()
        print(json.dumps([time.perf_counter() - start, said.tolist()]), flush=True)


def command_seconds(command: list[str]) -> float:
    """A process from its start until the first bytes that it prints after the prompt."""
    start = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        said = b""
        while len(said) <= len("昔々".encode()) and (piece := os.read(process.stdout.fileno(), 1000)):
            said += piece
        elapsed = time.perf_counter() - start
        process.stdout.read()
    assert process.returncode == 0, command
    return elapsed


def row(what: str, times: dict[str, list[float]], per: int = 1) -> str:
    """Both sides, and by how many times ours is faster."""
    parts = [f"{side} {per / statistics.median(each):8.1f} tokens/s ({per / max(each):.1f} to {per / min(each):.1f})"
             if per > 1 else f"{side} {statistics.median(each):.3f} s ({min(each):.3f} to {max(each):.3f})"
             for side, each in times.items()]
    ratio = statistics.median(times["theirs"]) / statistics.median(times["ours"])
    return f"{what:22} {', '.join(parts)}, {ratio:.2f} times"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--serve", choices=["ours", "theirs"], help=argparse.SUPPRESS)
    parser.add_argument("--home", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options.serve, options.home)
        return
    with tempfile.TemporaryDirectory() as folder:
        make_folders(Path(folder))
        times = measure(Path(folder), options.rounds)
    for name, sides in times.items():
        print(row(name, sides, per=NEW))
    tiny = str(Path(__file__).parents[1] / "weights" / "tiny-ja")
    commands = {"ours": [sys.executable, "-m", "neoxja_np", "generate", "昔々", "--max-new-tokens", "1"],
                "theirs": [sys.executable, "-c", SCRIPT, tiny]}
    starts: dict[str, list[float]] = {side: [] for side in commands}
    for number in range(options.rounds + 1):
        for side, command in commands.items():
            seconds = command_seconds(command)
            if number:  # the first round reads the files
                starts[side].append(seconds)
    print(row("first token of tiny-ja", starts))


def measure(home: Path, rounds: int) -> dict[str, dict[str, list[float]]]:
    """Seconds of generate(), by size and side; both must say the same."""
    processes = {side: subprocess.Popen(
        [sys.executable, "-m", "benchmarks.small", "--serve", side, "--home", str(home)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for side in ("ours", "theirs")}
    for process in processes.values():
        assert process.stdout.readline().strip() == "ready"
    times: dict[str, dict[str, list[float]]] = {name: {side: [] for side in processes} for name in SIZES}
    for _ in range(rounds):
        for name in SIZES:
            said = []
            for side, process in processes.items():
                process.stdin.write(name + "\n")
                process.stdin.flush()
                seconds, tokens = json.loads(process.stdout.readline())
                times[name][side].append(seconds)
                said.append(tokens)
            assert said[0] == said[1], "the two sides say different things"
    for process in processes.values():
        process.stdin.close()
        process.wait()
    return times


if __name__ == "__main__":
    main()
