"""Verbs, adjectives and the copula in plain and polite style.

Words are given in their dictionary form. The last sign says what a word is: い an adjective, だ the
copula (after a noun or a na-adjective: きれいだ, 友だちだ), anything else a verb.
"""

from functools import lru_cache

# The rows of a godan verb's last sign: before ない, before ます, before ば, before う.
ROWS = {
    "う": "わいえお", "く": "かきけこ", "ぐ": "がぎげご", "す": "さしせそ", "つ": "たちてと",
    "ぬ": "なにねの", "ぶ": "ばびべぼ", "む": "まみめも", "る": "らりれろ",
}
ONBIN = {
    "う": ("って", "った"), "つ": ("って", "った"), "る": ("って", "った"), "く": ("いて", "いた"), "ぐ": ("いで", "いだ"),
    "す": ("して", "した"), "ぬ": ("んで", "んだ"), "ぶ": ("んで", "んだ"), "む": ("んで", "んだ"),
}
I_AND_E = "いきぎしじちぢにひびぴみりえけげせぜてでねへべぺめれ"
GODAN_IN_KANA = ("しゃべる", "すべる", "まいる", "ひねる", "いじる", "かじる", "ちぎる", "めくる", "にぎる")
ICHIDAN_IN_KANJI = ("見る", "着る", "寝る", "出る", "煮る", "似る", "得る")
FORMS = ("る", "た", "ない", "なかった", "ている", "ていた", "よう")


@lru_cache(None)
def group(verb: str) -> str:
    """What a verb is: "godan", "ichidan", "する" or "くる"."""
    if verb.endswith("する"):
        return "する"
    if verb in ("くる", "来る") or verb.endswith(("てくる", "でくる", "て来る", "で来る")):
        return "くる"
    if verb.endswith(GODAN_IN_KANA) or not verb.endswith("る"):
        return "godan"
    return "ichidan" if verb.endswith(ICHIDAN_IN_KANJI) or verb[-2] in I_AND_E else "godan"


def _base(verb: str, column: int) -> str:
    """The verb before ない (0), ます (1), ば (2) or う (3)."""
    kind = group(verb)
    if kind == "godan":
        return verb[:-1] + ROWS[verb[-1]][column]
    if kind == "ichidan":
        return verb[:-1] + ("", "", "れ", "よ")[column]
    if kind == "する":
        return verb[:-2] + ("し", "し", "すれ", "しよ")[column]
    if verb.endswith("来る"):
        return verb[:-1] + ("", "", "れ", "よ")[column]
    return verb[:-2] + ("こ", "き", "くれ", "こよ")[column]


def stem(verb: str) -> str:
    """The stem before ます: 書き, 食べ, し."""
    return _base(verb, 1)


def _after_sound_change(verb: str, which: int) -> str:
    """The て form (0) or the plain past (1)."""
    if group(verb) != "godan":
        return stem(verb) + "てた"[which]
    if verb.endswith(("行く", "いく")):
        return verb[:-1] + ("って", "った")[which]
    return verb[:-1] + ONBIN[verb[-1]][which]


def te(word: str) -> str:
    """The て form: 書いて, 赤くて, 静かで."""
    if word.endswith("い"):
        return _adjective(word) + "くて"
    return word[:-1] + "で" if word.endswith("だ") else _after_sound_change(word, 0)


def past(word: str) -> str:
    """The plain past: 書いた, 赤かった, 静かだった."""
    if word.endswith("い"):
        return _adjective(word) + "かった"
    return word[:-1] + "だった" if word.endswith("だ") else _after_sound_change(word, 1)


def negative(word: str) -> str:
    """The plain negative: 書かない, 赤くない, 静かではない."""
    if word.endswith("い"):
        return _adjective(word) + "くない"
    if word.endswith("だ"):
        return word[:-1] + "ではない"
    return word[:-2] + "ない" if word.endswith("ある") else _base(word, 0) + "ない"


def volitional(verb: str) -> str:
    """書こう, 食べよう, しよう."""
    return _base(verb, 3) + "う"


def conditional(word: str) -> str:
    """書けば, 食べれば, 赤ければ."""
    return _adjective(word) + "ければ" if word.endswith("い") else _base(word, 2) + "ば"


def _adjective(word: str) -> str:
    """An adjective without its い; いい is よい when it changes."""
    return word[:-2] + "よ" if word == "いい" or word.endswith(("がいい", "のいい", "もいい", "はいい")) else word[:-1]


@lru_cache(None)
def ending(word: str, form: str, polite: bool) -> str:
    """The word as it ends a sentence: form is one of FORMS."""
    if form in ("ている", "ていた"):
        word, form = te(word) + "いる", "た" if form == "ていた" else "る"
    if not polite:
        return {"る": lambda: word, "た": lambda: past(word), "ない": lambda: negative(word),
                "なかった": lambda: past(negative(word)), "よう": lambda: volitional(word)}[form]()
    if word == "ない":
        return "ありません" if form == "る" else "ありませんでした"
    if word.endswith("い"):
        base = _adjective(word)
        return {"る": word + "です", "た": base + "かったです", "ない": base + "くありません",
                "なかった": base + "くありませんでした"}[form]
    if word.endswith("だ"):
        return word[:-1] + {"る": "です", "た": "でした", "ない": "ではありません",
                            "なかった": "ではありませんでした"}[form]
    return stem(word) + {"る": "ます", "た": "ました", "ない": "ません", "なかった": "ませんでした",
                         "よう": "ましょう"}[form]
