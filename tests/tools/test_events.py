"""Stories put together from events: what holds for every one, and what training never shows."""

import hashlib
import re
from collections import Counter
from dataclasses import replace
from itertools import islice, pairwise

import pytest
from tests.tools.test_stories import NAMES, POLITE, SIGNS
from tools.tiny_ja import world
from tools.tiny_ja.corpus import texts as corpus_texts
from tools.tiny_ja.draw import Draw
from tools.tiny_ja.stories import LONGEST, SHORTEST, events
from tools.tiny_ja.stories.events import (
    Plot,
    event_probes,
    event_story,
    held_out_succession,
    plots,
    spoken,
    terms,
    words,
)
from tools.tiny_ja.stories.happenings import CLOSINGS, EVENTS, LINGERING, OPEN
from tools.tiny_ja.stories.teller import Teller, parsed

SHA = "a269cefbd7d7a68474b0017769086c9071b136e0649f4fa2ace53628abe655d3"  # changes whenever an event does
SAYS = "は[^。」]*(?:言った|言いました|聞いた|聞きました|たずねた|たずねました)。"


@pytest.fixture(scope="module")
def made() -> dict[bool, list[Plot]]:
    return {held_out: [*islice(plots(Draw(1), held_out=held_out), 700)] for held_out in (False, True)}


@pytest.fixture(scope="module")
def every(made: dict[bool, list[Plot]]) -> list[Plot]:
    return [plot for part in made.values() for plot in part]


def test_length_signs_and_quotes(every: list[Plot]) -> None:
    for plot in every:
        text = plot.told.text
        assert SHORTEST <= len(text) <= LONGEST
        assert SIGNS.fullmatch(text), text
        assert re.fullmatch(r"([^「」]|「[^「」]*」)*", text), text
        assert text.endswith(("。", "」"))
        assert not re.search("。」|。。|、、|^[、。]|「、", text), text


def test_one_style(every: list[Plot]) -> None:
    for plot in every:
        for sentence in filter(None, re.sub("「[^」]*」", "", plot.told.text).split("。")):
            assert bool(POLITE.search(sentence)) == plot.told.polite, sentence


def test_cues_are_true(every: list[Plot]) -> None:
    """The name follows, was said before, and is that of somebody who is there, or of the pet."""
    for plot in every:
        text, slots = plot.told.text, plot.told.slots
        assert len(plot.told.cues) >= 2
        there = {slots[key] for key in plot.scene.people} | ({slots["p"]} if "pet" in plot.facts else set())
        for place, name in plot.told.cues:
            assert text.startswith(name, place)
            assert name in text[:place], text
            assert name in there


def test_nobody_speaks_to_himself(every: list[Plot]) -> None:
    found = 0
    for plot in every:
        text = plot.told.text
        for place, name in plot.told.cues:
            start = text.rindex("「", 0, place)
            before = re.search(f"(?:^|[。」])([^。」]*?){SAYS}$", text[:start])
            after = re.match(f"[^」]*」と、?([^。」]*?){SAYS}", text[start:])
            speakers = [match[1] for match in (before, after) if match]
            assert name not in speakers, text[start - 40:start + 60]
            found += len(speakers)
    assert found > 2 * len(every)


def test_of_three_it_is_said_who_is_spoken_to(every: list[Plot]) -> None:
    three = [plot for plot in every if "three" in plot.facts]
    assert len(three) > 100
    for plot in three:
        starts, names = [start for _, start in plot.starts], [plot.told.slots[key] for key in plot.scene.people]
        for place, name in plot.told.cues:
            start = max(start for start in starts if start <= place)
            all_there = all(each in plot.told.text[:start] for each in names)
            all_there &= not {"missing", "errand"} & {*dict(plot.starts)}  # or one was away
            assert name in plot.told.text[start:place] or not all_there, plot.told.text


def test_what_leads_to_a_cue_always_leads_to_a_name() -> None:
    """In the whole corpus, but for lists and sums: no text says 「ありがとう、 and then something else."""
    names = (*NAMES, *world.FAMILY)
    found = [text for text, _ in islice(corpus_texts("leads"), 6000) if text.kind not in ("list", "sum")]
    leads = {re.search(r"[「。]([^「。]*)$", text.text[:place])[1]
             for text in found if text.kind in ("events", "voice", "meeting", "story") for place, _ in text.cues}
    assert len(leads) > 300
    assert all(lead.endswith("、") for lead in leads)
    begins = re.compile(f"「({'|'.join(map(re.escape, sorted(leads, key=len, reverse=True)))})")
    for text in found:
        for match in begins.finditer(text.text):
            assert text.text.startswith(names, match.end()), text.text[match.start():match.start() + 40]


def test_held_out_successions_stay_out(made: dict[bool, list[Plot]]) -> None:
    for held_out, part in made.items():
        for plot in part:
            names = [name for name, _ in plot.starts[:-1]]
            assert any(held_out_succession(*pair) for pair in pairwise(names)) == held_out
    everything = [held_out_succession(one.name, other.name) for one in EVENTS for other in EVENTS]
    assert 0.08 < sum(everything) / len(everything) < 0.12


