"""Stories: a plot, people to live it, and one of many ways to tell it."""

from collections.abc import Callable, Sequence

from tools.tiny_ja.draw import Draw, Probe, Text
from tools.tiny_ja.stories import animals, home, later, machines, outdoors, school
from tools.tiny_ja.stories.teller import Teller

SHORTEST, LONGEST = 150, 400
LONGEST_PROMPT = 380
HELD_OUT = (  # whole plots that training never sees
    animals.swallow_nest, outdoors.kite_in_tree, outdoors.letter_in_bottle, outdoors.train_journey,
    machines.robot_library, home.power_cut,
)
LATER = (later.lost_tooth, later.night_bus, later.wrong_lunch)  # held out as well, and written last
IN_TRAINING = tuple(
    plot
    for module in (school, home, animals, outdoors, machines)
    for plot in vars(module).values()
    if getattr(plot, "__module__", "") == module.__name__ and callable(plot) and not plot.__name__.startswith("_")
    if plot not in HELD_OUT
)


def story(draw: Draw, *, held_out: bool = False, plots: Sequence[Callable[[Teller], None]] | None = None) -> Text:
    """A story; the rare one that is too short or too long is thrown away, and costs nothing."""
    while True:
        bits = draw.bits
        told = Teller(draw)
        draw.one(plots if plots is not None else HELD_OUT if held_out else IN_TRAINING)(told)
        text = told.text
        if SHORTEST <= len(text) <= LONGEST:
            return Text("story", text, told.cues)
        draw.bits = bits


def probes(draw: Draw, count: int, *, plots: Sequence[Callable[[Teller], None]]) -> list[Probe]:
    """A question from each of `count` stories: who is spoken to?"""
    found: list[Probe] = []
    while len(found) < count:
        told = story(draw, plots=plots)
        cues = [cue for cue in told.cues if cue[0] <= LONGEST_PROMPT]
        if cues:
            place, name = draw.one(cues)
            found.append(Probe(told.text[:place], name))
    return found
