"""GPTNeoXJapaneseTokenizer: Hugging Face's names over the functions of this folder."""

import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from numbers import Integral, Real
from pathlib import Path
from typing import Any, Self, overload

import numpy as np
from numpy.typing import NDArray

from neoxja_np.arrays import IntArray
from neoxja_np.files import find_folder, read_json
from neoxja_np.tokenizer.clean_linear import clean_linear
from neoxja_np.tokenizer.decode import StreamDecoder, join_bytes, strip, token_bytes
from neoxja_np.tokenizer.dropout import choose_with_dropout
from neoxja_np.tokenizer.edits import Step, spans
from neoxja_np.tokenizer.emoji import EmojiIndex, index_emoji, normalize_at_once
from neoxja_np.tokenizer.encoding import (
    BatchEncoding,
    as_array,
    check_side,
    checked_limit,
    pad,
    padded_length,
    truncate,
    truncates,
)
from neoxja_np.tokenizer.explain import (
    Choice,
    Explanation,
    Normalization,
    join_steps,
    name_rule,
    normalize_steps,
)
from neoxja_np.tokenizer.scan import ScanTables, build_tables, scan
from neoxja_np.tokenizer.subword import Piece, candidates, split_pieces, split_subwords
from neoxja_np.tokenizer.vocabulary import PROFILES
from neoxja_np.tokenizer.vocabulary_file import read_vocabulary
from neoxja_np.writing import write_files, write_json

SCAN_FROM = 100  # characters: from here on the scan is clearly faster, once its tables are made
END, START = "<|endoftext|>", "<|startoftext|>"
SETTINGS = ("unk_token", "pad_token", "bos_token", "eos_token", "do_clean_text", "profile",
            "padding_side", "truncation_side", "model_max_length")  # in tokenizer_config.json


