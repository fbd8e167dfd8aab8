"""Small sums: in digits, in kanji and words, and as word problems. Held out: pairs of summands."""

from tools.tiny_ja.draw import Draw, Probe, Text

DIGITS, KANJI, WORDS = 49, 49, 20  # the greatest summand in each

# a: the first summand, b: the second, c: their sum. A text keeps to one row.
WORDINGS = [  # adding, taking away
    ("{a}足す{b}は{c}です。", "{c}引く{a}は{b}です。"),
    ("{a}足す{b}は{c}。", "{c}引く{a}は{b}。"),
    ("{a}に{b}を足すと{c}になります。", "{c}から{a}を引くと{b}になります。"),
    ("{a}足す{b}はいくつですか。{c}です。", "{c}引く{a}はいくつですか。{b}です。"),
]
TITLES = {"+": ["たし算です。", "たし算の練習です。", "数を足しましょう。", "たし算をします。"],
          "-": ["ひき算です。", "ひき算の練習です。", "数を引きましょう。", "ひき算をします。"],
          "±": ["計算の練習です。", "計算をしましょう。", "たし算とひき算です。", "たし算とひき算をします。"]}

FRUIT = ["りんご", "みかん", "いちご", "レモン", "桃", "柿", "たまご", "おにぎり", "あめ", "クッキー", "トマト", "栗"]
LONG = ["鉛筆", "色鉛筆", "クレヨン", "ペン", "筆"]
FLAT = ["折り紙", "画用紙", "カード", "シール", "切手", "はがき"]
BOOKS = ["本", "ノート", "絵本", "図鑑", "アルバム"]
VEGETABLES = ["にんじん", "きゅうり", "なす", "大根"]
FLOWERS = ["チューリップ", "コスモス", "ゆり", "ばら"]
BEADS = ["ビー玉", "おはじき", "どんぐり", "貝がら", "ビーズ", "小石"]
NAMES = ["はるさん", "ゆきさん", "けんさん", "みおさん", "そらさん", "りくさん", "あおいさん", "まりさん", "たけしさん"]

