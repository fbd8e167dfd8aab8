"""Short scenes in which anybody may speak: who does is told before the words, or must be understood from what happens.

In the language of tools.tiny_ja.stories.teller; {x} speaks to {y}. In a meeting each scene has its speaker: the words alone
say whose turn it is. Here the same words come from either side.
"""

from tools.tiny_ja.draw import Draw, Text
from tools.tiny_ja.meetings import cast, with_kinds
from tools.tiny_ja.stories.teller import Teller

PLACES = ("庭", "教室", "台所", "山小屋", "船の上", "市場", "小屋の中", "畑", "湖のそば", "屋上", "工場の中", "体育館", "森の中", "古い家の前", "テントの中", "広い部屋")
TOGETHER = """
    {place}に、{who}が<いる>。
    {who}は、{place}で[働いて|休んで|話をして|そうじをして]<いる>。
    [朝早く|昼すぎ|夕方]、{who}が{place}へ<来る>。
"""
# What happens, whether the one who speaks is glad, and what is then said, plain and polite.
NIGHT = ("夜がふけて、{y}は[大きなあくびを<する>|うとうとし<始める>|毛布を肩までかけて横に<なる>]。", False,
         "おやすみ、{!y+}。[ゆっくり休んでね|また明日ね|いい夢を見てね]", "おやすみなさい、{!y+}。[ゆっくり休んでください|また明日]")
