"""Questions and answers: prefectures and their capitals, weekdays, months, seasons.

All there is to ask is one table, written out when the module is read. Held out are combinations of
a wording and what it asks about; train asks for every fact in other words. 東京都 is treated as
the others are: its 都庁所在地 is 新宿区.
"""

from dataclasses import dataclass

from tools.tiny_ja.draw import Draw, Probe, Text

CAPITALS: str = """
北海道 札幌市  青森県 青森市  岩手県 盛岡市  宮城県 仙台市  秋田県 秋田市  山形県 山形市  福島県 福島市
茨城県 水戸市  栃木県 宇都宮市  群馬県 前橋市  埼玉県 さいたま市  千葉県 千葉市  東京都 新宿区  神奈川県 横浜市
新潟県 新潟市  富山県 富山市  石川県 金沢市  福井県 福井市  山梨県 甲府市  長野県 長野市  岐阜県 岐阜市
静岡県 静岡市  愛知県 名古屋市  三重県 津市  滋賀県 大津市  京都府 京都市  大阪府 大阪市  兵庫県 神戸市
奈良県 奈良市  和歌山県 和歌山市  鳥取県 鳥取市  島根県 松江市  岡山県 岡山市  広島県 広島市  山口県 山口市
徳島県 徳島市  香川県 高松市  愛媛県 松山市  高知県 高知市  福岡県 福岡市  佐賀県 佐賀市  長崎県 長崎市
熊本県 熊本市  大分県 大分市  宮崎県 宮崎市  鹿児島県 鹿児島市  沖縄県 那覇市
"""
CAPITAL = dict(zip(CAPITALS.split()[::2], CAPITALS.split()[1::2], strict=True))
WEEKDAYS = [day + "曜日" for day in "月火水木金土日"]
MONTHS = [month + "月" for month in [*"一二三四五六七八九十", "十一", "十二"]]
DAYS = {"ふつうの年の二月": "二十八", "うるう年の二月": "二十九",
        **{month + "月": "三十一" for month in ["一", "三", "五", "七", "八", "十", "十二"]},
        **{month + "月": "三十" for month in ["四", "六", "九", "十一"]}}
SEASONS = ["春", "夏", "秋", "冬"]
SIGNS = {
    "春": ["桜が咲く", "たんぽぽが咲く", "つばめが南の国から来る", "入学式がある", "つくしが出る", "草や木が芽を出す"],
    "夏": ["ひまわりが咲く", "せみがにぎやかに鳴く", "海で泳ぐ", "すいかがおいしい", "かぶとむしが木に集まる", "一年でいちばん暑い"],
    "秋": ["もみじが赤くなる", "稲を刈る", "栗を拾う", "すずむしが鳴く", "お月見をする", "いちょうの葉が黄色くなる"],
    "冬": ["雪だるまを作る", "池に氷が張る", "お正月がある", "こたつに入る", "手袋をして出かける", "一年でいちばん寒い"],
}

# A question and its answer. {x} is what is asked about, {a} what is to be known; others as the rows have them.
FORWARD = [
    ("{x}の{office}所在地はどこですか。", "{a}です。"),
    ("{x}の{office}はどこにありますか。", "{a}にあります。"),
    ("{x}の{office}がある{unit}はどこですか。", "{a}です。"),
    ("{x}の{office}所在地を教えてください。", "{a}です。"),
    ("{x}の{office}所在地は何という{unit}ですか。", "{a}です。"),
    ("{x}の{office}はどの{unit}にありますか。", "{a}にあります。"),
    ("{x}の{office}所在地の名前は何ですか。", "{a}です。"),
    ("{x}の{office}は何という{unit}にありますか。", "{a}にあります。"),
    ("{x}の{office}所在地がどこか、文で答えてください。", "{x}の{office}所在地は{a}です。"),
    ("{x}の{office}がどこにあるか、文で答えてください。", "{x}の{office}は{a}にあります。"),
]
BACKWARD = [
    ("{x}はどこの{office}所在地ですか。", "{a}です。"),
    ("{x}に{office}があるのはどこですか。", "{a}です。"),
    ("{office}が{x}にあるのはどこですか。", "{a}です。"),
    ("{x}はどの都道府県の{office}所在地ですか。", "{a}の{office}所在地です。"),
    ("{x}に{office}がある都道府県はどこですか。", "{a}です。"),
    ("{x}が{office}所在地になっているのはどこですか。", "{a}です。"),
    ("{x}にあるのはどこの{office}ですか。", "{a}の{office}です。"),
    ("{x}を{office}所在地とするのはどこですか。", "{a}です。"),
]


