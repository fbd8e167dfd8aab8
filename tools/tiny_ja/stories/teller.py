"""The teller: a small language in which plots are written, and who keeps a story true to itself.

A script is made of beats, parted by empty lines; the lines of a beat are ways of saying it, of which
one is taken. A beat that begins with ? may be left out. Within a line

    {a}         is who or what the story calls a: a name, a thing, or a line of this language
    {a+}        is how others call this person (はると, はるとくん)
    {!a}        is a name again, at a place where nothing else could stand: a cue
    [x|y|]      is one of these
    <歩く>      is the word in the past and in the style of the story: 歩いた or 歩きました
    <歩く/る>   is it in another form (see tools.tiny_ja.inflect)
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from tools.tiny_ja import world
from tools.tiny_ja.draw import Draw
from tools.tiny_ja.inflect import ending

TOKEN = re.compile(r"\{(!?)([^{}]+)\}|<([^</>]+)(?:/([^>]+))?>|([\[|\]])|([^\[\]|{}<>]+)")

ALWAYS = {  # what every story may say
    "said": "[<言う>|<言う>|[笑って|にっこりして|うれしそうに|明るい声で|小さくうなずいて]<言う>]",
    "asked": "[<聞く>|<たずねる>|[首をかしげて|ふしぎそうに|そっと]<聞く>|[首をかしげて|ふしぎそうに]<たずねる>]",
    "replied": "[<答える>|[すぐに|笑って|うなずいて|元気に|やさしく]<答える>]",
    "shouted": "[<さけぶ>|大きな声で<言う>|思わず<さけぶ>|声を<上げる>]",
    "soon": "[しばらくすると|少したつと|やがて|しばらくして|それから少しして]",
    "very": "[とても|本当に|]",
    "glad": "[うれしくなって|にこにこして|うれしそうに|目を輝かせて]",
}


class Slot:
    """A place for something that the story calls by a key."""

    def __init__(self, key: str, cue: bool) -> None:
        self.key, self.cue = key, cue


class Word:
    """A word that takes the story's style."""

    def __init__(self, word: str, form: str) -> None:
        self.word, self.form = word, form


Node = str | Slot | Word | list  # a list holds ways, each a tuple of nodes


@lru_cache(None)
def parsed(line: str) -> tuple[Node, ...]:
    """A line as nodes."""
    ways: list[list[list[Node]]] = [[[]]]
    for mark, key, word, form, sign, plain in TOKEN.findall(line):
        if key:
            ways[-1][-1].append(Slot(key, bool(mark)))
        elif word:
            ways[-1][-1].append(Word(word, form or "た"))
        elif plain:
            ways[-1][-1].append(plain)
        elif sign == "[":
            ways.append([[]])
        elif sign == "|":
            ways[-1].append([])
        else:
            done = ways.pop()
            ways[-1][-1].append([tuple(way) for way in done])
    (nodes,), = ways
    return tuple(nodes)


@lru_cache(None)
def beats(script: str) -> list[tuple[bool, list[str]]]:
    """A script as beats: whether each may be left out, and its ways."""
    found = []
    for block in re.split(r"\n\s*\n", script.strip()):
        lines = [line.strip() for line in block.strip().splitlines()]
        found.append((lines[0].startswith("?"), [line.removeprefix("? ") for line in lines]))
    return found


