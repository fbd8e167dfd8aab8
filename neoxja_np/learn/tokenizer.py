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
     Misconception(lambda character: [f"<|byte{byte:x}|>" for byte in character.encode("utf-8")],
                   "the number in a byte's token is decimal, not hexadecimal.",
                   "バイトトークンの数字は 16 進数ではなく 10 進数です。")))


def chosen(surfaces: list[str], ids: dict[str, int]) -> str:
    """Of the surfaces that match at a place, longest first, the one with the lowest id."""
    return min(surfaces, key=lambda surface: ids[surface])


def drawn_surfaces(rng: np.random.Generator) -> tuple[list[str], dict[str, int]]:
    """Surfaces of one place, and ids that do not always prefer the longest."""
    word = "".join(rng.choice([*"学校生活日本語"], 3))
    ids = rng.permutation(100)[:3].tolist()
    surfaces = [word, word[:2], word[:1]]
    return surfaces, dict(zip(surfaces, ids, strict=True))


choose_subword = Exercise(
    "choose_subword", chosen, drawn_surfaces,
    (Misconception(lambda surfaces, ids: max(surfaces, key=len),
                   "you took the longest. This tokenizer takes the lowest id: ids are by frequency, so it is "
                   "the most frequent sub-word.",
                   "いちばん長いものを選んでいます。このトークナイザは ID が最小のものを選びます。ID は頻度順なので、最もよく使われるサブワードになります。"),
     Misconception(lambda surfaces, ids: min(surfaces, key=len),
                   "you took the shortest; what counts is the lowest id.",
                   "いちばん短いものを選んでいます。基準は ID の小ささです。"),
     Misconception(lambda surfaces, ids: max(surfaces, key=lambda surface: ids[surface]),
                   "you took the highest id, which is the rarest sub-word.",
                   "ID が最大のものを選んでいます。それは最もまれなサブワードです。"),
     Misconception(lambda surfaces, ids: ids[min(surfaces, key=lambda surface: ids[surface])],
                   "that is the id of the right surface; the surface itself is asked for.",
                   "正しいサブワードの ID です。求められているのはサブワードそのものです。")))