class GPTNeoXJapaneseTokenizer:
    """Text to token ids and back.

    profile: "hf" is Hugging Face's tokenizer bit for bit, "original" the encoder of
    Japanese-BPEEncoder_V2; they differ in the comma, in decoded bytes and white space, and in a
    few more places (docs/quirks.md).
    do_clean_text: URL, e-mail addresses, telephone numbers, dates and prices become tags.
    Raises FileNotFoundError, ValueError for files or settings that cannot be used.

    >>> tokenizer = GPTNeoXJapaneseTokenizer.from_pretrained("random-ja")
    >>> tokenizer.decode(tokenizer.encode("慶應の猫"))
    '慶応の猫'
    """

    def __init__(self, vocab_file: str | Path, emoji_file: str | Path, unk_token: str = END,
                 pad_token: str = END, bos_token: str = START, eos_token: str = END,
                 do_clean_text: bool = False, *, profile: str = "hf", padding_side: str = "right",
                 truncation_side: str = "right", model_max_length: int | None = None) -> None:
        if profile not in PROFILES:
            raise ValueError(f"profile must be one of {', '.join(PROFILES)}, got {profile!r}")
        self.profile = PROFILES[profile]
        self.do_clean_text = bool(do_clean_text)
        self.vocabulary = read_vocabulary(vocab_file, emoji_file, profile=self.profile)
        self.unk_token, self.pad_token = unk_token, pad_token
        self.bos_token, self.eos_token = bos_token, eos_token
        self.padding_side = check_side(padding_side)
        self.truncation_side = check_side(truncation_side)
        self.model_max_length = model_max_length
        if model_max_length is not None:
            checked_limit(model_max_length)
        for token in (bos_token, eos_token, unk_token, pad_token):
            if not isinstance(token, str) or not token:
                raise ValueError(f"a special token must be a text of some length, got {token!r}")
            if token not in self.vocabulary.ids:
                raise ValueError(f"special token {token!r} is no row of {vocab_file}: "
                                 "its id would lie outside the model")

    @classmethod
    def from_pretrained(cls, folder: str | Path, **settings: Any) -> Self:
        """The tokenizer of a folder, or of a model that travels with this package.

        From vocab.txt, emoji.json and, if it is there, tokenizer_config.json, whose settings
        `settings` override.
        """
        home = find_folder(folder)
        file = home / "tokenizer_config.json"
        config = read_json(file) if file.is_file() else {}
        chosen = {name: content(config[name]) for name in SETTINGS if config.get(name) is not None}
        if isinstance(chosen.get("model_max_length"), Real) and chosen["model_max_length"] > 10**15:
            del chosen["model_max_length"]  # Hugging Face writes 1e30 for "none"
        tokenizer = cls(home / "vocab.txt", home / "emoji.json", **{**chosen, **settings})
        if foreign := sorted(added_tokens(config) - set(tokenizer.all_special_tokens)):
            raise ValueError(f"{file} adds tokens {foreign}, which is not implemented")
        return tokenizer

    def save_pretrained(self, folder: str | Path) -> None:
        """Writes vocab.txt, emoji.json (both as they were read) and tokenizer_config.json.

        The folder can be loaded here and by Hugging Face.
        """
        config = {name: getattr(self, name) for name in SETTINGS if hasattr(self, name)}
        config |= {"profile": self.profile.name, "tokenizer_class": "GPTNeoXJapaneseTokenizer"}
        config = {name: value for name, value in sorted(config.items()) if value is not None}
        copies = {name: (lambda path, text=text: path.write_text(text, "utf-8", newline=""))
                  for name, text in self.vocabulary.files.items()}
        write_files(Path(folder), {
            **copies, "tokenizer_config.json": lambda path: write_json(path, config)})

    @property
    def all_special_tokens(self) -> list[str]:
        """Each special token once."""
        special = [self.bos_token, self.eos_token, self.unk_token, self.pad_token]
        return list(dict.fromkeys(special))

    @property
    def all_special_ids(self) -> list[int]:
        """Their ids."""
        return [self.vocabulary.ids[token] for token in self.all_special_tokens]

    @property
    def unk_token_id(self) -> int:
        """The id of unk_token."""
        return self.vocabulary.ids[self.unk_token]

    @property
    def pad_token_id(self) -> int:
        """The id of pad_token."""
        return self.vocabulary.ids[self.pad_token]

    @property
    def bos_token_id(self) -> int:
        """The id of bos_token."""
        return self.vocabulary.ids[self.bos_token]

    @property
    def eos_token_id(self) -> int:
        """The id of eos_token."""
        return self.vocabulary.ids[self.eos_token]

    @property
    def vocab_size(self) -> int:
        """The number of rows; in profile hf equal rows count once, so ids reach beyond (quirk 15).
        """
        rows = self.get_vocab() if self.profile.counts_equal_rows_once else self.vocabulary.rows
        return len(rows)

    def __len__(self) -> int:
        return self.vocab_size

    def get_vocab(self) -> dict[str, int]:
        """From each row, its surfaces joined by commas, to its id."""
        return {",".join(row): i for i, row in enumerate(self.vocabulary.rows)}

    def normalize(self, text: str) -> Normalization:
        """What is done to a text before matching, each step with what it replaced.

        Raises as tokenize().

        >>> tokenizer = GPTNeoXJapaneseTokenizer.from_pretrained("random-ja")
        >>> print(tokenizer.normalize("猫 😃"))
        source  '猫 😃'
        white space: ' ' → '<SP>'
                '猫<SP>😃'
        emoji: '😃' → '<|emoji1|>'
                '猫<SP><|emoji1|>'
        """
        steps = self._steps(text)
        changes = [step for step in steps if step.edits]
        return Normalization(text, steps[-1].after if steps else text, changes)

    def tokenize(self, text: str, *, dropout: float = 0.0,
                 generator: np.random.Generator | None = None) -> list[str]:
        """The surfaces that a text consists of. Raises TypeError, ValueError for a lone surrogate.

        dropout: the probability that at a place another surface than the usual is taken, drawn
        from `generator` (sub-word regularisation, for training).

        >>> GPTNeoXJapaneseTokenizer.from_pretrained("random-ja").tokenize("慶應の 猫é")
        ['慶應', 'の', '<SP>', '猫', '<|byte195|>', '<|byte169|>']
        """
        pick = choose_with_dropout(dropout, generator) if dropout else None
        tokens: list[str] = []
        for part, special in self._parts(text):
            if special or not pick:
                tokens += [part] if special else split_subwords(part, self.vocabulary)
            else:
                tokens += [token for piece in split_pieces(part, self.vocabulary, pick)
                           for token in piece.tokens]
        return tokens

    def explain(self, text: str, *, dropout: float = 0.0,
                generator: np.random.Generator | None = None) -> Explanation:
        """Each place of a text: the candidates, which won and why, and where in the text it stood.

        Settings and errors as in tokenize().

        >>> tokenizer = GPTNeoXJapaneseTokenizer.from_pretrained("random-ja")
        >>> print(tokenizer.explain("である慶應"))
           0  'であ' → であ 31  (lowest id)  not である 32, で 161
           2  'る' → る 142  (only match)
           3  '慶應' → 慶應 57  (lowest id)  not 慶 368  decodes to '慶応'
        """
        pick = choose_with_dropout(dropout, generator) if dropout else None
        steps, place = self._steps(text), 0
        starts, ends = spans(len(text), steps)
        chosen = Explanation()
        for part, special in self._parts(text):
            pieces = [Piece(0, len(part), [part])] if special else split_pieces(
                part, self.vocabulary, pick)
            for piece in pieces:
                start, end = int(starts[place + piece.start]), int(ends[place + piece.end - 1])
                matching = [] if special else candidates(part, piece.start, self.vocabulary)
                ids = self.convert_tokens_to_ids(piece.tokens)
                chosen.append(Choice(
                    start=start, end=end, source=text[start:end],
                    candidates=[(each, self.vocabulary.ids[each]) for each in matching],
                    tokens=piece.tokens, ids=ids,
                    rule=name_rule(piece.tokens, matching, special=special),
                    decoded=self.decode_bytes(ids).decode("utf-8", errors="replace")))
            place += len(part)
        return chosen

    def __call__(self, text: str | list[str], *, padding: bool | str = False,
                 truncation: bool | str | None = None, max_length: int | None = None,
                 padding_side: str | None = None, return_tensors: str | None = None,
                 return_offsets_mapping: bool = False, add_special_tokens: bool = True,
                 dropout: float = 0.0, generator: np.random.Generator | None = None,
                 ) -> BatchEncoding:
        """A text or a list of texts -> .input_ids and .attention_mask.

        padding: True or "longest" to the longest, "max_length" to max_length.
        truncation: to max_length, or to model_max_length; also if max_length alone is given.
        return_tensors "np": np.int64 [B, L], with B = 1 for a single text; else lists.
        return_offsets_mapping: .offset_mapping, for each token the start and the end of what it
        stands for in the text, in characters; (0, 0) for padding.
        dropout, generator: as in tokenize().
        add_special_tokens is there for Hugging Face's sake: this tokenizer adds none.
        Raises TypeError, ValueError.
        """
        if return_tensors not in (None, "np"):
            raise ValueError(f'return_tensors must be "np" or None, got {return_tensors!r}: '
                             "this is NumPy")
        if not isinstance(text, str | list | tuple):
            raise TypeError(f"a text must be a str, or a list of them, got {type(text).__name__}")
        texts = [text] if isinstance(text, str) else text
        offsets: list[list[tuple[int, int]]] = []
        if return_offsets_mapping:
            chosen = [self.explain(each, dropout=dropout, generator=generator) for each in texts]
            rows = [[i for choice in row for i in choice.ids] for row in chosen]
            offsets = [[(choice.start, choice.end) for choice in row for _ in choice.ids]
                       for row in chosen]
        else:
            rows = [self._ids(each, dropout, generator) for each in texts]
        limit = max_length if max_length is not None else self.model_max_length
        if truncates(truncation, padding, max_length):
            most, end = checked_limit(limit), self.truncation_side
            rows = [truncate(row, most, end) for row in rows]
            offsets = [truncate(row, most, end) for row in offsets]
        side = self.padding_side if padding_side is None else check_side(padding_side)
        length = padded_length([len(row) for row in rows], padding, limit)
        fields: dict[str, list[Any]] = {
            "input_ids": [pad(row, length, self.pad_token_id, side) for row in rows],
            "attention_mask": [pad([1] * len(row), length, 0, side) for row in rows]}
        if return_offsets_mapping:
            fields["offset_mapping"] = [pad(row, length, (0, 0), side) for row in offsets]
        if return_tensors:
            return BatchEncoding({name: as_array(field) for name, field in fields.items()})
        if isinstance(text, str):
            return BatchEncoding({name: field[0] for name, field in fields.items()})
        return BatchEncoding(fields)

    def encode(self, text: str, **settings: Any) -> Any:
        """The input_ids of a text: list[int], or np.int64 [1, L] with return_tensors="np".

        Settings as in a call.
        """
        return self(text, **settings).input_ids

    def decode(self, token_ids: int | Iterable[int] | IntArray,
               skip_special_tokens: bool = False) -> str:
        """The text of some ids. Raises ValueError for an id that is none.

        Not the inverse of encode (quirk 17). Profile hf gives U+FFFD for each byte of a character
        (quirk 13), which stream_decoder() and the command do not.
        """
        kept = self._kept(token_ids, skip_special_tokens)
        text = join_bytes([self._row_bytes[i] for i in kept], self.profile)
        return strip(text) if self.profile.strips else text

    def decode_bytes(self, token_ids: int | Iterable[int] | IntArray,
                     skip_special_tokens: bool = False) -> bytes:
        """The bytes that some ids stand for, in either profile: UTF-8, or a part of it.

        Raises as decode().
        """
        return b"".join(self._row_bytes[i] for i in self._kept(token_ids, skip_special_tokens))

    def batch_decode(self, sequences: Iterable[Iterable[int]] | IntArray,
                     skip_special_tokens: bool = False) -> list[str]:
        """The text of each row of ids."""
        return [self.decode(row, skip_special_tokens=skip_special_tokens) for row in sequences]

    def stream_decoder(self) -> StreamDecoder:
        """A decoder that takes one id at a time; no half characters, in either profile."""
        return StreamDecoder(self.vocabulary)

    @overload
    def convert_tokens_to_ids(self, tokens: str) -> int: ...

    @overload
    def convert_tokens_to_ids(self, tokens: list[str]) -> list[int]: ...

    def convert_tokens_to_ids(self, tokens: str | list[str]) -> int | list[int]:
        """The id of each surface, unk_token_id for what is none."""
        ids, unknown = self.vocabulary.ids, self.unk_token_id
        if isinstance(tokens, str):
            return ids.get(tokens, unknown)
        return [ids.get(token, unknown) for token in tokens]

    def convert_ids_to_tokens(self, ids: int | Iterable[int] | IntArray,
                              skip_special_tokens: bool = False) -> str | list[str]:
        """The first surface of each id's row; in profile hf what it alone decodes to (quirk 16)."""
        single = isinstance(ids, Integral)
        kept = self._kept(ids, skip_special_tokens and not single)
        if self.profile.shows_tokens_decoded:
            tokens = [join_bytes([self._row_bytes[i]], self.profile) for i in kept]
        else:
            tokens = [self.vocabulary.surface(i) for i in kept]
        return tokens[0] if single else tokens

    def _cut(self, text: str) -> list[tuple[str, bool]]:
        """A text cut at its special tokens, in a profile that does so; whether each part is one."""
        check_text(text)
        special = self.all_special_tokens if self.profile.splits_special_tokens else []
        longest_first = sorted(special, key=len, reverse=True)
        pattern = f"({'|'.join(map(re.escape, longest_first))})"
        parts = re.split(pattern, text) if special else [text]
        return [(part, part in special) for part in parts]

    def _parts(self, text: str) -> Iterator[tuple[str, bool]]:
        """The parts of a text, normalised where they are no special tokens."""
        for part, special in self._cut(text):
            if not special:
                part = normalize_at_once(part, self._emoji_index)
                part = clean_linear(part, self.profile.name) if self.do_clean_text else part
            yield part, special

    def _steps(self, text: str) -> list[Step]:
        """What _parts() does, one step after the other over the whole text."""
        cleaned = self.profile.name if self.do_clean_text else None
        parts = [(part if special else "",
                  normalize_steps("" if special else part, self._emoji_index, clean=cleaned))
                 for part, special in self._cut(text)]
        return join_steps(parts)

    def _ids(self, text: str, dropout: float, generator: np.random.Generator | None) -> list[int]:
        """The ids of tokenize(text), long parts by the scan where nothing is drawn."""
        if dropout:
            return self.convert_tokens_to_ids(
                self.tokenize(text, dropout=dropout, generator=generator))
        ids: list[int] = []
        for part, special in self._parts(text):
            if special or len(part) < SCAN_FROM:
                tokens = [part] if special else split_subwords(part, self.vocabulary)
                ids += self.convert_tokens_to_ids(tokens)
            else:
                for block in scan(part, self._scan_tables, self.vocabulary, self.unk_token_id):
                    ids += self._numbers[block].tolist()
        return ids

    @cached_property
    def _row_bytes(self) -> list[bytes]:
        """What each id stands for; made when the first ids come."""
        return [token_bytes(i, self.vocabulary) for i in range(len(self.vocabulary.rows))]

    @cached_property
    def _emoji_index(self) -> EmojiIndex:
        """Made when the first text comes."""
        return index_emoji(self.vocabulary.emoji)

    @cached_property
    def _numbers(self) -> NDArray[np.object_]:
        """[rows] the id of each row, as an int that all lists share: 8 bytes an id, not 40."""
        return np.arange(len(self.vocabulary.rows)).astype(object)

    @cached_property
    def _scan_tables(self) -> ScanTables:
        """Made when the first long text comes."""
        return build_tables(self.vocabulary)

    def _kept(self, token_ids: int | Iterable[int] | IntArray,
              skip_special_tokens: bool) -> list[int]:
        """Ids as a list of ints, without the special ones if so wanted."""
        known = list(token_ids) if isinstance(token_ids, Iterator) else token_ids
        ids = np.atleast_1d(np.asarray(known))
        if ids.ndim > 1 or (ids.size and ids.dtype.kind not in "iu"):
            raise TypeError(f"token ids must be one row of whole numbers, got {ids.dtype} of shape "
                            f"{ids.shape}; batch_decode takes rows")
        for outside in ids[(ids < 0) | (ids >= len(self.vocabulary.rows))][:1]:
            self.vocabulary.surface(int(outside))  # raises
        skipped = self.all_special_ids if skip_special_tokens else []
        return [i for i in ids.tolist() if i not in skipped] if skipped else ids.tolist()


def check_text(text: str) -> None:
    """Raises TypeError for what is no text, ValueError for a lone surrogate in it."""
    if not isinstance(text, str):
        raise TypeError(f"a text must be a str, got {type(text).__name__}")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise ValueError(f"the text holds a lone surrogate, U+{ord(text[error.start]):04X} at "
                         f"{error.start}, which is no character; it often comes from reading a "
                         "file with the wrong encoding") from None


def content(token: Any) -> Any:
    """A token of tokenizer_config.json, which is a string or a record with its content."""
    return token.get("content") if isinstance(token, dict) else token


def added_tokens(config: dict[str, Any]) -> set[str]:
    """Every token that a tokenizer_config.json makes special: each is split out of a text."""
    more = [config.get(name) for name in ("cls_token", "sep_token", "mask_token")]
    for name in ("added_tokens_decoder", "additional_special_tokens", "extra_special_tokens"):
        value = config.get(name) or []
        more += list(value.values() if isinstance(value, dict) else value)
    return {str(content(token)) for token in more if token is not None}
