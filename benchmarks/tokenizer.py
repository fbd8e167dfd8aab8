"""The tokenizer beside Hugging Face's, with the 32k vocabulary: one run, medians, spread, ratios.

    NEOXJA_SHARED=FOLDER python -m benchmarks.tokenizer      # needs transformers; FOLDER/vocab32k

Both do the same work in turn; a row's ratio is that of the medians; times for twice the text are the fastest of
nine. Seconds belong to the machine, ratios travel.
"""

import os
import random
import statistics
import time
import tracemalloc
from collections.abc import Callable
from functools import partial
from pathlib import Path

from transformers import GPTNeoXJapaneseTokenizer as HuggingFaceTokenizer
from transformers import logging

from neoxja_np import GPTNeoXJapaneseTokenizer

ROOT = Path(__file__).resolve().parents[1]
SHARED = Path(os.environ.get("NEOXJA_SHARED", ROOT.parent / "shared")) / "vocab32k"
SENTENCES = """
今日は朝から雨が降っていたので、駅まで歩かずにバスで行くことにした。
うちの猫は名前を呼んでも返事をしないが、缶詰を開ける音には必ず振り向く。
人とAIが協調するためには、互いの得意なことと不得意なことを知る必要があります。
「ただいま」と言うと、奥の部屋から「おかえり」と声がした。
2024年の調査によると、回答者の約63.5%が「毎日料理をする」と答えた。
京都の秋は紅葉が美しく、世界中から観光客が訪れます😀
データを集め、仮説を立て、実験で確かめる。科学はその繰り返しです。
長い坂を下りると海が見え、港には小さな船が三そう並んで揺れていた。
卵を二つ割り、砂糖と牛乳を加えて、よく混ぜてから弱火にかけます。
この関数は配列を受け取り、各行の平均を返す。引数が空ならエラーになる。
""".strip().split("\n")


def japanese(characters: int) -> str:
    """Sentences in a seeded order, a paragraph of five to a line."""
    rng, parts = random.Random(0), []
    while sum(map(len, parts)) < characters:
        parts.append("".join(rng.choices(SENTENCES, k=5)) + "\n")
    return "".join(parts)[:characters]


def seconds(*works: Callable[[], object], rounds: int) -> list[list[float]]:
    """Of each work, its time in each of some rounds, in which they take turns; one more, first, is not counted.

    The processor's time for this process, so that what else the machine does is left out; all of it is one thread.
    """
    times: list[list[float]] = [[] for _ in works]
    for number in range(rounds + 1):
        for work, into in zip(works, times, strict=True):
            start = time.process_time()
            work()
            if number:
                into.append(time.process_time() - start)
    return times


def row(name: str, unit: str, amount: int, ours: Callable[[], object], theirs: Callable[[], object]) -> str:
    """Median rate and spread of both, and their ratio."""
    def shown(times: list[float]) -> str:
        middle = amount / statistics.median(times)
        return f"{middle:12,.0f} ({amount / max(times):,.0f} to {amount / min(times):,.0f})"

    mine, others = seconds(ours, theirs, rounds=7)
    ratio = statistics.median(others) / statistics.median(mine)
    return f"{name:28} {ratio:6.1f} x   ours {shown(mine)}   theirs {shown(others)}   {unit}"


def main() -> None:
    logging.set_verbosity_error()
    files = str(SHARED / "vocab.txt"), str(SHARED / "emoji.json")
    ours, theirs = GPTNeoXJapaneseTokenizer(*files), HuggingFaceTokenizer(*files)
    text = japanese(400_000)
    prompts = [sentence[:14] for sentence in SENTENCES] * 20
    ids = ours.encode(text)
    assert ids == theirs.encode(text)

    print(row("encode 400,000 characters", "characters/s", len(text),
              lambda: ours.encode(text), lambda: theirs.encode(text)))
    print(row("encode 14-character prompts", "prompts/s", len(prompts),
              lambda: [ours.encode(p) for p in prompts], lambda: [theirs.encode(p) for p in prompts]))
    print(row("decode", "tokens/s", len(ids), lambda: ours.decode(ids), lambda: theirs.decode(ids)))

    sizes = (1_250_000, 2_500_000, 5_000_000, 10_000_000)
    long = (text * (sizes[-1] // len(text) + 1))[:sizes[-1]]
    took = [min(times) for times in seconds(*(partial(ours.encode, long[:size]) for size in sizes), rounds=9)]
    for size, time_taken, half in zip(sizes, took, [None, *took], strict=False):
        growth = "" if half is None else f", {time_taken / half:.2f} times the half"
        print(f"encode {size:11,} characters: {time_taken:.2f} s{growth}")
    tracemalloc.start()
    ours.encode(long)
    peak = tracemalloc.get_traced_memory()[1] / len(long)
    print(f"peak memory a character, of {len(long):,}: {peak:.0f} bytes")


if __name__ == "__main__":
    main()
