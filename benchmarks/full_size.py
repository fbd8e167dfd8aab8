"""The 2.7B model's size, beside transformers on the same folder: load, prefill, decode, memory.

    python -m benchmarks.full_size            # half an hour; 24 GB of memory, 11 GB of disk; Linux

The weights are random, for the times do not depend on them. They are made once, in build/full-size: float16, as the published
file has them, and the same in bfloat16. The two sides take turns, each in a process of its own, for both do not fit into memory.
Times are medians of all rounds (in brackets the fastest and the slowest), memory is the highest that a round saw. Two floors say
what must be paid at least. For a token: every matrix read once, in one product with a vector. For a load to float32: as much
memory from the system, one byte written in each page, by a thread for each core. Before it loads, each side takes as much memory
and gives it back: on a virtual machine, what was not used for a while must be got from the host first, which can take longer
than all the rest.
"""

import argparse
import importlib
import json
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(__file__).parents[1] / "build" / "full-size"
KINDS = {"F16": FOLDER / "float16", "BF16": FOLDER / "bfloat16"}
SIZES = {"vocab_size": 32000, "hidden_size": 2560, "num_hidden_layers": 32, "num_attention_heads": 32,
         "tie_word_embeddings": False, "bos_token_id": None, "eos_token_id": None}
SIDES = {  # which folder, then how it is loaded
    "ours float32": ("F16", {}), "ours at rest, float16": ("F16", {"weights_dtype": "stored"}),
    "ours at rest, bfloat16": ("BF16", {"weights_dtype": "stored"}),
    "theirs float32": ("F16", {"dtype": "float32"}), "theirs bfloat16": ("F16", {"dtype": "bfloat16"})}
NEW = 16  # tokens that are timed in a round


def make_folders() -> None:
    """Random weights of the full size on disk, a tensor at a time, unless they are there."""
    from neoxja_np import GPTNeoXJapaneseConfig
    from neoxja_np.checkpoint.safetensors_file import Outgoing, write_tensors
    from neoxja_np.convert import convert
    from neoxja_np.weights import shapes
    from neoxja_np.writing import write_files, write_json

    config = GPTNeoXJapaneseConfig(**SIZES)
    rng = np.random.default_rng(0)

    def numbers(name: str, shape: tuple[int, ...]) -> Iterator[np.ndarray]:
        mean = float(name.endswith("norm.weight"))
        yield (mean + 0.02 * rng.standard_normal(shape, dtype=np.float32)).astype(np.float16)

    if not (KINDS["F16"] / "config.json").is_file():
        tensors = {name: Outgoing("F16", shape, lambda name=name, shape=shape: numbers(name, shape))
                   for name, shape in shapes(config).items()}
        about = {**config.to_dict(), "architectures": ["GPTNeoXJapaneseForCausalLM"], "dtype": "float16"}
        write_files(KINDS["F16"], {"model.safetensors": lambda path: write_tensors(tensors, path),
                                   "config.json": lambda path: write_json(path, about)})
    if not (KINDS["BF16"] / "config.json").is_file():
        convert(KINDS["F16"], KINDS["BF16"], dtype="bfloat16")


# ---- memory ----


def memory(field: str) -> float:
    """A field of this process's memory, such as RssAnon or VmHWM, in GB."""
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024 / 1e9
    raise RuntimeError(f"this system does not say {field}")


class Peak:
    """The highest anonymous memory while a block runs, looked at every 5 ms."""

    def __enter__(self) -> "Peak":
        self.gigabytes, self.running = memory("RssAnon"), True
        self.thread = threading.Thread(target=self.watch)
        self.thread.start()
        return self

    def watch(self) -> None:
        while self.running:
            self.gigabytes = max(self.gigabytes, memory("RssAnon"))
            time.sleep(0.005)

    def __exit__(self, *_: object) -> None:
        self.running = False
        self.thread.join()


# ---- one side, in a process of its own ----