# y does it, and is spoken to.
DONE = (
    ("{y}が[なくなったかぎを<見つける>|こわれた時計を<直す>|使い方を<教える>|お湯をわかして<くれる>|毛布を<貸す>|大きな机を動かして<くれる>]。", True,
     "[ありがとう|助かったよ]、{!y+}。[これで安心だね|本当に困っていたんだ|さすがだね]",
     "[ありがとうございます|助かりました]、{!y+}。[これで安心です|本当に困っていたんです|さすがですね]"),
    ("{y}は、[むずかしい曲を最後まで<ひく>|長い詩を一度で<覚える>|だれも解けない問題を<解く>|重い石を一人で<動かす>]。", True,
     "[すごいね|やったね|おどろいたよ]、{!y+}。[見ていてどきどきしたよ|がんばったね|練習したかいがあったね]",
     "[すごいですね|やりましたね|おどろきました]、{!y+}。[見ていてどきどきしました|がんばりましたね|練習したかいがありましたね]"),
    ("{y}は、[一人で重い箱を持ち上げよう|古いいすに乗ろう|ぬれた台の上に立とう|熱いなべにさわろう|大事な紙をすてよう|いきなり戸を開けよう]と<する>。", False,
     "[待って|あぶないよ|やめて]、{!y+}。[けがをするよ|いっしょにやろう|少し考えてからにしよう]",
     "[待ってください|あぶないですよ|やめてください]、{!y+}。[けがをしますよ|いっしょにやりましょう|少し考えてからにしましょう]"),
    ("{y}は、[下を向いて|ひざをかかえて|こわそうな顔をして|遠くばかり見て]<いる>。", False,
     "[だいじょうぶだよ|元気を出して|心配しないで]、{!y+}。[そばにいるからね|きっとうまくいくよ|話してくれてもいいんだよ]",
     "[だいじょうぶですよ|元気を出してください|心配しないでください]、{!y+}。[そばにいますからね|きっとうまくいきますよ|話してくれてもいいんですよ]"),
    NIGHT,
    ("少し出かけていた{y}が、[息を切らして|手をふりながら|重そうなかばんを下げて]もどって<来る>。", True,
     "おかえり、{!y+}。[つかれたでしょう|遅かったね|待っていたよ]", "おかえりなさい、{!y+}。[つかれたでしょう|遅かったですね|待っていました]"),
    ("{y}は、[皿を落として|花びんをたおして|約束を忘れて|{x}の本をぬらして]<しまう>。", False,
     "[気にしないで|だいじょうぶだよ]、{!y+}。[だれにでもあることだよ|わざとではないんだから|次は気をつけようね]",
     "[気にしないでください|だいじょうぶですよ]、{!y+}。[だれにでもあることです|わざとではないんですから]"),
)
# Then, it happens to both, or is done by x, who speaks; or by y to x.
SEEN = (
    ("[急に外が静かに<なる>|雲の間から日が<さす>|遠くで鐘が<鳴る>|どこかで鳥が<鳴く>|空が赤く<なる>|風が少し強く<なる>]。", False,
     "[ねえ|ほら]、{!y+}。[何だか不思議だね|この感じが好きなんだ|気がついた？]", "[あの|ほら]、{!y+}。[何だか不思議ですね|この感じが好きなんです|気がつきましたか]"),
    ("{x}と{y}は、力を合わせて[はしごを<運ぶ>|かべを<直す>|大きな絵をかき<上げる>|重い戸を<開ける>]。", True,
     "[やったね|よかったね|ありがとう]、{!y+}。[二人ならできるね|思ったより早く終わったね]",
     "[やりましたね|よかったですね|ありがとうございます]、{!y+}。[二人ならできますね|思ったより早く終わりましたね]"),
    ("{x}は、[うっかり{y}の名前をまちがえて|大事な約束を忘れて|{y}の絵をよごして|{y}のコップをわって]<しまう>。", False,
     "ごめんね、{!y+}。[わざとではないんだ|これから気をつけるよ|許してくれる？]", "ごめんなさい、{!y+}。[わざとではないんです|これから気をつけます|許してください]"),
    ("{x}は、ずっとさがしていた[本|地図|指輪|手紙|古い写真]を<見つける>。", True,
     "[見て|聞いて|やっと見つけたよ]、{!y+}。[ここにあったよ|ずっとさがしていたんだ]",
     "[見てください|聞いてください|やっと見つけました]、{!y+}。[ここにありました|ずっとさがしていたんです]"),
    ("{x}は、[やっと仕事を<終える>|次にすることを<決める>|ポケットから紙を<出す>|少しの間、だまって<考える>]。", False,
     "[ねえ|さあ|聞いて]、{!y+}。[そろそろ始めよう|いい考えがあるんだ|次は何をしようか]",
     "[あの|さあ|聞いてください]、{!y+}。[そろそろ始めましょう|いい考えがあるんです|次は何をしましょうか]"),
    ("{y}が{x}に[小さな箱|一まいの紙|温かい飲み物|きれいな石|お弁当]を<わたす>。", True,
     "ありがとう、{!y+}。[大事にするよ|うれしいな|ちょうどほしかったんだ]", "ありがとうございます、{!y+}。[大事にします|うれしいです|ちょうどほしかったんです]"),
)
TURNS = """
    {x}は[{mood}|ふり返って|立ち止まって|ゆっくりと|{y}の顔を見て]<言う>。
    {x}は、{y}のほうを<向く>。
    {y}がふり向くと、{x}は[{mood}|すぐに|]<言う>。
    [そのとき|すると]、{x}が[{mood}|]<言う>。
    {x}は、[{mood}|静かに|ふと]口を<開く>。
"""
GLAD, GRAVE = "[手をたたいて|笑いながら|目を細めて|明るい声で]", "[顔を上げて|小さな声で|まっすぐ前を見て|少し考えてから]"
AFTER = """
    「{says}」と{x}は<言う>。
    「{says}」と、{x}は<言う>。
    「{says}」{x}は<言う>。
"""
ANSWERS = """
    {y}は[<うなずく>|手を<ふる>|大きく息を<つく>]。
    「{yes}」と{y}は<答える>。
    「{yes}」{y}は<答える>。
"""


def voice(draw: Draw, *, held_out: bool) -> Text:  # none is held out, for none is asked about
    """Two or three people; two to four times one speaks to another."""
    t = Teller(draw)
    kinds, polite_to = cast(t)
    t.slots |= {"place": draw.one(PLACES), "who": with_kinds(kinds)}
    t.tell(TOGETHER)
    scenes = draw.some(DONE + SEEN, draw.number(2, 4))
    for happens, glad, *tones in sorted(scenes, key=lambda scene: scene is NIGHT):
        x, y = draw.some([*kinds], 2)
        t.slots |= {"x": t.slots[x], "x+": t.slots[x + "+"], "y": t.slots[y], "y+": t.slots[y + "+"],
                    "says": tones[polite_to[y]], "mood": GLAD if glad else GRAVE,
                    "yes": "[はい|ええ]" if polite_to[x] else "[うん|ええ]"}
        t.tell(happens)
        by_whom = draw.weighted([(2, "before"), (1, "after"), (1, "not")])  # is the speaker named
        if not happens.startswith("{y}"):
            by_whom = "before"
        if by_whom == "before":
            t.tell(TURNS)
        t.tell(AFTER if by_whom == "after" else "「{says}」")
        if draw.chance(0.3):
            t.tell(ANSWERS)
    return Text("voice", t.text, t.cues)
