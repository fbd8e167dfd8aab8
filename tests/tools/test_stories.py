"""Stories: what holds for every one of them."""

import hashlib
import re

import pytest
from tools.tiny_ja import world
from tools.tiny_ja.draw import Draw
from tools.tiny_ja.stories import HELD_OUT, IN_TRAINING, LATER, LONGEST, SHORTEST, probes, story
from tools.tiny_ja.stories.teller import Teller

POLITE = re.compile(r"(です|ます|でした|ました|ません|ませんでした|でしょう)$")
SIGNS = re.compile(r"([ぁ-んァ-ンー一-鿿々、。「」！？　]|AI)+")
NAMES = (*world.BOYS, *world.GIRLS, *world.FAMILIES, *world.DOGS, *world.CATS, *world.ROBOTS,
         *(name for _, name in world.BEASTS), "マリア", "リン", "アンナ", "ハンス", "ソフィ", "ラフル", "トム", "ミナ")

SHA = "442a475678e85b2e699006c5e59742ea9af53b1e9d7db2132806ab3352a08229"  # changes whenever a plot does


@pytest.fixture(scope="module")
def texts():
    draw = Draw(1)
    return [story(draw, plots=plots) for plots in (IN_TRAINING, HELD_OUT, LATER) for _ in range(600)]


def told(plot, seed) -> Teller:
    """The plot, told once."""
    teller = Teller(Draw(f"{plot.__name__} {seed}"))
    plot(teller)
    return teller


def test_length_and_signs(texts):
    for text in texts:
        assert text.kind == "story"
        assert SHORTEST <= len(text.text) <= LONGEST
        assert SIGNS.fullmatch(text.text), text.text


def test_quotes_are_closed(texts):
    for text in texts:
        assert re.fullmatch(r"([^「」]|「[^「」]*」)*", text.text), text.text
        assert text.text.endswith(("。", "」"))


@pytest.mark.parametrize("plot", [*IN_TRAINING, *HELD_OUT, *LATER], ids=lambda plot: plot.__name__)
def test_one_style(plot):
    for seed in range(40):
        teller = told(plot, seed)
        outside = re.sub("「[^」]*」", "", teller.text)
        for sentence in filter(None, outside.split("。")):
            assert bool(POLITE.search(sentence)) == teller.polite, sentence


@pytest.mark.parametrize("plot", [*IN_TRAINING, *HELD_OUT, *LATER], ids=lambda plot: plot.__name__)
def test_most_tellings_are_kept(plot):
    lengths = [len(told(plot, seed).text) for seed in range(100)]
    assert sum(SHORTEST <= length <= LONGEST for length in lengths) > 60


def test_cues_are_true(texts):
    for text in texts:
        for place, name in text.cues:
            assert text.text.startswith(name, place)
            assert name in text.text[:place], text.text
            assert any(name.startswith(known) for known in NAMES)


def test_what_leads_to_a_cue_always_leads_to_a_name(texts):
    leads = {re.search(r"[「。]([^「。]*)$", text.text[:place])[1] for text in texts for place, _ in text.cues}
    assert all(lead.endswith("、") for lead in leads)
    for text in texts:
        for found in re.finditer(f"「({'|'.join(leads)})", text.text):
            assert text.text.startswith(NAMES, found.end()), text.text[found.start():]


def test_held_out_plots_stay_out():
    assert len(HELD_OUT) == 6
    assert not {*HELD_OUT, *LATER} & {*IN_TRAINING}
    assert len(IN_TRAINING) >= 36


@pytest.mark.parametrize("plot", [*HELD_OUT, *LATER], ids=lambda plot: plot.__name__)
def test_every_held_out_story_asks_something(plot):
    assert all(told(plot, seed).cues for seed in range(100))


def test_probes():
    found = probes(Draw(2), 50, plots=HELD_OUT)
    assert len(found) == 50
    for probe in found:
        assert len(probe.prompt) <= 380
        assert probe.answer in probe.prompt


def test_a_seed_gives_these_very_texts():
    draw = Draw(3)
    text = "\n".join(story(draw, held_out=bool(number % 2)).text for number in range(20))
    assert hashlib.sha256(text.encode()).hexdigest() == SHA
