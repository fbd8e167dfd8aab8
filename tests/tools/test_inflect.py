"""Inflection, against tables written by hand."""

import pytest
from tools.tiny_ja import inflect

VERBS = """
書く 書いて 書いた 書かない 書きます 書こう 書けば
行く 行って 行った 行かない 行きます 行こう 行けば
泳ぐ 泳いで 泳いだ 泳がない 泳ぎます 泳ごう 泳げば
話す 話して 話した 話さない 話します 話そう 話せば
待つ 待って 待った 待たない 待ちます 待とう 待てば
死ぬ 死んで 死んだ 死なない 死にます 死のう 死ねば
遊ぶ 遊んで 遊んだ 遊ばない 遊びます 遊ぼう 遊べば
読む 読んで 読んだ 読まない 読みます 読もう 読めば
帰る 帰って 帰った 帰らない 帰ります 帰ろう 帰れば
走る 走って 走った 走らない 走ります 走ろう 走れば
笑う 笑って 笑った 笑わない 笑います 笑おう 笑えば
すべる すべって すべった すべらない すべります すべろう すべれば
食べる 食べて 食べた 食べない 食べます 食べよう 食べれば
見る 見て 見た 見ない 見ます 見よう 見れば
かくれる かくれて かくれた かくれない かくれます かくれよう かくれれば
いる いて いた いない います いよう いれば
ある あって あった ない あります あろう あれば
する して した しない します しよう すれば
そうじする そうじして そうじした そうじしない そうじします そうじしよう そうじすれば
来る 来て 来た 来ない 来ます 来よう 来れば
出てくる 出てきて 出てきた 出てこない 出てきます 出てこよう 出てくれば
帰っていく 帰っていって 帰っていった 帰っていかない 帰っていきます 帰っていこう 帰っていけば
"""
ENDINGS = """
歩く た 歩いた 歩きました
歩く ている 歩いている 歩いています
歩く ていた 歩いていた 歩いていました
歩く ない 歩かない 歩きません
歩く なかった 歩かなかった 歩きませんでした
歩く よう 歩こう 歩きましょう
うまくいく た うまくいった うまくいきました
ある なかった なかった ありませんでした
ない た なかった ありませんでした
赤い る 赤い 赤いです
赤い た 赤かった 赤かったです
赤い ない 赤くない 赤くありません
いい た よかった よかったです
友だちだ る 友だちだ 友だちです
静かだ た 静かだった 静かでした
静かだ なかった 静かではなかった 静かではありませんでした
"""


@pytest.mark.parametrize("row", VERBS.split("\n")[1:-1])
def test_verbs(row: str) -> None:
    verb, te, past, negative, polite, volitional, conditional = row.split()
    assert inflect.te(verb) == te
    assert inflect.past(verb) == past
    assert inflect.negative(verb) == negative
    assert inflect.stem(verb) + "ます" == inflect.ending(verb, "る", True) == polite
    assert inflect.volitional(verb) == volitional
    assert inflect.conditional(verb) == conditional


@pytest.mark.parametrize("row", ENDINGS.split("\n")[1:-1])
def test_endings(row: str) -> None:
    word, form, plain, polite = row.split()
    assert inflect.ending(word, form, False) == plain
    assert inflect.ending(word, form, True) == polite


def test_adjectives_join_with_te() -> None:
    assert [inflect.te(word) for word in ("赤い", "いい", "静かだ")] == ["赤くて", "よくて", "静かで"]
