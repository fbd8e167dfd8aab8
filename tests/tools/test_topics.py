"""Short pieces: whole, in one style, and parted into train and held out."""

import re

import pytest
from tools.tiny_ja.draw import Draw
from tools.tiny_ja.subjects import AI as AI_AT_WORK
from tools.tiny_ja.subjects import ASIDES, COOKING, GROUP_ENDS, NATURE, SCHOOL, SHARED
from tools.tiny_ja.themes import AI, THEMES
from tools.tiny_ja.topics import BEGINNINGS, LONGEST, OF_AI, OF_OTHERS, SHORTEST, STYLE, topic

SEEDS = range(600)
POLITE = re.compile(r"((?<!冷)ます|ました|ません|ませんでした|です|でした|でしょう|ましょう)か?$")
SUBJECTS = [*AI_AT_WORK, *SCHOOL, *NATURE, *COOKING]


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
    for theme, found in zip([AI, *THEMES], BEGINNINGS, strict=True):
        assert not set(found[False]) & set(found[True])
        every = len([*theme.clauses, *theme.thats, *theme.counted]) * len(theme.points)
        assert len({*found[False], *found[True]}) == every
        assert 0.04 < len(set(found[True])) / every < 0.16
    for table in (OF_AI, OF_OTHERS):
        train, held = ({(subject.name, opening) for subject, some in table[part] for opening in some}
                       for part in (False, True))
        assert not train & held
        assert 0.04 < len(held) / len(train | held) < 0.16


def test_every_subject_and_opening_is_in_train() -> None:
    assert {subject.name for table in (OF_AI, OF_OTHERS) for subject, _ in table[False]} == {s.name for s in SUBJECTS}
    for theme, found in zip([AI, *THEMES], BEGINNINGS, strict=True):
        assert {opening for opening, _ in found[False]} == {*theme.clauses, *theme.thats, *theme.counted}
        assert {first for _, first in found[False]} == set(range(len(theme.points)))
        assert all(max(apart) < len(theme.points) for apart in theme.apart)


def test_people_and_ai_are_in_a_third_and_the_prompt_of_the_readme_among_them() -> None:
    texts = [topic(Draw(seed), held_out=False).text for seed in range(2000)]
    assert sum("AI" in text for text in texts) > len(texts) / 3
    assert sum(text.startswith("人とAIが協調するためには、") for text in texts) > len(texts) / 100


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
    themes = [[t.clauses, t.thats, t.counted, t.points, t.ends, t.intros, t.examples] for t in [AI, *THEMES]]
    for template in strings([told, themes, *ASIDES.values(), *GROUP_ENDS.values(), *SHARED.values()]):
        styled = STYLE.sub(r"\1", template)
        assert not set(styled) & set("[]"), template
        assert not set(re.sub(r"\{[^{}]*/[^{}]*\}", "", styled)) & set("{}/"), template
