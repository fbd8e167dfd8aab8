"""Sums: true, and parted by their pairs of summands in every form."""

import re

import pytest
from tools.tiny_ja.draw import Draw
from tools.tiny_ja.sums import DIGITS, KANJI, held_out_pair, kanji, kanji_probes, sum_probes, sum_text

SEEDS = range(1500)
NUMBER = {kanji(number): number for number in range(1, 100)}
NUMERAL = "([一二三四五六七八九十]+)"
ADDING = [rf"{NUMERAL}足す{NUMERAL}は{NUMERAL}", rf"{NUMERAL}に{NUMERAL}を足すと{NUMERAL}になります",
          rf"{NUMERAL}足す{NUMERAL}はいくつですか。{NUMERAL}です"]
TAKING = [rf"{NUMERAL}引く{NUMERAL}は{NUMERAL}", rf"{NUMERAL}から{NUMERAL}を引くと{NUMERAL}になります",
          rf"{NUMERAL}引く{NUMERAL}はいくつですか。{NUMERAL}です"]


def found(text: str) -> list[tuple[int, int, int]]:
    """All sums of a text as (summand, summand, sum)."""
    sums = [(int(a), int(b), int(c)) for a, b, c in re.findall(r"(?<!\d)(\d+)\+(\d+)=(\d+)", text)]
    sums += [(int(b), int(c), int(a)) for a, b, c in re.findall(r"(?<!\d)(\d+)-(\d+)=(\d+)", text)]
    for pattern in ADDING:
        sums += [(NUMBER[a], NUMBER[b], NUMBER[c]) for a, b, c in re.findall(pattern, text)]
    for pattern in TAKING:
        sums += [(NUMBER[b], NUMBER[c], NUMBER[a]) for a, b, c in re.findall(pattern, text)]
    if not sums:  # word problems
        for line in text.split("\n"):
            a, b, c = (int(number) for number in re.findall(r"\d+", line))
            sums.append((a, b, c) if a < c else (b, c, a))
    return sums


@pytest.mark.parametrize("held_out", [False, True])
def test_every_sum_is_true_and_of_its_part(held_out: bool) -> None:
    for seed in SEEDS:
        text = sum_text(Draw(seed), held_out=held_out).text
        sums = found(text)
        assert len(sums) >= 2
        for a, b, c in sums:
            assert a + b == c, text
            assert held_out_pair(a, b) == held_out, text


def test_a_text_holds_as_many_sums_as_it_shows() -> None:
    for seed in SEEDS:
        text = sum_text(Draw(seed), held_out=False)
        assert len(found(text.text)) == len(text.cues)


def test_word_problems_with_their_sum_say_the_same_numbers() -> None:
    for seed in SEEDS:
        for line in sum_text(Draw(seed), held_out=False).text.split("\n"):
            if "式は" in line:
                story, sum_ = line.split("式は")
                first, second, answer, said = re.findall(r"\d+", sum_)
                assert re.findall(r"\d+", story) == [first, second]
                assert answer == said


def test_a_pair_is_held_out_in_both_orders_and_one_in_ten() -> None:
    pairs = [(a, b) for a in range(DIGITS + 1) for b in range(DIGITS + 1)]
    assert all(held_out_pair(a, b) == held_out_pair(b, a) for a, b in pairs)
    assert 0.08 < sum(held_out_pair(a, b) for a, b in pairs) / len(pairs) < 0.12
    for carries in (False, True):
        some = [pair for pair in pairs if (pair[0] % 10 + pair[1] % 10 > 9) == carries]
        assert 0.08 < sum(held_out_pair(*pair) for pair in some) / len(some) < 0.12
    for digit in range(10):
        some = [pair for pair in pairs if pair[0] % 10 == digit]
        assert 0.07 < sum(held_out_pair(*pair) for pair in some) / len(some) < 0.13


def test_kanji_numerals() -> None:
    table = {1: "一", 9: "九", 10: "十", 11: "十一", 19: "十九", 20: "二十", 21: "二十一", 40: "四十", 99: "九十九"}
    assert {number: kanji(number) for number in table} == table


def test_probes_ask_every_held_out_pair_once_and_show_train_only() -> None:
    for probes, low, high in [(sum_probes(), 0, DIGITS), (kanji_probes(), 1, KANJI)]:
        numbers = range(low, high + 1)
        held = {(a, b) for a in numbers for b in numbers if held_out_pair(a, b)}
        asked = set()
        for probe in probes:
            *shown, last = found(probe.prompt + probe.answer)
            assert last[0] + last[1] == last[2]
            assert len(shown) == 3
            assert all(a + b == c and not held_out_pair(a, b) for a, b, c in shown)
            asked.add(last[:2])
        assert asked == held
        assert len(probes) == len(held)


@pytest.mark.parametrize("held_out", [False, True])
def test_cues_stand_where_the_answers_are(held_out: bool) -> None:
    for seed in SEEDS:
        text = sum_text(Draw(seed), held_out=held_out)
        assert all(text.text.startswith(answer, place) for place, answer in text.cues)


def test_the_same_seed_gives_the_same_text() -> None:
    assert [sum_text(Draw(s), held_out=False) for s in SEEDS] == [sum_text(Draw(s), held_out=False) for s in SEEDS]
