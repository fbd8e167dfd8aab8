"""Choices: as likely as they should be, and each costs its bits."""

import math
from collections import Counter
from itertools import islice

import pytest
from tools.tiny_ja.corpus import KINDS, LISTS, texts
from tools.tiny_ja.draw import Draw
from tools.tiny_ja.lists import items


@pytest.mark.parametrize(("choose", "bits"), [
    (lambda draw: draw.number(3, 10), 3.0), (lambda draw: draw.number(5, 5), 0.0), (lambda draw: draw.one("abcd"), 2.0),
    (lambda draw: draw.some("abcd", 3), math.log2(24)), (lambda draw: draw.some("ab", 0), 0.0),
    (lambda draw: draw.weighted([(2, "a"), (2, "b")]), 1.0)])
def test_even_choices_cost_what_they_are_worth(choose: object, bits: float) -> None:
    draw = Draw(0)
    choose(draw)
    assert draw.bits == pytest.approx(bits)


def test_rare_choices_cost_more() -> None:
    """The mean cost is the entropy, and each is as frequent as it says."""
    entropy = -(0.25 * math.log2(0.25) + 0.75 * math.log2(0.75))
    for choose in (lambda draw: draw.chance(0.25), lambda draw: draw.weighted([(1, True), (3, False)])):
        draw = Draw("rare")
        found = Counter(choose(draw) for _ in range(20_000))
        assert found[True] == pytest.approx(5000, rel=0.05)
        assert draw.bits / 20_000 == pytest.approx(entropy, rel=0.02)
        one = Draw("one")
        assert one.bits + (2.0 if choose(one) else math.log2(4 / 3)) == pytest.approx(one.bits)


def test_what_is_thrown_away_costs_nothing() -> None:
    """Nine in ten second items of a held-out list are."""
    bits = {held_out: sum(cost(seed, held_out) for seed in range(300)) for held_out in (False, True)}
    assert bits[True] == pytest.approx(bits[False], rel=0.03)


def cost(seed: int, held_out: bool) -> float:
    draw = Draw(seed)
    items(draw, held_out=held_out)
    return draw.bits


def test_texts() -> None:
    """Each split has its own, always the same; every kind comes as often as it should."""
    first, again, other = ([text.text for text, _ in islice(texts(split), 300)] for split in ("a", "a", "b"))
    assert first == again
    assert len(set(first) & set(other)) <= 3
    kinds = Counter(text.kind for text, _ in islice(texts("a"), 3000))
    for weight, make in KINDS:
        kind = {"story": "story", "meeting": "meeting", "topic": "topic", "question": "question", "sum_text": "sum",
                "list_text": "list", "event_story": "events", "voice": "voice"}[make.__name__]
        assert kinds[kind] == pytest.approx(3000 * weight / sum(each for each, _ in KINDS), rel=0.2)
    characters = Counter()
    for text, _ in islice(texts("a"), 3000):
        characters[text.kind] += len(text.text)
    for kind, share in {"events": 0.3, "story": 0.15, "meeting": 0.05, "voice": 0.08, "topic": 0.04, "question": 0.05,
                        "sum": 0.13, "list": 0.2}.items():
        assert characters[kind] / characters.total() == pytest.approx(share, rel=0.15)
    assert {text.kind for text, _ in islice(texts("a", kinds=LISTS), 50)} == {"list"}