def seconds(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


class Ours:
    def __init__(self, folder: Path, options: dict[str, Any]) -> None:
        from neoxja_np import GPTNeoXJapaneseForCausalLM

        self.model = GPTNeoXJapaneseForCausalLM.from_pretrained(folder, **options)

    def steps(self, ids: np.ndarray, new: int) -> list[float]:
        """Seconds until the first new token, then until each of the others."""
        times, self.said = [time.perf_counter()], []
        for tokens in self.model.stream(ids, max_new_tokens=new, do_sample=False):
            times.append(time.perf_counter())
            self.said.append(tokens.tolist())
        return np.diff(times).tolist()

    def floor(self) -> float:
        """Every matrix read once."""
        from neoxja_np.weights import flatten

        matrices = [array for name, array in flatten(self.model.weights).items()
                    if array.ndim == 2 and "embed_in" not in name]
        vectors = {size: np.ones(size, np.float32) for size in {array.shape[1] for array in matrices}}
        return seconds(lambda: [array @ vectors[array.shape[1]] for array in matrices])


class Theirs:
    def __init__(self, folder: Path, options: dict[str, Any]) -> None:
        import torch
        import transformers

        transformers.logging.set_verbosity_error()
        transformers.logging.disable_progress_bar()
        torch.set_num_threads(os.cpu_count() or 1)
        self.torch = torch
        self.model = transformers.GPTNeoXJapaneseForCausalLM.from_pretrained(
            folder, dtype=getattr(torch, options["dtype"])).eval()

    def steps(self, ids: np.ndarray, new: int) -> list[float]:
        times, self.said, cache, inputs = [time.perf_counter()], [], None, self.torch.tensor(ids)
        with self.torch.inference_mode():
            for _ in range(new):
                out = self.model(inputs, past_key_values=cache, use_cache=True, logits_to_keep=1)
                cache, inputs = out.past_key_values, out.logits[:, -1:].argmax(-1)
                times.append(time.perf_counter())
                self.said.append(inputs[:, 0].tolist())
        return np.diff(times).tolist()


def warm(kind: str) -> None:
    """This folder's file in the file cache, the other's not: the same start for all, whatever ran before."""
    for each, folder in KINDS.items():
        with (folder / "model.safetensors").open("rb") as file:
            if each != kind:
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
                continue
            while file.read(1 << 24):
                pass


def take_memory(size: int) -> None:
    """Memory of that size, in parts as large as a matrix, and a byte written in each page; then given back."""
    parts = [np.empty(1 << 26, np.uint8) for _ in range(size >> 26)]
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        list(threads.map(lambda part: part[::4096].fill(1), parts))


def serve(name: str, load_only: bool) -> None:
    """One round of one side; its figures as JSON."""
    kind, options = SIDES[name]
    if name.startswith("theirs"):
        importlib.import_module("transformers")  # which is not loading
    size = 2 * (KINDS[kind] / "model.safetensors").stat().st_size
    take_memory(size)
    warm(kind)
    figures: dict[str, Any] = {}
    if name == "ours float32":
        figures["floor of load"] = [seconds(lambda: take_memory(size))]
    Path("/proc/self/clear_refs").write_text("5", "utf-8")  # the peak of what follows
    with Peak() as peak:
        start = time.perf_counter()
        side = (Ours if name.startswith("ours") else Theirs)(KINDS[kind], options)
        figures["load"] = [time.perf_counter() - start]
    figures["load, GB anonymous"] = peak.gigabytes
    if load_only:
        print(json.dumps({"said": [], "figures": figures}))
        return
    weights = memory("RssAnon")
    rng = np.random.default_rng(1)
    prompt = rng.integers(0, SIZES["vocab_size"], (4, 2048))
    side.steps(prompt[:1, :4], 2)  # warm
    figures["decode"] = side.steps(prompt[:1, :16], 1 + NEW)[1:]
    said = side.said
    if name in ("ours float32", "theirs float32"):
        figures["decode, batch of 4"] = side.steps(prompt[:, :16], 1 + NEW)[1:]
        figures["prefill, 1024"] = side.steps(prompt[:1, :1024], 1)
    if "at rest" not in name:
        figures["prefill, 128"] = side.steps(prompt[:1, :128], 1) + side.steps(prompt[1:2, :128], 1)
    if name == "ours float32":
        figures["floor"] = [side.floor() for _ in range(NEW)]
        with Peak() as peak:
            side.steps(prompt[:1, :2047], 1)
        figures["prefill of 2047, GB above the weights"] = peak.gigabytes - weights
    figures["peak, GB with mapped files"] = memory("VmHWM")
    print(json.dumps({"said": said, "figures": figures}))


# ---- all of them ----


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sides", nargs="+", default=list(SIDES), choices=list(SIDES), metavar="SIDE")
    parser.add_argument("--serve", choices=list(SIDES), help=argparse.SUPPRESS)
    parser.add_argument("--load-only", action="store_true", help="loading, and nothing after it")
    options = parser.parse_args()
    if options.serve:
        serve(options.serve, options.load_only)
        return
    make_folders()
    table: dict[str, dict[str, list[float]]] = {}
    said: dict[str, list[list[int]]] = {}
    for number in range(options.rounds):
        for side in options.sides:
            print(f"round {number + 1}: {side}", file=sys.stderr)
            done = subprocess.run([sys.executable, "-m", "benchmarks.full_size", "--serve", side,
                                   *(["--load-only"] if options.load_only else [])],
                                  check=True, stdout=subprocess.PIPE, text=True)
            answer = json.loads(done.stdout.splitlines()[-1])
            said[side] = answer["said"]
            for what, figure in answer["figures"].items():
                table.setdefault(what, {}).setdefault(side, []).extend(
                    figure if isinstance(figure, list) else [figure])
    for what, sides in table.items():
        print(f"\n{what}")
        for side, figures in sides.items():
            if "GB" in what:
                print(f"  {side:24} {max(figures):7.2f} GB")
            else:
                print(f"  {side:24} {statistics.median(figures):7.3f} s ({min(figures):.3f} to {max(figures):.3f})")
    if options.load_only:
        return
    first, *others = said
    print(f"\nthe same tokens as {first}")
    for side in others:
        same = [one == other for one, other in zip(said[first], said[side], strict=True)]
        print(f"  {side:24} {sum(same):3} of {len(same)}")


if __name__ == "__main__":
    main()