@dataclass(frozen=True)
class Family:
    """Questions of one kind: every wording goes with every row."""

    kind: str                           # "capital", "weekday", "month" or "season"
    wordings: list[tuple[str, str]]
    rows: list[dict[str, str]]


@dataclass(frozen=True)
class Pair:
    """A question, and its answer in three parts: before what is to be known, that, and after."""

    about: str
    question: str
    before: str
    known: str
    after: str


def shifted(names: list[str], step: int) -> list[dict[str, str]]:
    """Rows that ask for what comes so many steps after each, round and round."""
    return [{"x": name, "a": names[(place + step) % len(names)]} for place, name in enumerate(names)]


def office(prefecture: str) -> str:
    """都庁, 道庁, 府庁 or 県庁."""
    return prefecture[-1] + "庁"


FAMILIES = [
    Family("capital", FORWARD, [{"x": prefecture, "a": city, "office": office(prefecture), "unit": city[-1]}
                                for prefecture, city in CAPITAL.items()]),
    Family("capital", BACKWARD, [{"x": city, "a": prefecture, "office": office(prefecture)}
                                 for prefecture, city in CAPITAL.items()]),
    Family("weekday", [("{x}の次の日は何曜日ですか。", "{a}です。"), ("今日が{x}なら、明日は何曜日ですか。", "{a}です。"),
                       ("今日は{x}です。明日は何曜日ですか。", "{a}です。"), ("{x}の次は何曜日ですか。", "{a}です。"),
                       ("昨日は{x}でした。今日は何曜日ですか。", "{a}です。"), ("{x}の一日後は何曜日ですか。", "{a}です。")],
           shifted(WEEKDAYS, 1)),
    Family("weekday", [("{x}の前の日は何曜日ですか。", "{a}です。"), ("今日が{x}なら、昨日は何曜日でしたか。", "{a}でした。"),
                       ("今日は{x}です。昨日は何曜日でしたか。", "{a}でした。"), ("{x}の前は何曜日ですか。", "{a}です。"),
                       ("明日は{x}です。今日は何曜日ですか。", "{a}です。")],
           shifted(WEEKDAYS, -1)),
    Family("weekday", [("{x}の二日後は何曜日ですか。", "{a}です。"), ("今日が{x}なら、あさっては何曜日ですか。", "{a}です。"),
                       ("今日は{x}です。あさっては何曜日ですか。", "{a}です。"), ("おとといは{x}でした。今日は何曜日ですか。", "{a}です。")],
           shifted(WEEKDAYS, 2)),
    Family("weekday", [("{x}の二日前は何曜日ですか。", "{a}です。"), ("今日が{x}なら、おとといは何曜日でしたか。", "{a}でした。"),
                       ("今日は{x}です。おとといは何曜日でしたか。", "{a}でした。"), ("あさっては{x}です。今日は何曜日ですか。", "{a}です。")],
           shifted(WEEKDAYS, -2)),
    Family("weekday", [("{x}の三日後は何曜日ですか。", "{a}です。"), ("今日が{x}なら、三日後は何曜日ですか。", "{a}です。"),
                       ("今日は{x}です。三日後は何曜日ですか。", "{a}です。")], shifted(WEEKDAYS, 3)),
    Family("weekday", [("{x}の一週間後は何曜日ですか。", "{a}です。"), ("今日が{x}なら、七日後は何曜日ですか。", "{a}です。"),
                       ("今日は{x}です。来週の今日は何曜日ですか。", "{a}です。")], shifted(WEEKDAYS, 0)),
    Family("month", [("{x}の次の月は何月ですか。", "{a}です。"), ("今月が{x}なら、来月は何月ですか。", "{a}です。"),
                     ("今は{x}です。来月は何月ですか。", "{a}です。"), ("{x}の次は何月ですか。", "{a}です。"),
                     ("{x}が終わると、何月になりますか。", "{a}になります。")], shifted(MONTHS, 1)),
    Family("month", [("{x}の前の月は何月ですか。", "{a}です。"), ("今月が{x}なら、先月は何月でしたか。", "{a}でした。"),
                     ("今は{x}です。先月は何月でしたか。", "{a}でした。"), ("{x}の前は何月ですか。", "{a}です。")],
           shifted(MONTHS, -1)),
    Family("month", [("{x}の二か月後は何月ですか。", "{a}です。"), ("今は{x}です。二か月後は何月ですか。", "{a}です。"),
                     ("今月が{x}なら、再来月は何月ですか。", "{a}です。")], shifted(MONTHS, 2)),
    Family("month", [("{x}は何日までありますか。", "{a}日までです。"), ("{x}は何日ありますか。", "{a}日あります。"),
                     ("{x}の日数はどれだけですか。", "{a}日です。"), ("{x}の最後の日は何日ですか。", "{a}日です。")],
           [{"x": month, "a": days} for month, days in DAYS.items()]),
    Family("season", [("{x}の次の季節は何ですか。", "{a}です。"), ("{x}が終わると、どの季節になりますか。", "{a}になります。"),
                      ("{x}の次に来る季節はどれですか。", "{a}です。")], shifted(SEASONS, 1)),
    Family("season", [("{x}の前の季節は何ですか。", "{a}です。"), ("{x}が来る前は、どの季節でしたか。", "{a}でした。"),
                      ("{x}の一つ前の季節はどれですか。", "{a}です。")], shifted(SEASONS, -1)),
    Family("season", [("{x}は何月から何月までですか。", "{a}までです。"), ("{x}は何月から何月まで続きますか。", "{a}まで続きます。"),
                      ("{x}は何月から何月までの季節ですか。", "{a}までの季節です。")],
           [{"x": season, "a": f"{MONTHS[(3 * place + 2) % 12]}から{MONTHS[(3 * place + 4) % 12]}"}
            for place, season in enumerate(SEASONS)]),
    Family("season", [("{x}はどの季節ですか。", "{a}です。"), ("{x}は春、夏、秋、冬のどれですか。", "{a}です。"),
                      ("今は{x}です。今の季節は何ですか。", "{a}です。")],
           [{"x": month, "a": SEASONS[(place - 2) % 12 // 3]} for place, month in enumerate(MONTHS)]),
    Family("season", [("{x}のはどの季節ですか。", "{a}です。"), ("{x}季節はいつですか。", "{a}です。"), ("{x}のはいつですか。", "{a}です。"),
                      ("{x}のは、春、夏、秋、冬のどれですか。", "{a}です。")],
           [{"x": sign, "a": season} for season, signs in SIGNS.items() for sign in signs]),
]
LAYOUTS = [("問い:", "\n答え:", "\n"), ("問い:", "答え:", "\n"), ("", "", "\n"), ("「", "」「", "」\n")]
MIXES = [(5, ["capital"]), (1, ["weekday"]), (1, ["month"]), (1, ["season"]),
         (2, ["weekday", "month", "season"]), (2, ["capital", "weekday", "month", "season"])]


def held_out_wording(row: int, wording: int) -> bool:
    """Whether train never asks about that row in that wording: one in ten, and of ten wordings exactly one."""
    return (3 * row + wording) % 10 == 7


def pairs(family: Family, *, held_out: bool) -> list[Pair]:
    """All questions of the family that are held out, or all that are not."""
    found = []
    for number, row in enumerate(family.rows):
        for place, (question, answer) in enumerate(family.wordings):
            if held_out_wording(number, place) == held_out:
                before, after = answer.split("{a}")
                found.append(Pair(row["x"], question.format_map(row), before.format_map(row), row["a"], after.format_map(row)))
    return found


PAIRS = {held_out: [(family.kind, pairs(family, held_out=held_out)) for family in FAMILIES]
         for held_out in (False, True)}


def question(draw: Draw, *, held_out: bool) -> Text:
    """3 to 8 questions with their answers, in one of four layouts."""
    kinds = draw.weighted(MIXES)
    opening, middle, end = draw.one(LAYOUTS)
    text, cues, asked = "", [], set[tuple[str, str]]()
    count = draw.number(3, 8)
    while len(asked) < count:
        bits, kind = draw.bits, draw.one(kinds)
        pair = draw.one(draw.one([found for of, found in PAIRS[held_out] if of == kind and found]))
        if (pair.about, pair.known) in asked:  # no fact twice
            draw.bits = bits
            continue
        asked.add((pair.about, pair.known))
        spoken = opening == "「"  # inside 「」 the last 。 is not written
        text += opening + (pair.question.removesuffix("。") if spoken else pair.question) + middle + pair.before
        cues.append((len(text), pair.known))
        text += pair.known + (pair.after.removesuffix("。") if spoken else pair.after) + end
    return Text("question", text.removesuffix("\n"), cues)


def _probe(pair: Pair) -> Probe:
    """The question in the first layout, with all of the answer that is not to be known."""
    opening, middle, _ = LAYOUTS[0]
    return Probe(opening + pair.question + middle + pair.before, pair.known)


def capital_probes() -> list[Probe]:
    """All 47 capitals, each asked for in the one wording in which train never asks for it."""
    return [_probe(pair) for pair in pairs(FAMILIES[0], held_out=True)]


def other_probes() -> list[Probe]:
    """Weekdays, months and seasons, in the combinations that train never shows."""
    return [_probe(pair) for kind, found in PAIRS[True] if kind != "capital" for pair in found]