# things, their counter, ways to say that there are more, and ways to say that some are gone
STORIES = [
    (FRUIT, "個", ["かごに{x}が{a}個あります。{b}個もらいました。全部で{c}個です。",
                   "{x}が{a}個あります。{b}個買ってきました。全部で{c}個になりました。",
                   "{x}を、昨日は{a}個、今日は{b}個配りました。合わせて{c}個配りました。",
                   "{n}は{x}を{a}個、{m}は{b}個持っています。二人合わせて{c}個です。"],
     ["店に{x}が{c}個ありました。{a}個売れました。残りは{b}個です。",
      "{n}は{x}を{c}個持っていました。{m}に{a}個あげました。残りは{b}個です。"]),
    (BEADS, "個", ["{n}は{x}を{a}個、{m}は{b}個持っています。二人合わせて{c}個です。",
                   "箱に{x}が{a}個入っています。{b}個入れました。全部で{c}個になりました。"],
     ["箱に{x}が{c}個入っています。{a}個出しました。残りは{b}個です。",
      "{n}は{x}を{c}個持っていました。{m}に{a}個あげました。残りは{b}個です。"]),
    (LONG, "本", ["机の上に{x}が{a}本あります。引き出しには{b}本あります。全部で{c}本です。",
                  "{n}は{x}を{a}本持っています。{m}から{b}本もらいました。全部で{c}本です。"],
     ["{x}が{c}本あります。{a}本使いました。使っていないのは{b}本です。",
      "{x}が{c}本ありました。{m}に{a}本貸しました。残りは{b}本です。"]),
    (VEGETABLES, "本", ["畑で{x}を、昨日は{a}本、今日は{b}本とりました。合わせて{c}本です。",
                        "大きい{x}が{a}本、小さい{x}が{b}本あります。全部で{c}本です。"],
     ["{x}が{c}本ありました。料理に{a}本使いました。残りは{b}本です。"]),
    (FLOWERS, "本", ["赤い{x}が{a}本、白い{x}が{b}本あります。合わせて{c}本です。",
                     "{x}が{a}本咲いていました。次の日、また{b}本咲きました。全部で{c}本になりました。"],
     ["{x}が{c}本あります。赤いのは{a}本で、残りは白です。白いのは{b}本です。"]),
    (FLAT, "枚", ["{n}は{x}を{a}枚持っています。{m}から{b}枚もらいました。全部で{c}枚です。",
                  "青い{x}が{a}枚、黄色い{x}が{b}枚あります。合わせて{c}枚です。"],
     ["{x}が{c}枚あります。{a}枚使いました。残りは{b}枚です。",
      "{n}は{x}を{c}枚持っていました。{m}に{a}枚あげました。残りは{b}枚です。"]),
    (BOOKS, "冊", ["棚に{x}が{a}冊あります。机の上には{b}冊あります。全部で{c}冊です。",
                   "{x}が{a}冊ありました。新しく{b}冊買いました。全部で{c}冊になりました。"],
     ["棚に{x}が{c}冊ありました。{n}が{a}冊持っていきました。残りは{b}冊です。"]),
    (["めだか", "金魚", "小さな魚"], "匹", ["水そうに{x}が{a}匹います。{b}匹入れました。全部で{c}匹になりました。",
                                            "池に{x}が{a}匹、水そうに{b}匹います。合わせて{c}匹です。"],
     ["水そうに{x}が{c}匹いました。池に{a}匹移しました。残りは{b}匹です。"]),
    (["ねこ", "犬", "さる", "きつね"], "匹", ["大人の{x}が{a}匹、子どもの{x}が{b}匹います。合わせて{c}匹です。",
                                              "{x}が{a}匹います。あとから{b}匹来ました。全部で{c}匹になりました。"],
     ["{x}が{c}匹います。外で遊んでいるのは{a}匹で、残りは寝ています。寝ているのは{b}匹です。"]),
    (["すずめ", "はと", "からす", "めじろ"], "羽", ["木に{x}が{a}羽止まっています。{b}羽飛んできました。全部で{c}羽になりました。",
                                                    "屋根に{x}が{a}羽、木に{b}羽います。合わせて{c}羽です。"],
     ["木に{x}が{c}羽止まっていました。{a}羽飛んでいきました。残りは{b}羽です。"]),
    (["子ども", "人"], "人", ["公園に{x}が{a}人います。あとから{b}人来ました。みんなで{c}人になりました。",
                              "バスに{x}が{a}人乗っています。次のバス停で{b}人乗ってきました。みんなで{c}人になりました。"],
     ["公園に{x}が{c}人いました。{a}人帰りました。残っているのは{b}人です。",
      "バスに{x}が{c}人乗っていました。次のバス停で{a}人降りました。乗っているのは{b}人です。"]),
    (["車", "バス", "トラック"], "台", ["駐車場に{x}が{a}台止まっています。{b}台入ってきました。全部で{c}台になりました。",
                                        "白い{x}が{a}台、青い{x}が{b}台あります。合わせて{c}台です。"],
     ["駐車場に{x}が{c}台止まっていました。{a}台出ていきました。残りは{b}台です。"]),
]


def held_out_pair(a: int, b: int) -> bool:
    """Whether train never adds the two, in either order and in no form: one pair in eleven."""
    return (3 * min(a, b) + 7 * max(a, b)) % 11 == 5


def pairs(low: int, high: int, *, held_out: bool) -> list[tuple[int, int]]:
    """All pairs of summands from low to high, in order, of the one part or the other."""
    numbers = range(low, high + 1)
    return [(a, b) for a in numbers for b in numbers if held_out_pair(a, b) == held_out]


PAIRS = {(low, high, held_out): pairs(low, high, held_out=held_out)
         for low, high in [(0, 9), (0, 20), (0, DIGITS), (1, KANJI), (1, WORDS)] for held_out in (False, True)}


def kanji(number: int) -> str:
    """The number, from 1 to 99, in kanji."""
    tens, ones = divmod(number, 10)
    return ("" if tens < 2 else "一二三四五六七八九"[tens - 1]) + "十" * (tens > 0) + " 一二三四五六七八九"[ones].strip()


def sum_text(draw: Draw, *, held_out: bool) -> Text:
    """A text of sums in one of the three forms."""
    make = draw.weighted([(5, in_digits), (4, in_kanji), (1, in_words)])
    return make(draw, held_out)


def _signs(draw: Draw, count: int) -> tuple[str, list[str]]:
    """What the text does ("+", "-" or "±", both) and the sign of each of its sums."""
    does = draw.weighted([(7, "+"), (1.5, "-"), (1.5, "±")])
    return does, [draw.one("+-") if does == "±" else does for _ in range(count)]


