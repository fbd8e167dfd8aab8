"""The exercises of notebook 01: from text to tokens."""

import numpy as np

from neoxja_np.learn.exercise import Exercise, Misconception


def byte_tokens_of(character: str) -> list[str]:
    """A character that is in no row, as tokens: one for each byte of its UTF-8, as <|byte227|> for 227."""
    return [f"<|byte{byte}|>" for byte in character.encode("utf-8")]


def drawn_character(rng: np.random.Generator) -> tuple[str]:
    """A character of one to four bytes."""
    low, high = [(0x21, 0x7F), (0xA1, 0x800), (0x3041, 0xD800), (0x1F300, 0x1F600)][rng.integers(4)]
    return (chr(rng.integers(low, high)),)


byte_tokens = Exercise(
    "byte_tokens", byte_tokens_of, drawn_character,
    (Misconception(lambda character: [f"<|byte{ord(character)}|>"],
                   "you used the code point; a token stands for one byte of UTF-8, from 0 to 255.",
                   "コードポイントを使っています。トークン一つが表すのは UTF-8 の 1 バイト（0 から 255）です。"),
     Misconception(lambda character: [f"<|byte{byte}|>" for byte in character.encode("utf-16-be")],
                   "these are the bytes of UTF-16; the tokenizer takes those of UTF-8.",
                   "それは UTF-16 のバイトです。トークナイザが使うのは UTF-8 のバイトです。"),
     Misconception(lambda character: "".join(byte_tokens_of(character)),
                   "that is one text; a list is asked for, with a token for each byte.",
                   "一つの文字列になっています。求められているのは、バイトごとのトークンのリストです。"),
     Misconception(lambda character: [*character.encode("utf-8")],
                   "those are the bytes themselves; a token is written <|byte227|>, for instance.",
                   "それはバイトの数そのものです。トークンは、たとえば <|byte227|> のように書きます。"),
     Misconception(lambda character: byte_tokens_of(character)[:1],
                   "only the first byte: does return stand inside the loop?",
                   "最初の 1 バイトだけです。return がループの中に入っていませんか。"),
     Misconception(lambda character: [f"<|byte{byte:x}|>" for byte in character.encode("utf-8")],
                   "the number in a byte's token is decimal, not hexadecimal.",
                   "バイトトークンの数字は 16 進数ではなく 10 進数です。")))


def chosen(surfaces: list[str], ids: dict[str, int]) -> str:
    """Of the surfaces that match at a place, longest first, the one with the lowest id."""
    return min(surfaces, key=lambda surface: ids[surface])


def drawn_surfaces(rng: np.random.Generator) -> tuple[list[str], dict[str, int]]:
    """Surfaces of one place, and ids that do not always prefer the longest."""
    word = "".join(rng.choice([*"学校生活日本語"], 3))
    ids = rng.permutation(100)[:4].tolist()
    surfaces = [word, word[:2], word[:1]]
    return surfaces, dict(zip([*surfaces, "猫"], ids, strict=True))


choose_subword = Exercise(
    "choose_subword", chosen, drawn_surfaces,
    (Misconception(lambda surfaces, ids: min(ids, key=lambda surface: ids[surface]),
                   "you chose among all surfaces of the vocabulary; only those that match here stand in `surfaces`.",
                   "語彙のすべての表記から選んでいます。この位置で一致するのは `surfaces` にあるものだけです。"),
     Misconception(lambda surfaces, ids: max(surfaces, key=len),
                   "you took the longest. In the vocabulary of tiny-ja that happens to be the same, but what counts is "
                   "the lowest id.",
                   "いちばん長いものを選んでいます。tiny-ja の語彙ではたまたま同じになりますが、基準は ID の小ささです。"),
     Misconception(lambda surfaces, ids: min(surfaces, key=len),
                   "you took the shortest; what counts is the lowest id.",
                   "いちばん短いものを選んでいます。基準は ID の小ささです。"),
     Misconception(lambda surfaces, ids: max(surfaces, key=lambda surface: ids[surface]),
                   "you took the highest id; asked for is the lowest.",
                   "ID が最大のものを選んでいます。選ぶのは最小のものです。"),
     Misconception(lambda surfaces, ids: ids[min(surfaces, key=lambda surface: ids[surface])],
                   "that is the id of the right surface; the surface itself is asked for.",
                   "正しい表記の ID です。求められているのは表記そのものです。")))
