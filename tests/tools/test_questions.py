"""Questions: the facts are right, and train knows every one of them."""

import calendar

import pytest
from tools.tiny_ja.draw import Draw
from tools.tiny_ja.questions import (
    CAPITAL,
    DAYS,
    FAMILIES,
    MONTHS,
    PAIRS,
    SIGNS,
    WEEKDAYS,
    capital_probes,
    other_probes,
    pairs,
    question,
)

SEEDS = range(1000)
# where the capital does not bear the prefecture's name
OTHER_NAMES = {
    "北海道": "札幌市", "岩手県": "盛岡市", "宮城県": "仙台市", "茨城県": "水戸市", "栃木県": "宇都宮市",
    "群馬県": "前橋市", "埼玉県": "さいたま市", "東京都": "新宿区", "神奈川県": "横浜市", "石川県": "金沢市",
    "山梨県": "甲府市", "愛知県": "名古屋市", "三重県": "津市", "滋賀県": "大津市", "兵庫県": "神戸市",
    "島根県": "松江市", "香川県": "高松市", "愛媛県": "松山市", "沖縄県": "那覇市",
}


def test_the_47_capitals() -> None:
    assert len(CAPITAL) == len(set(CAPITAL.values())) == 47
    for prefecture, city in CAPITAL.items():
        assert city == OTHER_NAMES.get(prefecture, prefecture[:-1] + "市")
    assert [name for name in CAPITAL if name[-1] != "県"] == ["北海道", "東京都", "京都府", "大阪府"]


def test_days_of_the_months() -> None:
    number = {"二十八": 28, "二十九": 29, "三十": 30, "三十一": 31}
    for month, name in enumerate(MONTHS, 1):
        if month != 2:
            assert number[DAYS[name]] == calendar.monthrange(2023, month)[1]
    assert (DAYS["ふつうの年の二月"], DAYS["うるう年の二月"]) == ("二十八", "二十九")
    assert len(DAYS) == 13


def answers(about: str, asked: str) -> set[str]:
    """All that is known in answer to a question of which these words are part."""
    return {pair.known for held in (False, True) for _, found in PAIRS[held] for pair in found
            if pair.about == about and asked in pair.question}


def test_weekdays_months_and_seasons() -> None:
    assert WEEKDAYS[0] == "月曜日"
    assert answers("日曜日", "次の日") == {"月曜日"}
    assert answers("月曜日", "前の日") == {"日曜日"}
    assert answers("土曜日", "二日後") == {"月曜日"}
    assert answers("金曜日", "あさっては金曜日") == {"水曜日"}
    assert answers("木曜日", "おとといは木曜日") == {"土曜日"}
    assert answers("十二月", "次の月") == {"一月"}
    assert answers("一月", "前の月") == {"十二月"}
    assert answers("春", "何月から何月") == {"三月から五月"}
    assert answers("冬", "何月から何月") == {"十二月から二月"}
    assert answers("冬", "次の季節") == {"春"}
    assert {month: answers(month, "どの季節ですか") for month in ("二月", "三月", "六月", "十一月")} == {
        "二月": {"冬"}, "三月": {"春"}, "六月": {"夏"}, "十一月": {"秋"}}
    assert all(answers(sign, "のはどの季節") <= {season} for season, signs in SIGNS.items() for sign in signs)


def test_no_question_has_two_answers() -> None:
    known: dict[str, str] = {}
    for held in (False, True):
        for _, found in PAIRS[held]:
            for pair in found:
                whole = pair.before + pair.known + pair.after
                assert known.setdefault(pair.question, whole) == whole


def test_held_out_is_apart_about_a_tenth_and_every_fact_is_in_train() -> None:
    for family in FAMILIES:
        train, held = pairs(family, held_out=False), pairs(family, held_out=True)
        assert not {pair.question for pair in train} & {pair.question for pair in held}
        assert {pair.about for pair in train} == {row["x"] for row in family.rows}
    sizes = {held: sum(len(found) for _, found in PAIRS[held]) for held in (False, True)}
    assert 0.08 < sizes[True] / (sizes[False] + sizes[True]) < 0.13


@pytest.mark.parametrize("held_out", [False, True])
def test_a_text_asks_only_what_is_of_its_part(held_out: bool) -> None:
    other = [pair.question.removesuffix("。") for _, found in PAIRS[not held_out] for pair in found]
    for seed in SEEDS:
        text = question(Draw(seed), held_out=held_out)
        assert 3 <= len(text.cues) <= 8
        assert all(text.text.startswith(answer, place) for place, answer in text.cues)
        for line in text.text.split("\n"):
            asked = line.removeprefix("問い:").removeprefix("「")
            assert not any(asked.startswith(one) if held_out else one in asked for one in other), line


def test_probes() -> None:
    assert [probe.answer for probe in capital_probes()] == list(CAPITAL.values())
    for probe in [*capital_probes(), *other_probes()]:
        assert probe.prompt.startswith("問い:")
        assert "\n答え:" in probe.prompt
    trained = "\n".join(question(Draw(seed), held_out=False).text for seed in SEEDS)
    assert not any(probe.prompt in trained for probe in [*capital_probes(), *other_probes()])


def test_the_same_seed_gives_the_same_text() -> None:
    assert [question(Draw(s), held_out=False) for s in SEEDS] == [question(Draw(s), held_out=False) for s in SEEDS]
