"""Test vectors: texts, their ids in both profiles, and what those decode to.

A line of vectors.jsonl is a record of vectors.schema.json. The texts follow from a vocabulary: each
class of row and of code point alone, repeated, and beside each other class on both sides; every
emoji key; bytes cut short; white space; tags as text. Written by tools/tokenizer_vectors.py, never
edited. For the 32k vocabulary of Japanese-BPEEncoder_V2, which is not ours to hand on, the file has
ids alone; the texts are made from the user's copy, known by its SHA-256. For any other vocabulary
all is made when it is needed.
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
    "control": "\0\x1b\x7f\x85", "separator": "\x1c\x1d\x1e\x1f", "white space": " \u3000\t\n\r",
    "other space": "\u2003\u1680\ufeff", "line end": "\u2028\u2029", "dash": "—−",
    "range edge": "".join(chr(code) for _, *edges in SYMBOL_RANGES for code in edges),
    "beyond a range": "\xa0\xc0\u01bf\u01c4\u02b8\u0363\u1fff\u2c00",
    "combining": "\u0301\u0363\u3099", "hangul": "한가힣", "cyrillic": "Жя",
    "beyond the BMP": "𠮟𩸽🀀", "private use": "\ue000\U0010fffd",
    "no character": "\ufffe\U0010ffff", "replacement": "\ufffd", "compatibility": "㌔ﬁ㍿",
}
LONG = (100, 1000, 5000)  # characters: where others switch to a faster way, or stop
WRITTEN = (  # by hand
    "吾輩は猫である🐯。実は慶応(慶應)大学出身", "人とAIが協調するためには、",
    "\r\n\r\n\n\r", "a\r\nb\rc\nd\te", " 前後 ", "<SP><BR><TAB>",
    "<|endoftext|>と<|startoftext|>", "<|byte227|><|byte129|>", "<", "<<", "<|", "<SP", "SP>",
    "<S<SP>P>", "<|emoji1|>", "<URL>", "a,b,,c", ",", "", "e\u0301é", "か\u3099が", "ｶﾞｷﾞ",
    "(^^)(^^", "m(_ _)m", "👩\u200d🍳👩🍳", "🏳\ufe0f\u200d🌈",
)


@dataclass(frozen=True)
class Vector:
    """A text, its ids, and what they decode to; or, without a text, ids to decode."""

    id: str
    comment: str
    text: str | None
    ids: list[int]
    decoded: str


@dataclass(frozen=True)
class Case:
    """What a vector asks, before it is answered: of a text, or of ids."""

    id: str
    comment: str
    text: str | None
    ids: list[int]

    def answered(self, tokenizer: Any) -> Vector:
        """By anything with encode() and decode()."""
        ids = self.ids if self.text is None else tokenizer.encode(self.text)
        return Vector(self.id, self.comment, self.text, ids, tokenizer.decode(ids))


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
    for name, comment, text in texts(tokenizer):
        yield Case(name.replace(" ", "_").replace(",", ""), comment, text, [])
    yield from byte_cases(tokenizer)


def texts(tokenizer: GPTNeoXJapaneseTokenizer) -> Iterator[tuple[str, str, str]]:
    """Names, comments and texts."""
    for number, text in enumerate(WRITTEN):
        yield f"written-{number}", "written by hand", text
    samples = classes(tokenizer)
    for name, members in samples.items():
        for number, text in enumerate(members):
            yield f"alone-{name}-{number}", f"{name}, alone", text
            yield f"repeated-{name}-{number}", f"{name}, three times", text * 3
            yield f"ends-{name}-{number}", f"{name} at both ends", f"{text}猫が鳴く{text}"
    for (one, first), (other, second) in combinations(samples.items(), 2):
        a, b = first[len(first) // 2], second[len(second) // 2]
        yield f"beside-{one}-{other}", f"{one} at the ends, {other} between", a + b + a
    every = "".join(members[len(members) // 2] for members in samples.values())
    for size in LONG:
        yield f"long-{size}", f"{size} characters of every class", (every * size)[:size]
    for number, key in enumerate(tokenizer.vocabulary.emoji):
        yield f"emoji-{number}", "an emoji key between others", f"猫{key}{key}。"
    for old in REPLACEMENTS:
        code = "-".join(f"{ord(character):x}" for character in old)
        yield f"space-{code}", "white space and dashes at the ends", f"{old}a{old}{old}b{old}"


def byte_cases(tokenizer: GPTNeoXJapaneseTokenizer) -> Iterator[Case]:
    """Ids to decode: characters of two, three and four bytes cut at every place."""
    ids = tokenizer.vocabulary.ids
    if not all(f"<|byte{byte}|>" in ids for byte in range(256)):
        return
    for character in "é한𩸽":
        row = [ids[f"<|byte{byte}|>"] for byte in character.encode("utf-8")]
        for start, end in combinations(range(len(row) + 1), 2):
            yield Case(f"bytes-{ord(character):x}-{start}-{end}",
                       f"bytes {start} to {end} of U+{ord(character):04X}", None,
                       [*tokenizer.encode("a"), *row[start:end], *tokenizer.encode("b")])


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


def load_vectors(folder: Path, profile: str) -> list[Vector]:
    """What a port with a vocabulary's two files must give in a profile.

    From the file of that vocabulary; where there is none, as this package gives it.
    Raises ValueError where the file's cases are not those of this version.
    """
    original, reference = (load_tokenizer(folder, each) for each in ("original", profile))
    path, asked = vectors_file(original), list(cases(original))
    if path is None:
        return [case.answered(reference) for case in asked]
    written = read_vectors(path)
    if [case.id for case in asked] != list(written):
        raise ValueError(f"{path} is not of this version: run python -m tools.tokenizer_vectors")
    vectors = []
    for case in asked:
        answer = written[case.id][profile]
        decoded = answer.get("decoded", reference.decode(answer["ids"]))
        vectors.append(Vector(case.id, case.comment, case.text, answer["ids"], decoded))
    return vectors


def load_tokenizer(folder: Path, profile: str) -> GPTNeoXJapaneseTokenizer:
    """The reference, from a vocabulary's two files alone."""
    return GPTNeoXJapaneseTokenizer(folder / "vocab.txt", folder / "emoji.json", profile=profile)
