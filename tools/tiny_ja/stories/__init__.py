"""Stories: a plot, people to live it, and one of many ways to tell it."""

from tools.tiny_ja.draw import Draw, Probe, Text
from tools.tiny_ja.stories import animals, home, machines, outdoors, school
from tools.tiny_ja.stories.teller import Teller

SHORTEST, LONGEST = 150, 400
LONGEST_PROMPT = 380
HELD_OUT = (  # whole plots that training never sees
    animals.swallow_nest, outdoors.kite_in_tree, outdoors.letter_in_bottle, outdoors.train_journey,
    machines.robot_library, home.power_cut,
)
IN_TRAINING = tuple(
    plot
    for module in (school, home, animals, outdoors, machines)
    for plot in vars(module).values()
    if getattr(plot, "__module__", "") == module.__name__ and callable(plot) and not plot.__name__.startswith("_")
    if plot not in HELD_OUT
)


def story(draw: Draw, *, held_out: bool) -> Text:
    """A story; the rare one that is too short or too long is thrown away, and costs nothing."""
    while True:
        bits = draw.bits
        told = Teller(draw)
        draw.one(HELD_OUT if held_out else IN_TRAINING)(told)
        text = told.text
        if SHORTEST <= len(text) <= LONGEST:
            return Text("story", text, told.cues)
        draw.bits = bits


def probes(draw: Draw, count: int, *, held_out: bool) -> list[Probe]:
    """A question from each of `count` stories: who is spoken to?"""
    found: list[Probe] = []
    while len(found) < count:
        told = story(draw, held_out=held_out)
        cues = [cue for cue in told.cues if cue[0] <= LONGEST_PROMPT]
        if cues:
            place, name = draw.one(cues)
            found.append(Probe(told.text[:place], name))
    return found