def test_every_event_happens_in_training_and_few_stories_are_alike(made: dict[bool, list[Plot]]) -> None:
    more = [*made[False], *islice(plots(Draw("more"), held_out=False), 1500)]
    happened = Counter(name for plot in more for name, _ in plot.starts)
    assert {event.name for event in (*EVENTS, *CLOSINGS)} <= happened.keys()
    assert len({tuple(name for name, _ in plot.starts) for plot in more}) > 0.75 * len(more)
    assert all(3 <= len(plot.starts) - 1 <= 10 for plot in more)


def test_both_of_two_can_do_everything_that_both_can() -> None:
    """Who speaks follows from the event, not from who was named first."""
    first = Counter()
    for plot in islice(plots(Draw("roles"), held_out=False), 600):
        _, name = plot.told.cues[0]
        first[name == plot.told.slots["a"]] += 1
    assert 0.35 < first[True] / sum(first.values()) < 0.65


def test_what_is_begun_comes_to_its_end(every: list[Plot]) -> None:
    for plot in every:
        assert not plot.open_matters()
        assert not plot.silent


def test_no_rain_under_a_roof_and_nothing_that_the_place_forbids(every: list[Plot]) -> None:
    for plot in every:
        if "indoors" in plot.facts:
            assert not re.search("雨が|かさを|ぼうしが|転んで|夕日", plot.told.text), plot.told.text
        else:
            assert not re.search("窓|いすから|カーテン|引き出し|まくら", plot.told.text), plot.told.text
        assert "雨" in plot.told.text or "しずく" not in plot.told.text, plot.told.text


def test_names_of_facts_are_known() -> None:
    """What an event needs, another event or the scene brings about; what is open, some event closes."""
    given = words("outdoors indoors town water sea nature wood hill walk home kitchen garden school spring summer "
                  "autumn winter day evening night fine cloudy wind snow "
                  "young old living robot three away pet dog kin wild")
    changes = [change for event in EVENTS for change in terms(event.changes)]
    brought = given | {change.split()[0] for change in changes if not change.startswith("-")}
    closed = {change[1:].split()[0] for change in changes if change.startswith("-")}
    for event in (*EVENTS, *CLOSINGS):
        for need in terms(event.needs):
            for fact in need.removeprefix("-").split("|"):
                assert fact.split()[0] in brought, (event.name, fact)
    assert OPEN & brought >= LINGERING
    assert OPEN & brought <= closed
    assert closed >= OPEN


@pytest.mark.parametrize("event", [*EVENTS, *CLOSINGS], ids=lambda event: event.name)
def test_an_event_is_told_in_several_ways_in_every_tone(event: events.Event) -> None:
    """And nothing of the language is left in what is told; the polite tone is another one."""
    told = set()
    for tones in ("", "x", "y", "z", "xyz"):
        for seed in range(30):
            t = Teller(Draw(seed))
            t.slots |= {key + end: key.upper() for key in "xyzp" for end in ("", "+", ".full")}
            t.slots |= dict.fromkeys((key for each in EVENTS for key in each.put), "もの") | {"both": "二人"}
            for keys, options in event.put.items():
                t.put(keys, options)
            t.tell(spoken(event.ways, tones))
            assert not set("{}[]|<>/()〔〕『』") & set(t.text), t.text
            told.add(t.text)
    assert len(told) >= 3
    assert len(EVENTS) >= 60


def test_tone_and_speaker() -> None:
    line = spoken("x glad: (ありがとう/ありがとうございます)、{!y+}。〔うん/はい〕『よし/よろしい』", "y")
    assert "ありがとうございます" in line
    assert "はい" not in line
    assert "よろしい" not in line
    assert len(parsed(line)[0]) >= 3  # the ways of naming the speaker
    assert line.count("{x}は") == 3
    assert "「[ありがとう]" in spoken("x? (ありがとう/ありがとうございます)、{!y+}", "x")


def test_a_story_goes_on_with_what_is_open() -> None:
    """Somebody hungry is fed before anything else, but a third may come."""
    plot = next(plot for plot in map(Plot, map(Draw, range(100))) if {"away c", "living b"} <= plot.facts)
    plot.facts.add("hungry b")
    names = {event.name for _, (event, _) in plot.options(any_succession=True, ending=False)}
    assert {"share_food", "arrives"} <= names <= {"share_food", "arrives", "brings_food", "buys_food"}
    (event,) = [event for event in EVENTS if event.name == "share_food"]
    assert {roles[1] for roles in plot.castings(event)} == {"b"}
    assert not plot.castings(replace(event, needs=event.needs + ", -hungry y"))


def test_probes() -> None:
    found = event_probes(Draw(2), 40)
    assert len(found) == 40
    for probe in found:
        assert len(probe.prompt) <= 380
        assert probe.answer in probe.prompt


def test_a_seed_gives_these_very_texts() -> None:
    draw = Draw(3)
    text = "\n".join(event_story(draw, held_out=bool(number % 2)).text for number in range(20))
    assert hashlib.sha256(text.encode()).hexdigest() == SHA
