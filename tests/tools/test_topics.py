"""Short pieces: whole, in one style, and parted into train and held out."""

import re

import pytest
from tools.tiny_ja.draw import Draw
from tools.tiny_ja.subjects import AI, ASIDES, COOKING, GROUP_ENDS, NATURE, POINTS, SCHOOL, SHARED
from tools.tiny_ja.topics import (
    BEGINNINGS,
    LONGEST,
    OF_AI,
    OF_OTHERS,
    OPENINGS,
    SHORTEST,
    STYLE,
    held_out_opening,
    topic,
)

SEEDS = range(600)
POLITE = re.compile(r"(ます|ました|ません|ませんでした|です|でした|でしょう|ましょう)か?$")
SUBJECTS = [*AI, *SCHOOL, *NATURE, *COOKING]


def sentences(text: str) -> list[str]:
    """The sentences, without what is said in them."""
    return [sentence for sentence in re.sub("「[^」]*」", "", text).split("。") if sentence]


@pytest.mark.parametrize("held_out", [False, True])
def test_a_piece_is_whole_and_of_its_length(held_out: bool) -> None:
    for seed in SEEDS:
        piece = topic(Draw(seed), held_out=held_out)
        assert piece.kind == "topic"
        assert SHORTEST <= len(piece.text) <= LONGEST
        assert piece.text.endswith("。")
        assert not set(piece.text) & set("[]{}<>/\n "), piece.text
        assert "。。" not in piece.text
        assert "、、" not in piece.text
        assert piece.text.count("「") == piece.text.count("」")


@pytest.mark.parametrize("held_out", [False, True])
def test_polite_and_plain_are_kept_apart(held_out: bool) -> None:
    for seed in SEEDS:
        text = topic(Draw(seed), held_out=held_out).text
        assert len({bool(POLITE.search(sentence)) for sentence in sentences(text)}) == 1, text


def test_the_same_seed_gives_the_same_piece() -> None:
    assert [topic(Draw(s), held_out=False) for s in SEEDS] == [topic(Draw(s), held_out=False) for s in SEEDS]


def test_train_and_held_out_share_no_beginning() -> None:
    assert not set(BEGINNINGS[False]) & set(BEGINNINGS[True])
    assert len(set(BEGINNINGS[False]) | set(BEGINNINGS[True])) == len(OPENINGS) * len(POINTS)
    for table in (OF_AI, OF_OTHERS):
        train, held = ({(subject.name, opening) for subject, some in table[part] for opening in some}
                       for part in (False, True))
        assert not train & held
        assert 0.04 < len(held) / len(train | held) < 0.16


def test_every_subject_and_opening_is_in_train() -> None:
    assert {subject.name for table in (OF_AI, OF_OTHERS) for subject, _ in table[False]} == {s.name for s in SUBJECTS}
    assert {opening for opening, _ in BEGINNINGS[False]} == set(range(len(OPENINGS)))
    assert {first for _, first in BEGINNINGS[False]} == set(range(len(POINTS)))
    assert any(held_out_opening(first, 0) for first in range(len(POINTS)))


def test_a_piece_says_nothing_twice() -> None:
    for seed in SEEDS:
        found = sentences(topic(Draw(seed), held_out=False).text)
        assert len(found) == len(set(found))


def test_every_template_is_well_formed() -> None:
    def strings(found: object) -> list[str]:
        if isinstance(found, str):
            return [found]
        return [text for one in found for text in strings(one)]  # type: ignore[attr-defined]

    told = [[s.openings, [getattr(step, "sentences", step) for step in s.steps], s.ends] for s in SUBJECTS]
    for template in strings([told, POINTS, OPENINGS, *ASIDES.values(), *GROUP_ENDS.values(), *SHARED.values()]):
        styled = STYLE.sub(r"\1", template)
        assert not set(styled) & set("[]"), template
        assert not set(re.sub(r"\{[^{}]*/[^{}]*\}", "", styled)) & set("{}/"), template
