"""Scenes in which anybody may speak: who is spoken to is there, and it is never the one who speaks."""

import re

import pytest
from tests.tools.test_meetings import NAME
from tools.tiny_ja.draw import Draw
from tools.tiny_ja.voices import DONE, INDOORS, NIGHT, PLACES, SEEN, SLEEPING, voice

SEEDS = range(600)


def test_every_line_is_said_to_somebody_who_is_there() -> None:
    told = 0
    for seed in SEEDS:
        text = voice(Draw(seed), held_out=False)
        assert text.kind == "voice"
        assert not set("{}[]|<>/") & set(text.text)
        assert "。」" not in text.text
        assert "。。" not in text.text
        there = set(NAME.findall(text.text.split("。")[0]))
        assert 2 <= len(there) <= 3
        for place, name in text.cues:
            assert text.text[place:].startswith(name)
            assert name in there
            before, after = text.text[:place], text.text[place:]
            ends = "(?:言った|言いま|口を開|ほうを向|話しかけ)[^。]*"
            speakers = re.findall(f"({NAME.pattern})は[^。」]*{ends}。「[^「」]*$", before)
            speakers += re.findall(f"^[^「」]*」と?、?({NAME.pattern})は[^。]*言", after)
            assert name not in speakers
            told += len(speakers)
    assert told > len(SEEDS)


def test_the_narration_keeps_its_style() -> None:
    for seed in SEEDS:
        narration = re.sub("「[^「」]*」", "", voice(Draw(seed), held_out=False).text)
        ends = {bool(re.search("(?:ました|でした|です|ません)$", sentence)) for sentence in narration.split("。")[:-1]}
        assert len(ends) == 1


def test_the_night_comes_last() -> None:
    nights = [voice(Draw(seed), held_out=False).text for seed in SEEDS]
    nights = [text for text in nights if "夜がふけて" in text]
    assert len(nights) > 3
    for text in nights:
        assert text.split("夜がふけて")[1].count("「") <= 2


@pytest.mark.parametrize("scene", [*DONE, *SEEN, *INDOORS, NIGHT], ids=lambda scene: scene[0][:8])
def test_every_scene_says_a_name_plainly_and_politely(scene: tuple[str, bool, str, str]) -> None:
    happens, glad, plain, polite = scene
    assert isinstance(glad, bool)
    assert plain.count("{!y+}") == polite.count("{!y+}") == 1
    assert "{x}" in happens or "{y}" in happens or scene in SEEN
    assert re.search("です|ます|ください|ました|なさい", polite)


def test_of_three_it_is_said_who_is_spoken_to() -> None:
    """What has happened since the last words, or the turn to somebody, names who is spoken to."""
    found = 0
    for seed in SEEDS:
        text = voice(Draw(seed), held_out=False)
        there = set(NAME.findall(text.text.split("。")[0]))
        end = 0
        for place, name in text.cues if len(there) == 3 else []:
            assert name in text.text[end:place], text.text
            end, found = place + len(name), found + 1
    assert found > 200


def test_what_needs_a_roof_or_a_bed_has_one() -> None:
    for seed in SEEDS:
        text = voice(Draw(seed), held_out=False).text
        first = text.split("。")[0]
        if any(place in first for place in PLACES[False]):
            assert not re.search("いす|まど|戸を|戸の|ざぶとん|毛布を肩", text), text
        if "夜がふけて" in text:
            assert any(place in first for place in SLEEPING)


def test_nobody_laughs_and_says_sorry() -> None:
    for seed in SEEDS:
        text = voice(Draw(seed), held_out=False).text
        assert not re.search("(?:笑いながら|手をたたいて|目を細めて|明るい声で)[^「」。]*。「ごめん", text), text
        assert not re.search("いすを一つ[^「]*「[^」]*おなかが", text), text


def test_a_seed_gives_always_the_same() -> None:
    assert voice(Draw(1), held_out=False) == voice(Draw(1), held_out=False) != voice(Draw(2), held_out=False)


def test_none_is_held_out() -> None:
    assert voice(Draw(1), held_out=False) == voice(Draw(1), held_out=True)
