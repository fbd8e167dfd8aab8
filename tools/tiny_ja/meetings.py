"""Short scenes in which people meet, and say each other's names: who speaks, to whom, in what tone.

In the language of tools.tiny_ja.stories.teller; {x} speaks to {y}, who answers. To a child, a robot or an animal
everybody is plain; to a grown-up polite, but in some texts all know each other well, and are plain. Held out are
combinations of a place and what happens first.
"""

from tools.tiny_ja.draw import Draw, Text
from tools.tiny_ja.stories.teller import Teller
from tools.tiny_ja.world import ROBOTS

PLACES = (
    "[駅の前|駅の広場]", "[公園|公園の入り口]", "[橋の上|橋のそば]", "[図書館の前|図書館の入り口]", "[バス停|バス停のそば]", "[川ぞいの道|川の土手]",
    "[パン屋の前|パン屋のそば]", "[坂道|坂の上]", "[郵便局の前|郵便局のそば]", "[広場|広場のベンチの前]", "[花屋の前|花屋のそば]", "[学校の門の前|学校のそば]",
    "[池のほとり|池のそば]",
)
# What happens, and then for each tone what is said and what is answered.
GREETINGS = (  # only first, and by chance
    ("[{x}が{y}に[手をふる|声をかける]と、{y}は足を<止める>。|{x}は{y}を見つけて、にっこり<笑う>。]",
     ("おはよう、{!y+}[。今日も元気だね|。早いね|。いい天気だね|]", "おはよう、{!x+}[。今日はどこへ行くの|。気持ちのいい朝だね|]"),
     ("おはようございます、{!y+}[。早いですね|。いい天気ですね|]", "おはようございます、{!x+}[。今日はどこへ行くんですか|。気持ちのいい朝ですね|]")),
    ("[{x}が先に<気がつく>。|{x}は{y}のほうへ歩いて<行く>。]",
     ("こんにちは、{!y+}。[どこへ行くの|お出かけなの]？", "こんにちは、{!x+}。[買い物に行くところだよ|散歩をしているんだ|ちょうど帰るところだよ]"),
     ("こんにちは、{!y+}。[どこへ行くんですか|お出かけですか]", "こんにちは、{!x+}。[買い物に行くところです|散歩をしているんです|ちょうど帰るところです]")),
    ("{x}が{y}に会うのは、[一年|半年|一か月]ぶり<だ>。",
     ("久しぶりだね、{!y+}。[元気だった？|元気にしていた？]", "久しぶり、{!x+}。[元気だったよ|元気だよ。会えてうれしいよ]"),
     ("お久しぶりです、{!y+}。お元気でしたか", "お久しぶりです、{!x+}。[はい、元気でした|元気です。会えてうれしいです]")),
)
SCENES = (
    ("{y}がどんどん先に歩いて行くので、{x}はあわてて<追いかける>。",
     ("待って、{!y+}。[いっしょに行こう|もう少しゆっくり歩いて]", "ごめんね、{!x+}。[ここで待っているよ|気がつかなかったよ]"),
     ("待ってください、{!y+}。[いっしょに行きましょう|もう少しゆっくり歩いてください]", "ごめんなさい、{!x+}。[ここで待っています|気がつきませんでした]")),
    ("{y}は、{x}が落とした[手ぶくろ|さいふ|ぼうし|ハンカチ|かぎ]を拾って<わたす>。",
     ("ありがとう、{!y+}。[助かったよ|大切なものなんだ]", "どういたしまして、{!x+}。[気がついてよかったよ|目の前に落ちたんだよ]"),
     ("ありがとうございます、{!y+}。[助かりました|大切なものなんです]", "どういたしまして、{!x+}。[気がついてよかったです|目の前に落ちたんです]")),
    ("{y}は、{x}の重い荷物を半分<持つ>。",
     ("ありがとう、{!y+}。[とても軽くなったよ|一人では大変だったよ]", "どういたしまして、{!x+}。[このくらい平気だよ|いつでも手伝うよ]"),
     ("ありがとうございます、{!y+}。[とても軽くなりました|一人では大変でした]", "どういたしまして、{!x+}。[このくらい平気です|いつでも手伝います]")),
    ("{x}は、うっかり{y}の[足をふんで|荷物にぶつかって|本を落として]<しまう>。",
     ("ごめんね、{!y+}。[よく見ていなかったんだ|わざとじゃないんだ]", "[だいじょうぶだよ|気にしないで]、{!x+}。[何ともないよ|平気だよ]"),
     ("ごめんなさい、{!y+}。[よく見ていませんでした|わざとではないんです]", "[だいじょうぶですよ|気にしないでください]、{!x+}。[何ともありません|平気です]")),
    ("{y}が[ぼんやりしていた|元気のない顔をしていた|ため息をついた]ので、{x}は少し心配に<なる>。",
     ("どうしたの、{!y+}。[つかれているの|ぐあいが悪いの]？", "だいじょうぶだよ、{!x+}。[少しねむいだけだよ|心配してくれてありがとう]"),
     ("どうしたんですか、{!y+}。[つかれているんですか|ぐあいが悪いんですか]", "だいじょうぶです、{!x+}。[少しねむいだけです|心配してくれてありがとうございます]")),
    ("{x}は、かばんから[みかん|あめ|おにぎり|クッキー|せんべい]を出して、{y}に<差し出す>。",
     ("どうぞ、{!y+}。[たくさんあるんだ|いっしょに食べよう|おいしいよ]", "ありがとう、{!x+}。[おいしそうだね|これ、大好きなんだ]"),
     ("どうぞ、{!y+}。[たくさんあるんです|いっしょに食べましょう|おいしいですよ]", "ありがとうございます、{!x+}。[おいしそうですね|これ、大好きなんです]")),
    ("{y}が[絵のコンクール|写真のコンクール|マラソン大会]で一番になったと聞いて、{x}はとても<喜ぶ>。",
     ("おめでとう、{!y+}[。すごいね|。がんばったね|]", "ありがとう、{!x+}。[自分でもびっくりしたよ|とてもうれしいよ]"),
     ("おめでとうございます、{!y+}[。すごいですね|。本当によかったですね|]", "ありがとうございます、{!x+}。[自分でもびっくりしました|とてもうれしいです]")),
    ("{x}は空を指さして、{y}を<呼ぶ>。",
     ("見て、{!y+}。[にじが出ているよ|ひこうき雲だよ|おもしろい形の雲があるよ]", "本当だね、{!x+}。[教えてくれてありがとう|気がつかなかったよ]"),
     ("見てください、{!y+}。[にじが出ていますよ|ひこうき雲ですよ|おもしろい形の雲がありますよ]", "本当ですね、{!x+}。[教えてくれてありがとうございます|気がつきませんでした]")),
    ("{x}は、大事な話を思い出して、{y}のそばに<行く>。",
     ("[ねえ|あのね]、{!y+}。[話したいことがあるんだ|聞いてくれる？]", "なあに、{!x+}。[どんな話？|ちゃんと聞くよ]"),
     ("あの、{!y+}。[お話ししたいことがあるんです|聞いてもらえますか]", "はい、{!x+}。[何のお話ですか|どうしたんですか]")),
    ("{x}は、たくさんの本を一人で運べなくて<困る>。",
     ("手伝って、{!y+}。[少し持ってほしいんだ|これを持ってくれる？]", "いいよ、{!x+}。[まかせて|いっしょに運ぼう]"),
     ("手伝ってください、{!y+}。[少し持ってほしいんです|これを持ってもらえますか]", "いいですよ、{!x+}。[まかせてください|いっしょに運びましょう]")),
)
ENDS = (  # only last
    ("帰る時間になったので、{x}は{y}に手を<ふる>。",
     ("[さようなら|またね]、{!y+}[。今日は楽しかったよ|。今日はありがとう|]", "[さようなら|じゃあね]、{!x+}。[また会おうね|気をつけて帰ってね]"),
     ("さようなら、{!y+}[。今日は楽しかったです|。今日はありがとうございました|]", "さようなら、{!x+}。[また会いましょう|気をつけて帰ってください]")),
    ("分かれ道まで来ると、{x}は足を<止める>。",
     ("ここでお別れだね、{!y+}。[とても楽しかったよ|話せてよかったよ]", "またね、{!x+}。[元気でね|気をつけて帰ってね]"),
     ("ここでお別れですね、{!y+}。[とても楽しかったです|お話しできてよかったです]",
      "さようなら、{!x+}。[また会いましょう|気をつけて帰ってください]")),
    ("話しているうちに夜になったので、{x}は帰ることに<する>。",
     ("おやすみ、{!y+}。[とても楽しかったよ|また話そうね]", "おやすみ、{!x+}。[いい夢を見てね|気をつけて帰ってね]"),
     ("おやすみなさい、{!y+}。[とても楽しかったです|また話しましょう]", "おやすみなさい、{!x+}。[また会いましょう|気をつけて帰ってください]")),
)
BEGINNINGS = (*GREETINGS, *SCENES)
MEET = """
    {place}で、{who}が<会う>。
    {who}が、{place}で<会う>。
    {place}でのこと<だ/る>。{who}が、ばったり<会う>。
"""
SAYS = """
    「{says}」と{x}は<言う>。
    「{says}」と、{x}は<言う>。
    「{says}」{x}は<言う>。
"""
ANSWERS = """
    「{answers}」と{y}は{replied}。
    「{answers}」と、{y}は{replied}。
    「{answers}」{y}は{replied}。
"""


