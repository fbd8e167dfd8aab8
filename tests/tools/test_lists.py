"""Lists: repeated exactly, and parted by their first two items."""

import hashlib
import re
from collections import Counter

import pytest
from tools.tiny_ja.draw import Draw
from tools.tiny_ja.lists import AGAIN, NAMES, WORDS, held_out_pair, list_probes, list_text, number

SEEDS = range(1500)
PROBES_SHA = "02c3411bf0e12c811be92f1be01e12ded6ce492e91809212421721e15ada20f1"


def lists(text: str, cues: list[tuple[int, str]]) -> list[str]:
    """The lists of a text, each found again after AGAIN."""
    for place, answer in cues:
        assert text[:place].endswith(AGAIN)
        assert text[place:].startswith(answer)
        assert text[:place].removesuffix(AGAIN).removesuffix("\n").endswith(answer.lstrip("\n"))
    return [answer.lstrip("\n") for _, answer in cues]


def items(shown: str) -> list[str]:
    """The items of a list."""
    assert shown.endswith("。")
    for between in "、・\n":
        if between in shown:
            return shown[:-1].split(between)
    raise AssertionError(shown)


@pytest.mark.parametrize("held_out", [False, True])
def test_lists_are_repeated_and_of_their_part(held_out: bool) -> None:
    for seed in SEEDS:
        text = list_text(Draw(seed), held_out=held_out)
        assert text.text.count(AGAIN) == len(text.cues)
        assert 2 <= len(text.cues) <= 6
        rest = text.text
        for shown in lists(text.text, text.cues):
            found = items(shown)
            assert 3 <= len(found) <= 7
            assert len(set(found)) == len(found)
            assert held_out_pair(*found[:2]) == held_out
            rest = rest.replace(shown, "")
        assert not rest.replace(AGAIN, "").strip()


def test_probes_are_held_out() -> None:
    for probe in list_probes(Draw(0), 300):
        (shown,) = lists(probe.prompt + probe.answer, [(len(probe.prompt), probe.answer)])
        assert held_out_pair(*items(shown)[:2])


def test_the_probes_ask_what_they_always_asked() -> None:
    """Whatever training shows: or shares of different models could not be compared."""
    text = "\n".join(probe.prompt + probe.answer for probe in list_probes(Draw("lists"), 300))
    assert hashlib.sha256(text.encode()).hexdigest() == PROBES_SHA


def test_training_has_more_of_what_is_hard() -> None:
    """Long numbers and nonsense, beside the probes."""
    def share(texts: list[str]) -> float:
        found = [item for text in texts for shown in re.findall(f"{AGAIN}\n?([^。]*。)", text) for item in items(shown)]
        return sum(bool(re.fullmatch("[0-9]{3,4}", item)) for item in found) / len(found)
    training = share([list_text(Draw(seed), held_out=False).text for seed in SEEDS])
    asked = share([probe.prompt + probe.answer for probe in list_probes(Draw("lists"), 300)])
    assert training > 3 * asked > 0
    lengths = Counter(len(number(Draw(seed))) for seed in range(2000))
    assert lengths.most_common(1)[0][0] == 3
    assert lengths[4] > 300


def test_one_pair_in_ten_is_held_out_and_every_name_has_one() -> None:
    assert 0.09 < sum(held_out_pair(a, b) for a in WORDS for b in WORDS) / len(WORDS) ** 2 < 0.11
    names = [name + ending for name in NAMES for ending in ("", "さん")]
    for first in names:  # or drawing a second name would never end
        assert len({held_out_pair(first, second) for second in names if second != first}) == 2


def test_no_item_holds_a_mark_of_the_lists() -> None:
    assert len(WORDS) >= 300
    assert not set("".join(WORDS)) & set("、・。:\n ")


def test_the_same_seed_gives_the_same_text() -> None:
    assert [list_text(Draw(s), held_out=False) for s in SEEDS] == [list_text(Draw(s), held_out=False) for s in SEEDS]
