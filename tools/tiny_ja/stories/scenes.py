"""Where, when and with whom a story of events begins."""

from collections.abc import Sequence
from dataclasses import dataclass

from tools.tiny_ja import world
from tools.tiny_ja.stories.teller import Teller

MOODS = {  # how something is said
    "": ("",), "asks": ("", "", "首をかしげて", "ふしぎそうに"), "glad": ("うれしそうに", "にっこりして", "明るい声で", "笑って", ""),
    "worried": ("心配そうに", "心配になって", "そっと", ""), "sorry": ("すまなそうに", "小さな声で", "頭を下げて", ""),
    "call": ("大きな声で", "声を張り上げて"), "soft": ("やさしく", "静かに", "そっと", "笑顔で", ""),
    "excited": ("目を輝かせて", "はずんだ声で", "わくわくしながら", ""), "firm": ("きっぱりと", "はっきりと", "落ち着いた声で", ""),
    "sad": ("小さな声で", "下を向いて", "しょんぼりして", ""), "urgent": ("あわてて", "大きな声で", "思わず"), "angry": ("口をとがらせて", "強い声で", "顔を赤くして"),
}


@dataclass(frozen=True)
class Scene:
    """Who is in a story, to whom others are polite, and what is so when it begins."""

    people: list[str]
    polite_to: set[str]
    facts: set[str]


@dataclass(frozen=True)
class Place:
    """A place: the casts that come there, what is so there, what one does there, and what is seen when it is fine."""

    name: str
    casts: str
    facts: str
    doing: str
    sights: Sequence[str] = ()