def held_out_scene(place: int, scene: int) -> bool:
    """Whether train never has that scene first at that place: one combination in eleven."""
    return (3 * place + 5 * scene) % 11 == 4


FIRST = {held_out: [(place, scene) for number, place in enumerate(PLACES) for other, scene in enumerate(BEGINNINGS)
                    if held_out_scene(number, other) == held_out] for held_out in (False, True)}


def cast(t: Teller) -> tuple[dict[str, str], dict[str, bool]]:
    """Two or three people, by their keys: what kind each is, and whether others are polite to it."""
    draw = t.draw
    people = [*"abc"[:draw.weighted([(3, 2), (2, 3)])]]
    kinds = {key: draw.weighted([(5, "child"), (5, "grown-up"), (1, "robot"), (1, "animal")]) for key in people}
    of = {kind: [key for key in people if kinds[key] == kind] for kind in ("child", "grown-up", "robot", "animal")}
    for key in of["grown-up"]:
        t.grown_up(key, draw.weighted([(5, "さん"), (1, "先生")]))
    for key, robot in zip(of["robot"], draw.some(ROBOTS, len(of["robot"])), strict=True):
        t.slots |= {key: robot, key + "+": robot, key + ".kind": "ロボット"}
    t.beasts(*of["animal"])
    t.child(*of["child"])
    if of["grown-up"]:  # a grown-up says くん or ちゃん, and all say the same
        for key in of["child"]:
            t.slots[key + "+"] = t.slots[key] + ("くん" if t.slots[key + ".i"] == "ぼく" else "ちゃん")
    well_known = draw.chance(0.25)
    return kinds, {key: kinds[key] == "grown-up" and not well_known for key in people}


