"""Short pieces that explain: people and AI, school, nature, cooking, and what matters in a child's day.

What they say is in themes.py (points) and subjects.py (told in order). In their templates [ます/る] is the
polite and the plain form, {a/b} one of several, <x> a word of the piece. Held out are combinations: of an
opening and the subject, or of an opening and the point that comes first.
"""

import re
from functools import cache

from tools.tiny_ja.draw import Draw, Text
from tools.tiny_ja.subjects import AI as AI_AT_WORK
from tools.tiny_ja.subjects import ASIDES, COOKING, GROUP_ENDS, NATURE, OTHERWISE, SCHOOL, SHARED, Some, Subject
from tools.tiny_ja.themes import (
    AI,
    COUNT_NAMES,
    COUNTS,
    FIRST_FRAMES,
    FOR_EXAMPLE,
    FRAMES,
    LAST,
    MIDDLE,
    THAT,
    THEMES,
    Theme,
)

SHORTEST, LONGEST = 120, 350
STYLE = re.compile(r"\[([^\[\]/]*)/([^\[\]/]*)\]")
CHOICE = re.compile(r"\{([^{}]*)\}")
PHRASES = re.compile(f"({'|'.join(OTHERWISE)})")


@cache
def parts(template: str, polite: bool, freely: bool) -> list[list[str]]:
    """The template in one style, as choices in a row; what never changes is a choice of one."""
    found = []
    for place, part in enumerate(CHOICE.split(STYLE.sub(r"\1" if polite else r"\2", template))):
        if place % 2:
            found.append(part.split("/"))
        elif not freely:
            found.append([part])
        else:
            found += [OTHERWISE[piece].split("/") if piece in OTHERWISE else [piece] for piece in PHRASES.split(part)]
    return found


def said(draw: Draw, template: str, polite: bool, *, freely: bool = False) -> str:
    """What the template says this time; freely: its phrases in other words, too."""
    return "".join(draw.one(part) if len(part) > 1 else part[0] for part in parts(template, polite, freely))


def held_out_opening(subject: int, opening: int) -> bool:
    """Whether train never begins that subject with that opening: one combination in eleven."""
    return (3 * subject + 4 * opening) % 11 == 7


def beginnings(theme: Theme, *, held_out: bool) -> list[tuple[str, int]]:
    """The theme's openings, each with each point that may come first: those held out or those that are not."""
    return [(opening, first) for number, opening in enumerate([*theme.clauses, *theme.thats, *theme.counted])
            for first in range(len(theme.points)) if held_out_opening(first, number) == held_out
            for _ in range(1 if number else 3)]


def openings(subjects: list[Subject], *, held_out: bool) -> list[tuple[Subject, list[str]]]:
    """The subjects with those of their openings, own and shared, that are held out or that are not."""
    found = []
    for place, subject in enumerate(subjects):
        every = [*subject.openings, *SHARED[subject.group]]
        found.append((subject, [opening for number, opening in enumerate(every)
                                if held_out_opening(place, number) == held_out]))
    return [(subject, some) for subject, some in found if some]


BEGINNINGS = [{held_out: beginnings(theme, held_out=held_out) for held_out in (False, True)} for theme in (AI, *THEMES)]
OF_AI = {held_out: openings(AI_AT_WORK, held_out=held_out) for held_out in (False, True)}
OF_OTHERS = {held_out: openings([*SCHOOL, *NATURE, *COOKING], held_out=held_out) for held_out in (False, True)}


def topic(draw: Draw, *, held_out: bool) -> Text:
    """A short piece of 120 to 350 characters, polite or plain."""
    polite = draw.chance(0.6)
    while True:
        bits = draw.bits
        kind = draw.weighted([(3, "ai"), (1.5, "ai at work"), (2, "themes"), (4, "others")])
        if kind in ("ai", "themes"):
            number = 0 if kind == "ai" else draw.number(1, len(THEMES))
            text = points(draw, polite, [AI, *THEMES][number], *draw.one(BEGINNINGS[number][held_out]))
        else:
            subject, some = draw.one((OF_AI if kind == "ai at work" else OF_OTHERS)[held_out])
            text = told(draw, polite, subject, draw.one(some))
        if SHORTEST <= len(text) <= LONGEST:
            return Text("topic", text)
        draw.bits = bits


def told(draw: Draw, polite: bool, subject: Subject, opening: str) -> str:
    """A piece in order: the opening, the subject's steps, an end."""
    sentences = []
    for step in subject.steps:
        if isinstance(step, Some):
            sentences += draw.some(step.sentences, draw.number(step.low, step.high))
        else:
            sentences.append(draw.one(step))
    if draw.chance(0.5):
        sentences.append(draw.one(ASIDES[subject.group]))
    end = draw.one([*subject.ends, *subject.ends, *GROUP_ENDS[subject.group]])
    text = said(draw, opening.replace("<name>", subject.name), polite)
    text += "".join(said(draw, sentence, polite, freely=True) for sentence in sentences) + said(draw, end, polite)
    for key, value in draw.one(subject.rows).items():
        text = text.replace(f"<{key}>", value)
    return text


def points(draw: Draw, polite: bool, theme: Theme, opening: str, first: int) -> str:
    """A piece about what matters: the opening, 2 to 4 points, most with a word more, an end."""
    chosen, count = [first], draw.number(2, 4)
    while len(chosen) < count:
        chosen.append(draw.one([point for point in range(len(theme.points))
                                if point not in chosen and not any({point, other} in theme.apart for other in chosen)]))
    sentences = [opening.replace("<n>", COUNT_NAMES[count])]
    if theme.intros and "。" not in opening[:-1] and draw.chance(0.2):
        sentences.insert(0, draw.one(theme.intros))
    linked = ["", *sorted(draw.some(MIDDLE, count - 1), key=lambda link: link != "次に、")]
    if count > 2:
        linked[-1] = draw.one(LAST)
    after = ""
    for place, point in enumerate(chosen):
        cores, more = theme.points[point]
        before, after = around(draw, theme, opening, place, linked[place], after)
        core = draw.one(cores)
        if "ない" in core and after.startswith("とよい"):
            after = FRAMES[0]
        sentences.append(before + core + after)
        if draw.chance(0.8):
            sentences.append(draw.one(more))
    if theme.examples and opening not in theme.counted and draw.chance(0.4):
        sentences += [FOR_EXAMPLE, draw.one(theme.examples)]
    return "".join(said(draw, sentence, polite) for sentence in [*sentences, draw.one(theme.ends)])


def around(draw: Draw, theme: Theme, opening: str, place: int, link: str, last: str) -> tuple[str, str]:
    """What stands before a point and after it, by the opening and the point's place; not what the last one had."""
    if opening in theme.counted:
        return COUNTS[place], THAT
    if place == 0:
        return "", THAT if opening in theme.thats else draw.one(FIRST_FRAMES)
    return link, draw.one([frame for frame in FRAMES if frame != last])
