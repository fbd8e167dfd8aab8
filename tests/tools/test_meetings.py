"""Meetings: names where they belong, the tone between two people, and what is held out."""

import re

import pytest
from tools.tiny_ja.draw import Draw
from tools.tiny_ja.meetings import BEGINNINGS, ENDS, FIRST, PLACES, SCENES, held_out_scene, meeting
from tools.tiny_ja.world import BEASTS, BOYS, FAMILIES, GIRLS, ROBOTS

SEEDS = range(400)
POLITE = re.compile("です|ます|ません|ください|でした|ました|でしょう|なさい、|お気をつけて|それではまた|さようなら|"
                    "ましょう|もらえますか|こんにちは|はい、")
OTHERS = sorted([*BOYS, *GIRLS, *ROBOTS, *(name for _, name in BEASTS)], key=len, reverse=True)
NAME = re.compile(f"(?:{'|'.join(FAMILIES)})(?:さん|先生)|(?:{'|'.join(OTHERS)})")


@pytest.mark.parametrize("held_out", [False, True])
def test_every_line_is_said_to_somebody_who_is_there(held_out: bool) -> None:
    for seed in SEEDS:
        text = meeting(Draw(seed), held_out=held_out)
        assert text.kind == "meeting"
        assert 60 <= len(text.text) <= 450
        assert not set("{}[]|<>/") & set(text.text)
        assert "。」" not in text.text
        assert "  " not in text.text
        lines = re.findall(f"「([^「」]*)」と?、?({NAME.pattern})は", text.text)
        assert len(lines) == text.text.count("「") == text.text.count("」") == len(text.cues)
        there = set(NAME.findall(re.split("会|合わせ", text.text)[0]))
        for (place, name), (line, speaker) in zip(text.cues, lines, strict=True):
            assert text.text[place:].startswith(name)
            assert name in line
            assert name != speaker
            assert {name, speaker} <= there
        for said, answered in zip(lines[::2], lines[1::2], strict=True):  # one speaks, the other answers
            assert answered[1] in said[0]
            assert said[1] in answered[0]


def test_the_tone_between_two() -> None:
    """To a child nobody is polite; to grown-ups all or none, and mostly all."""
    polite = 0
    for seed in SEEDS:
        text = meeting(Draw(seed), held_out=False)
        lines = re.findall("「([^「」]*)」", text.text)
        to_grown_ups = [line for line in lines if any(family in line for family in FAMILIES)]
        for line in set(lines) - set(to_grown_ups):
            assert not re.search("です|ます|ません|ください", line), line
        all_polite = all(POLITE.search(line) for line in to_grown_ups)
        assert all_polite or not any(re.search("です|ます|ません|ください", line) for line in to_grown_ups), lines
        polite += all_polite
    assert len(SEEDS) * 0.7 < polite < len(SEEDS) * 0.95


def test_the_narration_keeps_its_style() -> None:
    for seed in SEEDS:
        narration = re.sub("「[^「」]*」", "", meeting(Draw(seed), held_out=False).text)
        ends = {bool(re.search("(?:ました|でした|です|ません)$", sentence)) for sentence in narration.split("。")[:-1]}
        assert len(ends) == 1


def test_what_is_held_out() -> None:
    shown, kept = ({(place, scene[0]) for place, scene in FIRST[held_out]} for held_out in (False, True))
    assert not shown & kept
    assert len(shown | kept) == len(PLACES) * len(BEGINNINGS)
    assert {scene for _, scene in shown} == {scene[0] for scene in BEGINNINGS}
    assert len(kept) == sum(held_out_scene(place, scene) for place in range(len(PLACES))
                            for scene in range(len(BEGINNINGS)))
    assert {place for place, _ in shown} == set(PLACES)
    assert not set(ENDS) & set(SCENES)
