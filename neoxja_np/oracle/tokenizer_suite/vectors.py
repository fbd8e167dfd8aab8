"""Test vectors: texts, their ids in both profiles, and what those decode to.

A line of vectors.jsonl is a record of vectors.schema.json. The texts follow from a vocabulary: each
class of row and of code point alone, repeated, and beside each other class on both sides; every
emoji key; bytes cut short; white space; tags as text. Written by tools/tokenizer_vectors.py, never
edited. For the 32k vocabulary of Japanese-BPEEncoder_V2, which is not ours to hand on, the file has
ids alone; the texts are made from the user's copy, known by its SHA-256.
"""

import hashlib
import json
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

from neoxja_np.tokenizer.normalize import REPLACEMENTS
from neoxja_np.tokenizer.pretrained import GPTNeoXJapaneseTokenizer
from neoxja_np.tokenizer.subword import SYMBOL_RANGES, is_tag

HERE = Path(__file__).parent
SMALL = HERE / "small"
LARGE_SHA256 = {  # of the files of Japanese-BPEEncoder_V2 that large.jsonl belongs to
    "vocab.txt": "c0a10ea131b21c852a2633169fffdc89a8ac4b9604862c23c96b3d7b2603dee9",
    "emoji.json": "9f317e0456bf67a5d6b07b306a44def1ab166dfcc83b79b335b26217be0a6169",
}
SCRIPTS = ("HIRAGANA", "KATAKANA", "CJK UNIFIED IDEOGRAPH", "FULLWIDTH", "HALFWIDTH",
           "LATIN", "DIGIT")
CODE_POINTS = {  # classes that do not depend on a vocabulary, with a few characters of each
    "control": "\0\x1b\x7f\x85", "white space": " \u3000\t\n\r",
    "other space": "\u2003\u1680\ufeff", "dash": "—−",
    "range edge": "".join(chr(code) for _, *edges in SYMBOL_RANGES for code in edges),
    "beyond a range": "\xa0\xc0\u01bf\u01c4\u02b8\u0363\u1fff\u2c00",
    "combining": "\u0301\u0363\u3099", "hangul": "한가힣", "cyrillic": "Жя",
    "beyond the BMP": "𠮟𩸽🀀", "private use": "\ue000\U0010fffd",
    "no character": "\ufffe\U0010ffff", "replacement": "\ufffd", "compatibility": "㌔ﬁ㍿",
}
WRITTEN = (  # by hand
    "吾輩は猫である🐯。実は慶応(慶應)大学出身", "人とAIが協調するためには、",
    "\r\n\r\n\n\r", "a\r\nb\rc\nd\te", " 前後 ", "<SP><BR><TAB>",
    "<|endoftext|>と<|startoftext|>", "<|byte227|><|byte129|>", "<", "<<", "<|", "<SP", "SP>",
    "<S<SP>P>", "<|emoji1|>", "<URL>", "a,b,,c", ",", "", "e\u0301é", "か\u3099が", "ｶﾞｷﾞ",
    "(^^)(^^", "m(_ _)m", "👩\u200d🍳👩🍳", "🏳\ufe0f\u200d🌈",
)


@dataclass(frozen=True)
class Case:
    """What a vector asks: the ids and the decoded text of `text`, or what `ids` decode to."""

    id: str
    comment: str
    text: str | None
    ids: list[int] | None = None


def classify(row: list[str], token_id: int, tokenizer: GPTNeoXJapaneseTokenizer) -> str:
    """The class of a row, by what an implementation may get wrong about it."""
    surface = row[0]
    if row == [","]:
        return "the comma row"
    if surface.startswith("<|byte"):
        return "byte"
    if surface.startswith("<|emoji"):
        return "emoji tag"
    if surface in tokenizer.all_special_tokens:
        return "special token"
    if is_tag(surface):
        return "tag"
    if tokenizer.vocabulary.ids[surface] != token_id:
        return "surface of a later row"
    kinds = {script(character) for character in surface}
    name = f"{len(surface)} {kinds.pop() if len(kinds) == 1 else 'mixed'}"
    if tokenizer.encode(surface) != [token_id]:
        name += ", not reached"
    return name + (" with variants" if len(row) > 1 else "")


def script(character: str) -> str:
    """The first words of a character's name."""
    name = unicodedata.name(character, "no name")
    for known in SCRIPTS:
        if name.startswith(known):
            return known.lower()
    return "symbol"