def with_kinds(kinds: dict[str, str]) -> str:
    """Who is there, each robot and animal with what it is."""
    return "と".join(f"{{{key}.kind}}の{{{key}}}" if kind in ("robot", "animal") else f"{{{key}}}" for key, kind in kinds.items())


def meeting(draw: Draw, *, held_out: bool) -> Text:
    """Two or three people, and one to four times that one speaks to another and is answered."""
    t = Teller(draw)
    kinds, polite_to = cast(t)
    people = [*kinds]
    place, first = draw.one(FIRST[held_out])
    last = [draw.one(ENDS)] if draw.chance(0.5) else []
    later = draw.some([scene for scene in SCENES if scene is not first], draw.number(len(people) - 2, 2 - len(last)))
    t.slots |= {"place": place, "who": with_kinds(kinds), "replied": "[<答える>|<答える>|[すぐに|笑って]<答える>]"}
    appointed = first not in GREETINGS and len({*kinds.values()}) == 1 and draw.chance(0.25)
    t.tell("{who}は、{place}で待ち合わせを<する/ていた>。" if appointed else MEET)
    silent = set(people)
    for happens, *tones in [first, *later, *last]:
        x, y = draw.some(people, 2)
        if len(silent) == 1 and x not in silent:
            (y,) = silent
        silent -= {x, y}
        t.slots |= {"x": t.slots[x], "x+": t.slots[x + "+"], "y": t.slots[y], "y+": t.slots[y + "+"],
                    "says": tones[polite_to[y]][0], "answers": tones[polite_to[x]][1]}
        t.tell(happens)
        t.tell(SAYS)
        t.tell(ANSWERS)
    return Text("meeting", t.text, t.cues)
