"""What do_clean_text does to a normalised text: URLs, dates, prices … become one tag each.

One kind after the other, each in the text that the one before left (quirk 25). Profile hf follows
transformers 5.23.0, whose price pattern has been possessive since CVE-2025-1194; profile original
follows Japanese-BPEEncoder_V2, whose own transformers had before that and which takes exponential
time on digits and commas. The patterns say what is meant; clean_linear.py does it in linear time.
"""

import re
import string

URL = r"(?:https?|ftp)://[-_.!~*'()a-zA-Z0-9;/?:@&=+$,%#]+"
LOCAL = string.ascii_letters + string.digits + "._+"  # the characters before the @
DOMAIN = r"@[-_0-9A-Za-z]+(?:\.[A-Za-z]+)*"
TELEPHONE = r"\(?[0-9]{2,4}[-()]?[0-9]{2,4}[-)]?[0-9]{3,4}"

YEAR, MONTH, DAY = r"[12]\d{3}[-/年]", r"(?:0?[1-9]|1[0-2])", r"(?:0?[1-9]|[12][0-9]|3[01])"
ERA = r"(?:明治|大正|昭和|平成|令和|[㍾㍽㍼㍻㋿])"
TIME = r"(?:\d{1,2}|:|\([日月火水木金土]\)|[㈰㈪㈫㈬㈭㈮㈯])*+"  # 時 and 分 are never reached

NUMBER = r"(?:0|[1-9]\d*|[1-9]\d{0,2}(?:,\d{3})+)"
CURRENCY, TAX = r"(?:円|ドル|ユーロ)", r"(?:\(税込\)|\(税抜\)|\+tax)"
PAID = rf"(?:(?:千|万|千万)?{CURRENCY})++{TAX}*+"
PRICE = {
    "hf": r"(?:\d,\d{3}|[\d億])*+(?:\d,\d{3}|[\d万])*+(?:\d,\d{3}|[\d千])*+" + PAID,
    "original": rf"(?:{NUMBER}*億)*(?:{NUMBER}*万)*(?:{NUMBER}*千)*{NUMBER}*" + PAID,
}

BLOCK = r"(?:<BLOCK>|[─-▟])++"  # box drawing and block elements, and what was a tag already


def patterns(profile_name: str) -> list[tuple[str, str, str]]:
    """The kinds in their order: name, pattern, tag."""
    return [
        ("URL", URL, "<URL>"),
        ("e-mail", f"[{LOCAL}]*{DOMAIN}", "<EMAIL>"),
        ("telephone", TELEPHONE, "<TEL>"),
        ("date", rf"(?:{YEAR})*{MONTH}[-/月](?:{DAY}日?)*{TIME}", "<DATE>"),
        ("era date", rf"{ERA}\d{{1,2}}年{MONTH}月{DAY}日{TIME}", "<DATE>"),
        ("price", PRICE[profile_name], "<PRICE>"),
        ("block", BLOCK, "<BLOCK>"),
    ]


def clean(text: str, profile_name: str) -> str:
    """A normalised text with a tag for each URL, e-mail address, telephone number and so on."""
    for _, pattern, tag in patterns(profile_name):
        text = re.sub(pattern, tag, text)
    return text