def classes(tokenizer: GPTNeoXJapaneseTokenizer) -> dict[str, list[str]]:
    """A few texts of each class of row, variant and code point."""
    found: dict[str, list[str]] = {}
    for token_id, row in enumerate(tokenizer.vocabulary.rows):
        name = classify(row, token_id, tokenizer)
        found.setdefault(name, []).append(row[0])
        found.setdefault("variant", []).extend(row[1:])
    found |= {name: list(characters) for name, characters in CODE_POINTS.items()}
    kept = {name: dict.fromkeys([texts[0], texts[len(texts) // 2], texts[-1]])
            for name, texts in found.items() if texts}
    whole = ("white space", "range edge", "beyond a range", "dash")
    return {name: found[name] if name in whole else list(texts) for name, texts in kept.items()}


def cases(tokenizer: GPTNeoXJapaneseTokenizer) -> Iterator[Case]:
    """Every case of a vocabulary, from its tokenizer of profile original."""
    for number, text in enumerate(WRITTEN):
        yield Case(f"written-{number}", "written by hand", text)
    samples = classes(tokenizer)
    for name, texts in samples.items():
        for number, text in enumerate(texts):
            slug = f"{name.replace(' ', '_').replace(',', '')}-{number}"
            yield Case(f"alone-{slug}", f"{name}, alone", text)
            yield Case(f"repeated-{slug}", f"{name}, three times", text * 3)
    for (one, first), (other, second) in combinations(samples.items(), 2):
        a, b = first[len(first) // 2], second[len(second) // 2]
        slug = f"{one}-{other}".replace(" ", "_").replace(",", "")
        yield Case(f"beside-{slug}", f"{one} at the ends, {other} between", a + b + a)
    for number, key in enumerate(tokenizer.vocabulary.emoji):
        yield Case(f"emoji-{number}", "an emoji key between others", f"猫{key}{key}。")
    for old in REPLACEMENTS:
        code = "-".join(f"{ord(character):x}" for character in old)
        yield Case(f"space-{code}", "white space and dashes at the ends", f"{old}a{old}{old}b{old}")
    yield from byte_cases(tokenizer)


def byte_cases(tokenizer: GPTNeoXJapaneseTokenizer) -> Iterator[Case]:
    """Ids to decode: characters of two, three and four bytes cut at every place."""
    ids = tokenizer.vocabulary.ids
    if not all(f"<|byte{byte}|>" in ids for byte in range(255)):
        return
    for character in "é한𩸽":
        row = [ids[f"<|byte{byte}|>"] for byte in character.encode("utf-8")]
        for start in range(len(row)):
            for end in range(start + 1, len(row) + 1):
                part = [ids["a"], *row[start:end], ids["b"]]
                yield Case(f"bytes-{ord(character):x}-{start}-{end}",
                           f"bytes {start} to {end} of U+{ord(character):04X}", None, part)


def answer(tokenizer: Any, case: Case) -> tuple[list[int], str]:
    """Ids and decoded text of a case, from anything with encode() and decode()."""
    ids = tokenizer.encode(case.text) if case.ids is None else case.ids
    return ids, tokenizer.decode(ids)


def read_vectors(path: Path) -> dict[str, dict[str, Any]]:
    """The records of a vectors file by their ids."""
    lines = path.read_text(encoding="utf-8").split("\n")[:-1]
    return {record["id"]: record for record in map(json.loads, lines)}


def sha256(tokenizer: GPTNeoXJapaneseTokenizer) -> dict[str, str]:
    """Of the two files, by name."""
    return {name: hashlib.sha256(text.encode("utf-8")).hexdigest()
            for name, text in tokenizer.vocabulary.files.items()}


def vectors_file(tokenizer: GPTNeoXJapaneseTokenizer) -> Path | None:
    """The vectors written for a vocabulary, where it is one of the two known ones."""
    if sha256(tokenizer) == LARGE_SHA256:
        return HERE / "large.jsonl"
    small = {name: hashlib.sha256((SMALL / name).read_bytes()).hexdigest() for name in LARGE_SHA256}
    return SMALL / "vectors.jsonl" if sha256(tokenizer) == small else None


def load_vectors(original: GPTNeoXJapaneseTokenizer, profile: str,
                 ) -> list[tuple[Case, list[int], str | None]]:
    """Each case with the ids, and the text where the file has it, that a profile must give.

    From the tokenizer of profile original. Raises ValueError for a vocabulary without vectors, and
    where the file and the cases made from the vocabulary are not the same.
    """
    path = vectors_file(original)
    if path is None:
        raise ValueError("there are vectors for the small vocabulary and for Japanese-BPEEncoder_"
                         f"V2's 32k one; the SHA-256 of these files are others: {sha256(original)}")
    asked, written = {case.id: case for case in cases(original)}, read_vectors(path)
    if asked.keys() != written.keys():
        raise ValueError(f"{path} is not of this version: run python -m tools.tokenizer_vectors")
    return [(case, written[name][profile]["ids"], written[name][profile].get("decoded"))
            for name, case in asked.items()]