# f: children, with a robot perhaps; g: a child and a grown-up; t: pupils and a teacher; m: a family; a: animals; w: grown-ups
PLACES = (
    Place("公園", "fgmw", "outdoors snowy town", "[公園を散歩して|公園のベンチに座って|公園に来て]", ("すべり台が日の光を受けて<光る/ていた>。", "どこかで、子どもの笑う声が<する>。", "木の枝が、風に<ゆれる/ていた>。")),
    Place("川原", "fgmaw", "outdoors water nature", "[川原を歩いて|川原で石を拾って|川原に座って]", ("川の水が、きらきらと<光る/ていた>。", "川の流れる音が、さらさらと<聞こえる>。", "岸では、草がそよそよと<ゆれる/ていた>。")),
    Place("海辺", "fgmw", "outdoors water sea", "[海辺を歩いて|海辺で貝がらを拾って|砂の上に座って]", ("波が、よせたり返したりして<いる>。", "沖には、白い船が<見える>。", "かもめが、海の上を<飛ぶ/ていた>。")),
    Place("森", "fgmaw", "outdoors nature wood", "[森の中を歩いて|森で木の実を集めて|森の小道を歩いて]", ("木の間から、日の光が<さす/ていた>。", "どこかで、鳥が<鳴く/ていた>。", "木の枝が、さわさわと<鳴る>。")),
    Place("山道", "fgmtw", "outdoors nature hill walk", "[山道を登って|山道をゆっくり歩いて]", ("遠くに、町の屋根が小さく<見える>。", "すずしい風が<吹く/ていた>。", "道のわきで、水の音が<する>。")),
    Place("丘の上", "fgma", "outdoors snowy nature", "[丘の上で休んで|丘の上から景色をながめて|丘の上を歩いて]", ("遠くまで、よく<見える>。", "草が、風に波のように<ゆれる/ていた>。")),
    Place("商店街", "fgmw", "outdoors town walk", "[商店街を歩いて|商店街で買い物をして]", ("店先には、くだものがたくさん<並ぶ/ていた>。", "どこかから、パンの焼けるにおいが<する>。", "花屋の前が、とても<きれいだ>。")),
    Place("庭", "gm", "outdoors garden", "[庭で草を取って|庭で休んで|庭をそうじして]", ("物干しの布が、風に<ゆれる/ていた>。", "かきねの上に、すずめが<止まる/ていた>。")),
    Place("畑", "gmwa", "outdoors garden nature", "[畑で働いて|畑の草を取って|畑の手入れをして]", ("畑には、野菜が<育つ/ていた>。", "土のにおいが<する>。")),
    Place("野原", "fa", "outdoors snowy nature", "[野原を歩いて|野原で遊んで|野原で休んで]", ("遠くで、鳥の鳴く声が<する>。", "土のにおいが<する>。")),
    Place("池のほとり", "fga", "outdoors water nature", "[池のほとりに座って|池のまわりを歩いて]", ("池の水に、空が<うつる/ていた>。", "魚が、ぽちゃんと<はねる>。")),
    Place("校庭", "ft", "outdoors snowy school", "[校庭で遊んで|校庭のすみで話して]", ("校庭の木が、風に<ゆれる/ていた>。", "白い線が、まっすぐに<のびる/ていた>。")),
    Place("台所", "mmm", "indoors home kitchen", "[台所に立って|台所で話をして|台所の片づけをして]"),
    Place("家の居間", "mm", "indoors home", "[居間で本を読んで|居間でお茶を飲んで|居間で話をして]"),
    Place("教室", "ftt", "indoors school", "[教室をそうじして|教室で絵をかいて|教室に残って話をして]"),
    Place("工作室", "ftg", "indoors school workshop", "[工作室で木の箱を作って|工作室で船を作って]"),
    Place("家の部屋", "fff", "indoors home", "[部屋で絵をかいて|部屋で積み木を積んで|部屋で本を読んで]"),
    Place("木の家", "aaa", "indoors home", "[木の家でお茶を飲んで|木の家の中で話をして|木の家をそうじして]"),
    Place("店", "ggw", "indoors town", "[パン屋の店先で働いて|花屋の店の中を片づけて|本屋の店番をして]"),
)
OPENINGS = """
    {when}、{who}は{doing}<いる>。
    {when}のこと<だ/る>。{who}は、{doing}<いる>。
    {when}、{who}が{doing}<いる>。
    {who}は、{when}、{doing}<いる>。
    {when}<だ>。{who}は、いっしょに{doing}<いる>。
"""
WEATHER = {"fine": "晴れ", "cloudy": "くもり", "wind": "風", "snow": "雪"}
TIMES = {"朝": "morning", "午後": "day", "夕方": "evening", "夜": "night"}
SEASONS = {"春": "spring", "夏": "summer", "秋": "autumn", "冬": "winter"}


def people(t: Teller, cast: str) -> dict[str, str]:
    """Who is there, by their keys, and of what kind each is."""
    draw = t.draw
    three = draw.chance(0.4)
    kinds = {"f": ["child", "child"], "g": ["child", "grown"], "t": ["child", "teacher"], "m": ["child", "family"],
             "a": ["animal", "animal"], "w": ["grown", "grown"]}[cast]
    if three:
        kinds = [*kinds, draw.one({"f": ["child", "child", "robot"], "w": ["grown", "robot"], "a": ["animal"]}.get(cast, ["child"]))]
    elif cast == "f" and draw.chance(0.3):
        kinds = ["child", "robot"]
    return dict(zip("abc", draw.some(kinds, len(kinds)), strict=False))


