import itertools
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from neoxja_np.tokenizer.clean import clean, patterns
from neoxja_np.tokenizer.clean_linear import clean_linear, clean_rules
from neoxja_np.tokenizer.edits import apply

PROFILES = ("hf", "original")
KINDS = [name for name, _, _ in patterns("hf")]
SHORT = {  # every text of these characters, up to a length, is tried
    "URL": ("htp:/a。", 6), "e-mail": ("@a.-。", 6), "telephone": ("(1-)", 7), "date": ("10/年日2", 7),
    "era date": ("㍻1年月日", 6), "price": ("01,億万千円", 6), "block": ("<BLOCK>━a", 3),
}
PIECES = [  # what the patterns are about, whole and cut
    "http://", "https://a.jp/b?c=1", "ftp", "a", "me@a.co.jp", "@", ".", "_", "+", "03-1234-5678", "(03)", "1", "20",
    "123", "2024/", "2010/", "2024-", "1999年", "12月", "1/", "10-", "31日", "(月)", "㈪", ":", "時", "分", "平成",
    "㋿", "３", "٣", "年", "月", "日", ",000", ",", "0", "9,999", "億", "万", "千", "円", "ドル", "ユーロ", "千円",
    "万円", "千万円", "(税込)", "(税抜)", "+tax", "─", "█", "▟", "<BLOCK>", "<PRICE>", "<", "猫", "。",
]
AMOUNTS = st.sampled_from([*"0123456789,億万千円٣", "ドル", ",000", "1,000", "千万円", "+tax"])
DATES = st.sampled_from(["2024/", "2010/", "1012年", "1/", "10月", "12-", "3", "日", "٣", "時", "(日)", "猫"])
TEXTS = st.lists(st.sampled_from(PIECES) | st.characters(exclude_categories=["Cs"]), max_size=14).map("".join)


def plain(kind: str, profile: str, text: str) -> str:
    return next(re.sub(pattern, tag, text) for name, pattern, tag in patterns(profile) if name == kind)


def linear(kind: str, profile: str, text: str) -> str:
    return apply(text, dict(clean_rules(profile))[kind](text))


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_alone_on_every_short_text(kind: str, profile: str) -> None:
    characters, most = SHORT[kind]
    pattern, tag = next((re.compile(pattern), tag) for name, pattern, tag in patterns(profile) if name == kind)
    find = dict(clean_rules(profile))[kind]
    for size in range(most + 1):
        for text in map("".join, itertools.product(characters if kind != "block" else ["<BLOCK>", "━", "a", "<"],
                                                   repeat=size)):
            assert apply(text, find(text)) == pattern.sub(tag, text), text


@pytest.mark.parametrize("profile", PROFILES)
@given(text=TEXTS)
@settings(max_examples=1000)
def test_linear_is_plain(profile: str, text: str) -> None:
    assert clean_linear(text, profile) == clean(text, profile)


@pytest.mark.parametrize("profile", PROFILES)
@given(text=st.lists(AMOUNTS, max_size=14))
@settings(max_examples=2000)
def test_prices(profile: str, text: list[str]) -> None:
    assert linear("price", profile, "".join(text)) == plain("price", profile, "".join(text))


@given(st.lists(DATES, max_size=14))
@settings(max_examples=2000)
def test_dates(text: list[str]) -> None:
    assert linear("date", "hf", "".join(text)) == plain("date", "hf", "".join(text))


@pytest.mark.parametrize("profile", PROFILES)
def test_examples(profile: str) -> None:
    text = "http://a.jp/bでme@b.co.jpへ、03-1234-5678。2024年11月24日(日)10:30、令和6年4月1日に1,200円(税込)と5千万円━━█"
    cleaned = "<URL>で<EMAIL>へ、<TEL>。<DATE>、令和6年<DATE>に<PRICE>と<PRICE><BLOCK>"
    assert clean(text, profile) == clean_linear(text, profile) == cleaned


def test_the_profiles_differ_in_prices() -> None:
    for text, hf, original in (("1,000,000円", "1,<PRICE>", "<PRICE>"), ("٣円", "<PRICE>", "٣<PRICE>")):
        assert clean(text, "hf") == clean_linear(text, "hf") == hf
        assert clean(text, "original") == clean_linear(text, "original") == original


@given(st.lists(st.sampled_from(["平成", "㋿", "1", "10", "3", "年", "月", "日", "2024年"]), max_size=14).map("".join))
def test_an_era_date_comes_too_late(text: str) -> None:
    era, rules = patterns("hf")[4][1], dict(clean_rules("hf"))
    assert not re.search(era, apply(text, rules["date"](text)))  # its month and day became a date before


@pytest.mark.parametrize("profile", PROFILES)
def test_an_edit_changes_something_and_edits_stand_in_order(profile: str) -> None:
    text = "<BLOCK>a@b.c" * 3 + "1円2円3円千円━<BLOCK>2024/1/2024/2/<PRICE>"
    for _, find in clean_rules(profile):
        edits = find(text)
        assert all(text[edit.start:edit.end] != edit.new for edit in edits)
        assert all(one.end <= other.start for one, other in itertools.pairwise(edits))
