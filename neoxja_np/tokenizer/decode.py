"""From tokens back to text: every token stands for some bytes of UTF-8."""

import codecs
import operator
import re
from collections.abc import Iterable

from neoxja_np.tokenizer.vocabulary import Profile, Vocabulary

BYTE = re.compile(r"<\|byte(1?[0-9]?[0-9]|2[0-4][0-9]|25[0-5])\|>")
TAGS = {"<SP>": " ", "<BR>": "\n", "<TAB>": "\t", "<BLOCK>": "▀", "<KIGOU>": "ǀ",
        "<U2000U2BFF>": "‖"}


def token_bytes(token_id: int, vocabulary: Vocabulary) -> bytes:
    """What a row's first surface stands for: a byte, white space, an emoji, or itself."""
    token = vocabulary.surface(token_id)
    if byte := BYTE.fullmatch(token):
        return bytes([int(byte[1])])
    return TAGS.get(token, vocabulary.emoji_inverse.get(token, token)).encode("utf-8")


def join_bytes(parts: Iterable[bytes], profile: Profile) -> str:
    """The text of tokens' bytes; what is no UTF-8 becomes U+FFFD.

    In profile hf each token stands alone (quirk 13).
    """
    if profile.joins_bytes:
        return b"".join(parts).decode("utf-8", errors="replace")
    return "".join(part.decode("utf-8", errors="replace") for part in parts)


def strip(text: str) -> str:
    """Without Python's white space at its ends, U+001C to U+001F and U+0085 among it."""
    return text.strip()


class StreamDecoder:
    """Tokens in, one at a time; text out as soon as a character's last byte is there.

    All that it returns, flush() included, equals join_bytes() of all tokens in profile original.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")

    def push(self, token_id: int) -> str:
        """The characters that this token completes, perhaps none. Raises ValueError, TypeError.

        Bytes that can become no character wait for the next ones, as in Python's own decoder.
        """
        return self._decoder.decode(token_bytes(operator.index(token_id), self._vocabulary))

    def flush(self) -> str:
        """U+FFFD for a character that was begun and never completed, else nothing."""
        return self._decoder.decode(b"", final=True)
