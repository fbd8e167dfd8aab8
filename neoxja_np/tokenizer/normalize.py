"""What is done to a text before matching. Each step may lose something, by design (quirk 17)."""

from collections.abc import Mapping

REPLACEMENTS = {  # in this order
    " ": "<SP>", "\u3000": "<SP>",                     # space, ideographic space
    "\r\n": "<BR>", "\n": "<BR>", "\r": "<BR>", "\t": "<TAB>",
    "\u2014": "ー", "\u2212": "ー",                     # em dash, minus sign: the long-vowel mark
}


def normalize(text: str, emoji: Mapping[str, str]) -> str:
    """White space to tags, two dashes to ー, then every emoji and emoticon to the tag of its kind.

    Emoji go one after the other in the file's order, so an early key can take part of a later one.
    """
    for old, new in (*REPLACEMENTS.items(), *emoji.items()):
        text = text.replace(old, new)
    return text
