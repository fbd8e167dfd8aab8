"""Stories put together from events: what has happened decides what can happen next.

Each event says which facts it needs and which it changes; the library is in tools.tiny_ja.stories.happenings, who and
where in tools.tiny_ja.stories.scenes. A fact is a word, or a word and the keys of people: "rain", "lost a", "broke a b".
Held out are successions of two events: training never shows the one straight behind the other.
"""

import re
import zlib
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise, permutations

from tools.tiny_ja.draw import Draw, Probe, Text
from tools.tiny_ja.stories import LONGEST, LONGEST_PROMPT, SHORTEST
from tools.tiny_ja.stories.happenings import CLOSINGS, EVENTS, LINGERING, OPEN, Event
from tools.tiny_ja.stories.scenes import MOODS, open_scene
from tools.tiny_ja.stories.teller import Teller

ENOUGH = 300   # characters, after which nothing new begins
TRIES = 5      # to tell an event so that it is clear who is spoken to
AT_ONCE = 2    # matters open at the same time
TONES = (("y", re.compile(r"\(([^()/]*)/([^()/]*)\)")), ("x", re.compile("〔([^〔〕/]*)/([^〔〕/]*)〕")),
         ("z", re.compile("『([^『』/]*)/([^『』/]*)』")))
SPEECH = re.compile("([xyz])(?: ([a-z]+))?([:?]) (.+)")  # who, in what mood, and whether it may stay unnamed


class Plot:
    """A story in the making: what is true in it, and what has happened."""

    def __init__(self, draw: Draw) -> None:
        self.told = Teller(draw)
        self.scene = open_scene(self.told)
        self.facts = set(self.scene.facts)
        self.silent = set(self.scene.people)
        self.starts: list[tuple[str, int]] = []  # the events so far, and where the text of each begins

    def here(self) -> set[str]:
        """Who is there."""
        return {key for key in self.scene.people if f"away {key}" not in self.facts}

    def open_matters(self) -> set[str]:
        """What the story cannot end with."""
        return {fact for fact in self.facts if is_open(fact)}

    def castings(self, event: Event) -> list[str]:
        """Everybody who can be x, y (and z) of the event now, each as the keys of the story in that order."""
        if all(facts.isdisjoint(self.facts) != wanted for wanted, facts in conditions(event.needs, "")):
            return [roles for roles in orders("".join(self.scene.people), 3 if "z" in words(event.needs) else 2)
                    if all(facts.isdisjoint(self.facts) != wanted for wanted, facts in conditions(event.needs, roles))]
        return []

    def options(self, *, any_succession: bool, ending: bool) -> list[tuple[float, tuple[Event, list[tuple[float, str]]]]]:
        """What can happen now, and to whom, with weights: what goes on with an open matter is likelier, or all there is."""
        matters = self.open_matters()
        urgent = {fact for fact in matters if fact.split()[0] not in LINGERING}
        done = {name for name, _ in self.starts}
        found = []
        for event in EVENTS:
            opens, ends = any(map(is_open, terms(event.changes))), "ended" in terms(event.changes)
            if (event.name in done or (ends and len(matters) > 1)
                    or (self.starts and not any_succession and held_out_succession(self.starts[-1][0], event.name))):
                continue
            only_matters = ending or (opens and len(matters) >= AT_ONCE) or (urgent and not event.anytime)
            weighted = []
            for roles in self.castings(event):
                needed = (*conditions(event.needs, ""), *conditions(event.needs, roles))
                takes_up = any(wanted and not facts.isdisjoint(urgent or matters) for wanted, facts in needed)
                if takes_up or not only_matters:
                    weighted.append(((6 if takes_up else 1) * (1 + 2 * len(self.silent & {*roles})), roles))
            if weighted:
                found.append((event.weight * max(weight for weight, _ in weighted), (event, weighted)))
        return found

    def happen(self, event: Event, roles: str) -> bool:
        """Tells the event, and changes what it changes; whether it is clear in it who is spoken to."""
        t = self.told
        self.starts.append((event.name, len(t.text)))
        self.silent -= {*roles}
        before = self.here()
        for change in terms(event.changes):
            fact = {bound(change.removeprefix("-"), roles)}
            self.facts = self.facts - fact if change.startswith("-") else self.facts | fact
        for role, key in zip("xyz", roles, strict=False):
            t.slots |= {role + end: t.slots[key + end] for end in ("", "+", ".i", ".full")}
        for keys, options in event.put.items():
            t.put(keys, options)
        t.slots["both"] = "三人" if len(self.here()) == 3 else "二人"
        script = spoken(event.ways, "".join(role for role, key in zip("xyz", roles, strict=False) if key in self.scene.polite_to))
        told, bits = t.text, t.draw.bits
        for _ in range(TRIES):
            t.untell(told)
            t.draw.bits = bits
            t.tell(script)
            if len(before | self.here()) < 3 or all(name in t.text[len(told):place] for place, name in t.cues if place >= len(told)):
                return True
        return False

    def close(self) -> bool:
        """Tells an end that fits."""
        options = [(event, castings) for event in CLOSINGS if (castings := self.castings(event))]
        event, castings = self.told.draw.one(options)
        return self.happen(event, self.told.draw.one(castings))


@lru_cache(None)
def terms(text: str) -> tuple[str, ...]:
    """What stands between commas."""
    return tuple(term.strip() for term in text.split(",") if term.strip())