def in_digits(draw: Draw, held_out: bool) -> Text:
    """6 to 14 sums such as 27+15=42, on one line or each on its own."""
    low, high = draw.weighted([(2, (0, 9)), (2, (0, 20)), (6, (0, DIGITS))])
    found = PAIRS[low, high, held_out]
    count = draw.number(6, min(14, len(found)))
    does, signs = _signs(draw, count)
    between, end = draw.one([("、", "。"), ("\n", "")])
    text, cues = draw.one(TITLES[does]) + "\n" if draw.chance(0.3) else "", []
    for (a, b), sign in zip(draw.some(found, count), signs, strict=True):
        asked, answer = (f"{a}+{b}=", str(a + b)) if sign == "+" else (f"{a + b}-{a}=", str(b))
        text += asked
        cues.append((len(text), answer))
        text += answer + between
    return Text("sum", text.removesuffix(between) + end, cues)


def in_kanji(draw: Draw, held_out: bool) -> Text:
    """6 to 10 sums such as 三足す五は八です。"""
    count = draw.number(6, 10)
    does, signs = _signs(draw, count)
    wordings = draw.one(WORDINGS)
    between = draw.one(["", "\n"])
    text, cues = draw.one(TITLES[does]) + between if draw.chance(0.3) else "", []
    for (a, b), sign in zip(draw.some(PAIRS[1, KANJI, held_out], count), signs, strict=True):
        wording, asked = (wordings[0], "{c}") if sign == "+" else (wordings[1], "{b}")
        values = {"a": kanji(a), "b": kanji(b), "c": kanji(a + b)}
        place = wording.rindex(asked)
        text += wording[:place].format_map(values)
        cues.append((len(text), values[asked[1]]))
        text += wording[place:].format_map(values) + between
    return Text("sum", text.removesuffix("\n"), cues)


def in_words(draw: Draw, held_out: bool) -> Text:
    """Two to four word problems; in some texts each asks first, and answers with its sum in digits."""
    asks = draw.chance(0.5)
    text, cues = "", []
    for things, counter, more, fewer in draw.some(STORIES, draw.number(2, 4)):
        a, b = draw.one(PAIRS[1, WORDS, held_out])
        adds = draw.chance(0.7)
        story = draw.one(more if adds else fewer)
        n, m = draw.some(NAMES, 2) if "{m}" in story else [draw.one(NAMES)] * 2 if "{n}" in story else ["", ""]
        line = story.format(a=a, b=b, c=a + b, x=draw.one(things), n=n, m=m)
        asked, answer = (f"{a}+{b}=", str(a + b)) if adds else (f"{a + b}-{a}=", str(b))
        place = line.rindex(answer + counter)
        if asks:
            line = f"{line[:place]}何{line[place + len(answer):-1]}か。式は{asked}"
            place = len(line)
            line += f"{answer}、答えは{answer}{counter}です。"
        cues.append((len(text) + place, answer))
        text += line + "\n"
    return Text("sum", text.removesuffix("\n"), cues)


def sum_probes() -> list[Probe]:
    """Every held-out pair in digits, after three sums of train; the answer ends with its mark."""
    shown, asked = PAIRS[0, DIGITS, False], PAIRS[0, DIGITS, True]
    return [Probe("".join(f"{x}+{y}={x + y}、" for x, y in _before(shown, place)) + f"{a}+{b}=", f"{a + b}、")
            for place, (a, b) in enumerate(asked)]


def kanji_probes() -> list[Probe]:
    """Every held-out pair in kanji, after three sums of train; the answer ends with its mark."""
    shown, asked = PAIRS[1, KANJI, False], PAIRS[1, KANJI, True]
    return [Probe("".join(f"{kanji(x)}足す{kanji(y)}は{kanji(x + y)}です。" for x, y in _before(shown, place))
                  + f"{kanji(a)}足す{kanji(b)}は", f"{kanji(a + b)}です。")
            for place, (a, b) in enumerate(asked)]


def _before(shown: list[tuple[int, int]], place: int) -> list[tuple[int, int]]:
    """Three sums to stand before the probe at that place, far from each other and always the same."""
    return [shown[(389 * (3 * place + step)) % len(shown)] for step in range(3)]