class Teller:
    """One story in the making."""

    def __init__(self, draw: Draw) -> None:
        self.draw = draw
        self.polite = draw.chance(0.5)
        self.slots: dict[str, str] = dict(ALWAYS)
        self.cues: list[tuple[int, str]] = []
        self._parts: list[str] = []
        self._length = 0
        self._left = {"boys": list(world.BOYS), "girls": list(world.GIRLS), "families": list(world.FAMILIES)}

    @property
    def text(self) -> str:
        """What has been told so far."""
        return "".join(self._parts)

    def _take(self, kind: str) -> str:
        """A name that nobody has yet."""
        left = self._left[kind]
        return left.pop(self.draw.number(0, len(left) - 1))

    def child(self, *keys: str) -> None:
        """Gives each key a child: {a}, {a+} as others call it, {a.i} as it calls itself."""
        suffix = self.draw.chance(0.4)
        for key in keys:
            boy = self.draw.chance(0.5)
            name = self._take("boys" if boy else "girls")
            calling = name + ("くん" if boy else "ちゃん") if suffix else name
            self.slots |= {key: name, key + "+": calling, key + ".i": "ぼく" if boy else "わたし"}

    def grown_up(self, key: str, suffix: str) -> None:
        """Gives the key a grown-up: a family name with さん or 先生."""
        self.slots[key] = self.slots[key + "+"] = self._take("families") + suffix

    def beasts(self, *keys: str) -> None:
        """Gives each key an animal that talks: {a}, and {a.kind} what it is."""
        left = list(world.BEASTS)
        for key in keys:
            kind, name = self.draw.one(left)
            left = [beast for beast in left if beast[0] != kind]
            self.slots |= {key: name, key + "+": name, key + ".kind": kind, key + ".i": self.draw.one(("ぼく", "わたし"))}

    def put(self, keys: str, options: Sequence[str | tuple[str, ...]]) -> None:
        """Gives the keys (parted by spaces) what one of the options says."""
        option = self.draw.one(options)
        values = (option,) if isinstance(option, str) else option
        self.slots |= dict(zip(keys.split(), values, strict=True))

    def when(self, seasons: str = "春夏秋冬", weather: str | None = "晴れ", times: str = "朝 午後", school: bool = False) -> None:
        """Sets {season}, {time}, {when} (without a 、) and {sight}, what is seen outside; no weather, no word of it."""
        season = self.draw.one(seasons)
        time = self.draw.one(times.split())
        day = self.draw.one(world.SCHOOL_DAYS if school else world.FREE_DAYS)
        kinds = world.NIGHT_WEATHER if time == "夜" else world.WEATHER
        fine = kinds[weather] if weather else ""
        if weather not in (None, "晴れ"):
            sights = world.OTHERWISE[weather]
        elif time in ("夕方", "夜"):
            sights = world.EVENING if time == "夕方" else world.NIGHT
        else:
            sights = world.OUTSIDE[season]
        when = ["ある{season}の{time}", "{season}の、ある{day}の{time}"]
        if fine:
            when += ["ある{fine}{time}", "{fine}{day}の{time}", "{fine}{season}の{time}", "ある{fine}{season}の{time}"]
        else:
            when += ["ある{day}の{time}", "{season}の[ある|]{time}"]
        self.slots |= {"season": season, "time": time, "day": day, "fine": fine, "when": self.draw.one(when),
                       "sight": self.draw.one(sights)}

    def tell(self, script: str) -> None:
        """Tells the beats of a script, one after another."""
        for optional, ways in beats(script):
            if not optional or self.draw.chance(0.35):
                self._render(parsed(ways[0] if len(ways) == 1 else self.draw.one(ways)))

    def untell(self, told: str) -> None:
        """Goes back to what had been told then."""
        self._parts, self._length = [told], len(told)
        self.cues = [cue for cue in self.cues if cue[0] < len(told)]

    def _add(self, text: str) -> None:
        """Adds finished text."""
        self._parts.append(text)
        self._length += len(text)

    def _render(self, nodes: tuple[Node, ...]) -> None:
        """Tells nodes."""
        for node in nodes:
            if isinstance(node, str):
                self._add(node)
            elif isinstance(node, list):
                self._render(self.draw.one(node))
            elif isinstance(node, Word):
                word = self.slots[node.word[1:]] if node.word[0] == "$" else node.word
                self._add(ending(word, node.form, self.polite))
            else:
                if node.cue:
                    self.cues.append((self._length, self.slots[node.key.rstrip("+")]))
                self._render(parsed(self.slots[node.key]))

    def meet(self, key: str = "a") -> None:
        """Sometimes begins with who this is."""
        if self.draw.chance(0.2):
            self.put("like", world.LIKINGS)
            self.put("nature", world.NATURES)
            self.put("grade", world.GRADES)
            name = "{" + key + "}"
            self.tell(f"""
                {name}は、{{like}}のが[好きな|大好きな|得意な]{{grade}}<だ/る>。
                {name}は、{{nature}}{{grade}}<だ/る>。
                {name}は{{grade}}<だ/る>。{{like}}のが、何より<好きだ/る>。
                {name}は、{{like}}のが好きな、{{nature}}子<だ/る>。
            """)

    def close(self) -> None:
        """Sometimes ends with what a child takes home from its day with {b}."""
        if self.draw.chance(0.25):
            self.tell("""
                {a}は、今日のことを日記に[くわしく|長く|ていねいに|]<書く>。
                その夜、{a}は、とてもいい気持ちで<眠る>。
                寝る前に、{a}は{b}の顔を思いうかべて、にっこり<笑う>。
                {a}は、{b}がいてくれてよかったと<思う>。
                それからというもの、{a}と{b}は、前よりもっと<仲よしだ>。
                {a}の心は、[ぽかぽかと|春の日のように]<温かい>。
                家に帰ると、{a}はさっそくお母さんに{b}のことを<話す>。
                {a}は、今日のことをずっと忘れないだろうと<思う>。
            """)