@lru_cache(None)
def words(text: str) -> frozenset[str]:
    """The words of facts."""
    return frozenset(re.findall("[a-z]+", text))


@lru_cache(None)
def orders(people: str, count: int) -> tuple[str, ...]:
    """So many of the people, in every order."""
    return tuple("".join(some) for some in permutations(people, count))


@lru_cache(None)
def is_open(fact: str) -> bool:
    """Whether a story does not end with this."""
    return fact.split()[0] in OPEN


@lru_cache(None)
def bound(fact: str, roles: str) -> str:
    """A fact about x and y as one about the people of the story."""
    of = dict(zip("xyz", roles, strict=False))
    return " ".join(of.get(word, word) for word in fact.split())


@lru_cache(None)
def conditions(needs: str, roles: str) -> tuple[tuple[bool, frozenset[str]], ...]:
    """Needs as facts of which one must be so (or none); those about people only if there are roles, who must be there."""
    found = []
    for need in terms(needs):
        if bool(words(need) & {*"xyz"}) == bool(roles):
            facts = need.removeprefix("-").split("|")
            found.append((not need.startswith("-"), frozenset(bound(fact, roles) for fact in facts)))
    away = [key for role, key in zip("xyz", roles, strict=False) if f"away {role}" not in terms(needs)]
    return (*found, *((False, frozenset({f"away {key}"})) for key in away))


@lru_cache(None)
def spoken(ways: str, polite_to: str) -> str:
    """A script in the language of the teller: each (plain/polite) decided, and who speaks said."""
    for role, tone in TONES:
        ways = tone.sub(lambda found, which=1 + (role in polite_to): f"[{found[which]}]" if found[which] else "", ways)
    return "\n".join(said(line.strip()) for line in ways.splitlines())


def said(line: str) -> str:
    """`x glad: words` as 「words」 with its speaker before or behind it; with ? for : perhaps with none."""
    found = SPEECH.fullmatch(line.removeprefix("? "))
    if not found:
        return line
    who, mood, sign, words = found.groups()
    verb = "[<聞く>|<たずねる>]" if mood == "asks" else "<言う>"
    how = "[" + "|".join(MOODS[mood or ""]) + "]"
    ways = [f"{{{who}}}は[|、]{how}{verb}。「{words}」", f"「{words}」と[|、]{{{who}}}は{how}{verb}。"]
    other = "y" if who == "x" else "x"
    if f"{{!{other}+}}" in words and mood != "call":
        ways.append(f"{{{who}}}は[|、]{{{other}}}[を見て|のほうを向いて|の顔を見て]{verb}。「{words}」")
    if sign == "?":
        ways.append(f"「{words}」")
    return ("? " if line.startswith("? ") else "") + f"[{'|'.join(ways)}]"


@lru_cache(None)
def held_out_succession(first: str, second: str) -> bool:
    """Whether training never tells the second event straight behind the first: one succession in ten."""
    return zlib.crc32(f"{first} {second}".encode()) % 10 == 3


def plots(draw: Draw, *, held_out: bool) -> Iterator[Plot]:
    """Stories that came to a good end; the others are thrown away, and cost nothing."""
    while True:
        bits, plot = draw.bits, Plot(draw)
        if composed(plot, held_out=held_out):
            yield plot
        else:
            draw.bits = bits


def composed(plot: Plot, *, held_out: bool) -> bool:
    """Lets 3 to 6 events happen, and all that they began come to its end; whether that went well."""
    most = plot.told.draw.weighted([(3, 3), (4, 4), (3, 5), (1, 6)])
    while True:
        ending = len(plot.starts) >= most or len(plot.told.text) > ENOUGH or "ended" in plot.facts
        if ending and not plot.open_matters():
            break
        options = plot.options(any_succession=held_out, ending=ending)
        if not options:
            return False
        event, castings = plot.told.draw.weighted(options)
        if not plot.happen(event, plot.told.draw.weighted(castings)) or len(plot.told.text) > LONGEST:
            return False
    new = any(held_out_succession(first, second) for (first, _), (second, _) in pairwise(plot.starts))
    return len(plot.starts) >= 3 and not plot.silent and new == held_out and plot.close() and SHORTEST <= len(plot.told.text) <= LONGEST and len(plot.told.cues) >= 2


def event_story(draw: Draw, *, held_out: bool) -> Text:
    """A story of 3 to 6 events; a held-out one has at least one succession that training never shows."""
    plot = next(plots(draw, held_out=held_out))
    return Text("events", plot.told.text, plot.told.cues)


def event_probes(draw: Draw, count: int) -> list[Probe]:
    """From each of `count` held-out stories: who is spoken to in an event that never followed the one before it?"""
    found: list[Probe] = []
    stories = plots(draw, held_out=True)
    while len(found) < count:
        plot = next(stories)
        places = [*(start for _, start in plot.starts), LONGEST]
        cues = [cue for (one, _), (other, start), end in zip(plot.starts, plot.starts[1:], places[2:], strict=False)
                if held_out_succession(one, other) for cue in plot.told.cues if start <= cue[0] < min(end, LONGEST_PROMPT)]
        if cues:
            place, name = draw.one(cues)
            found.append(Probe(plot.told.text[:place], name))
    return found