def name(t: Teller, kinds: dict[str, str]) -> None:
    """Gives everybody a name, as it is told, called, and said for oneself; {a.full} at first with what it is."""
    of = {kind: [key for key, each in kinds.items() if each == kind] for kind in kinds.values()}
    t.child(*of.get("child", ()))
    t.beasts(*of.get("animal", ()))
    for key in kinds:
        if kinds[key] in ("grown", "teacher"):
            t.grown_up(key, "先生" if kinds[key] == "teacher" else "さん")
        elif kinds[key] == "family":
            t.slots[key] = t.slots[key + "+"] = t.draw.one(world.FAMILY)
        elif kinds[key] == "robot":
            t.slots[key] = t.slots[key + "+"] = t.draw.one(world.ROBOTS)
            t.slots[key + ".kind"] = "ロボット"
    for key in of.get("child", ()):  # in a family never, among grown-ups always with くん or ちゃん
        if "family" in of:
            t.slots[key + "+"] = t.slots[key]
        elif "grown" in of or "teacher" in of:
            t.slots[key + "+"] = t.slots[key] + ("くん" if t.slots[key + ".i"] == "ぼく" else "ちゃん")
    for key, kind in kinds.items():
        t.slots.setdefault(key + ".i", "わたし")
        t.slots[key + ".full"] = t.slots[key + ".kind"] + "の" + t.slots[key] if kind in ("animal", "robot") else t.slots[key]


def open_scene(t: Teller) -> Scene:
    """Tells when, where and who, and says what is so."""
    draw = t.draw
    place = draw.one(PLACES)
    cast = draw.one(place.casts)
    kinds = people(t, cast)
    name(t, kinds)
    outdoors = "outdoors" in place.facts
    season = draw.one("春夏秋冬")
    weather = draw.weighted([(5, "fine"), (3, "cloudy"), (2, "wind"), *([(4, "snow")] if season == "冬" and "snowy" in place.facts else [])]) if outdoors else None
    times = "朝 午後" if outdoors or "home" not in place.facts else "朝 午後 夕方 夜"
    t.when(season, WEATHER[weather] if weather else None, times, school="school" in place.facts)
    facts = {*place.facts.split(), SEASONS[season], TIMES[t.slots["time"]], *([weather] if weather else [])}
    facts |= set().union(*(traits(key, kind) for key, kind in kinds.items()))
    facts |= {"m": {"kin"}, "a": {"wild"}}.get(cast, set())
    keys = [*kinds]
    if len(keys) == 3:
        facts.add("three")
        if draw.chance(0.6):
            facts.add(f"away {keys[-1]}")
    t.slots |= {"who": "と".join(f"{{{key}.full}}" for key in keys if f"away {key}" not in facts), "doing": place.doing,
                "place": place.name}
    t.tell(OPENINGS)
    if weather == "fine" and draw.chance(0.35):
        t.tell(draw.one(place.sights))
    elif weather == "cloudy":
        t.tell("[空には、灰色の雲が<広がる/ていた>。|雲が、だんだん<厚くなる>。|今にも雨が降りそうな空<だ>。|]")
    elif weather == "snow":
        t.tell("[あたりは、一面の雪<だ>。|地面には、雪が厚く<つもる/ていた>。|雪をふむと、キュッキュッと音が<する>。]")
    elif weather == "wind" and draw.chance(0.5):
        t.tell("風が、[びゅうびゅうと|ときどき強く]<吹く/ていた>。")
    if {"child", "family"} & {*kinds.values()} and "school" not in place.facts and place.name not in ("図書館", "店") and draw.chance(0.25):
        facts.add("pet")
        kind, names = draw.one((("犬", world.DOGS), ("犬", world.DOGS), ("ねこ", world.CATS)) if not outdoors else (("犬", world.DOGS),))
        t.slots |= {"p.kind": kind}
        t.put("p", names)
        t.slots["p+"] = t.slots["p"]
        facts.add("dog" if kind == "犬" else "cat")
        t.tell("[{p.kind}の{p}も、いっしょ<だ>。|そばには、{p.kind}の{p}も<いる>。]")
    well_known = draw.chance(0.2) and "teacher" not in kinds.values()
    return Scene(keys, {key for key, kind in kinds.items() if kind in ("grown", "teacher") and not well_known}, facts)


def traits(key: str, kind: str) -> set[str]:
    """What is so of somebody of a kind."""
    kinds = {"child": "young living child", "animal": "young living animal", "grown": "old living", "teacher": "old living teacher",
             "family": "old living family", "robot": "robot"}
    return {f"{trait} {key}" for trait in kinds[kind].split()}
