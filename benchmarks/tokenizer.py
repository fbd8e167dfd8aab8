"""The tokenizer beside Hugging Face's, with the 32k vocabulary: one run, medians, spread, ratios.

    NEOXJA_SHARED=FOLDER python -m benchmarks.tokenizer      # needs transformers; FOLDER/vocab32k

Both do the same work in turn; a row's ratio is that of the medians. Seconds belong to the machine,
ratios travel.
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


def seconds(work: Callable[[], object], rounds: int) -> list[float]:
    """The time of each of some rounds, after one that is not counted."""
    work()
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return times


def row(name: str, unit: str, amount: int, ours: list[float], theirs: list[float]) -> str:
    """Median rate and spread of both, and their ratio."""
    def shown(times: list[float]) -> str:
        middle = amount / statistics.median(times)
        return f"{middle:12,.0f} ({amount / max(times):,.0f} to {amount / min(times):,.0f})"

    ratio = statistics.median(theirs) / statistics.median(ours)
    return f"{name:28} {ratio:6.1f} x   ours {shown(ours)}   theirs {shown(theirs)}   {unit}"


def main() -> None:
    logging.set_verbosity_error()
    files = str(SHARED / "vocab.txt"), str(SHARED / "emoji.json")
    ours, theirs = GPTNeoXJapaneseTokenizer(*files), HuggingFaceTokenizer(*files)
    text = japanese(400_000)
    prompts = [sentence[:14] for sentence in SENTENCES] * 20
    ids = ours.encode(text)
    assert ids == theirs.encode(text)

    print(row("encode 400,000 characters", "characters/s", len(text),
              seconds(lambda: ours.encode(text), 7), seconds(lambda: theirs.encode(text), 3)))
    print(row("encode 14-character prompts", "prompts/s", len(prompts),
              seconds(lambda: [ours.encode(p) for p in prompts], 7),
              seconds(lambda: [theirs.encode(p) for p in prompts], 7)))
    print(row("decode", "tokens/s", len(ids),
              seconds(lambda: ours.decode(ids), 7), seconds(lambda: theirs.decode(ids), 7)))

    previous = None
    for characters in (1_250_000, 2_500_000, 5_000_000, 10_000_000):
        long = (text * (characters // len(text) + 1))[:characters]
        took = statistics.median(seconds(partial(ours.encode, long), 3))
        growth = "" if previous is None else f", {took / previous:.2f} times the half"
        print(f"encode {characters:11,} characters: {took:.2f} s{growth}")
        previous = took
    tracemalloc.start()
    ours.encode(long)
    peak = tracemalloc.get_traced_memory()[1] / len(long)
    print(f"peak memory a character, of {len(long):,}: {peak:.0f} bytes")


if __name__ == "__main__":
    main()
