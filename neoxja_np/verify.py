"""Is a model folder whole? Its files, tensors, numbers, tying and vocabulary; the 2.7B's texts."""

import hashlib
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from neoxja_np.arrays import Array
from neoxja_np.checkpoint.folder import HEAD, check_sums, has_head, load_weights, stored_tensors
from neoxja_np.config import GPTNeoXJapaneseConfig
from neoxja_np.files import find_folder
from neoxja_np.pretrained import GPTNeoXJapaneseForCausalLM
from neoxja_np.tokenizer.pretrained import GPTNeoXJapaneseTokenizer
from neoxja_np.weights import shapes

# What abeja/gpt-neox-japanese-2.7b says, greedily, in 50 tokens: prompt and what follows. The facts
# are those of transformers' integration test for this model.
KNOWN_OUTPUTS = {
    "データサイエンティストとは、":
        "データを分析し、ビジネスに役立つ知見を導き出す専門家のことです。",
    "100年後に必要とされる会社は、": "「人」が中心の会社です。",
    "フルリモートの環境で働くために必要なことは、": "「自分の時間をコントロールする」ことです。",
    "国境の長いトンネルを抜けると": "、そこは雪国だった。",
    "美味しい日本食といえば、": "やっぱりお寿司ですよね。",
}
SIZES_2_7B = {"vocab_size": 32000, "hidden_size": 2560, "num_hidden_layers": 32,
              "num_attention_heads": 32}


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; passed is None where there was nothing to hold it against."""

    what: str
    passed: bool | None
    found: str


def verify(folder: str | Path, *, outputs: bool = True) -> Iterator[Finding]:
    """What can be checked of a model folder, one thing after the other.

    outputs: whether a model of the 2.7B's sizes is asked for the five texts that the published
    weights are known to give; that takes 6 GB of memory and some minutes. Raises
    FileNotFoundError where there is no such folder.

    >>> [finding.what for finding in verify("random-ja") if finding.passed is False]
    []
    """
    home = find_folder(folder)
    checks = {"files": check_files, "config": check_config, "tensors": check_tensors,
              "vocabulary": check_vocabulary}
    if outputs:
        checks["outputs"] = check_outputs
    for what, check in checks.items():
        try:
            yield from check(home)
        except (OSError, ValueError) as error:
            yield Finding(what, False, str(error))
            if what == "config":
                return  # the others need it


def check_config(home: Path) -> Iterator[Finding]:
    """Whether there is a config that this implementation can follow."""
    config = GPTNeoXJapaneseConfig.from_pretrained(home)
    yield Finding("config", True, f"{config.num_hidden_layers} layers, hidden size "
                  f"{config.hidden_size}, {config.num_attention_heads} heads, vocabulary "
                  f"{config.vocab_size}")


def check_files(home: Path) -> Iterator[Finding]:
    """The SHA-256 of each weight file, beside the one that `hf download` was told, and checksums.

    It leaves, for each file, the hub's in .cache/huggingface/download/FILE.metadata.
    """
    found, right = [], []
    for path in sorted({tensor.path for tensor in stored_tensors(home).values()}):
        check_sums(path)
        digest = sha256(path)
        record = home / ".cache" / "huggingface" / "download" / f"{path.name}.metadata"
        words = record.read_text(encoding="utf-8").split() if record.is_file() else []
        told = words[1] if len(words) > 1 else ""
        if len(told) == len(digest):
            right.append(told == digest)
        verdict = "" if len(told) != len(digest) else (
            ", as on the hub" if told == digest else
            f", but {told} when it was fetched: converted since, or damaged")
        found.append(f"{path.name} sha256 {digest}{verdict}")
    yield Finding("files", all(right) if right else None, "; ".join(found))


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file, tqdm(desc=path.name, total=path.stat().st_size, unit="B",
                                       unit_scale=True, disable=None, delay=1) as progress:
        while block := file.read(1 << 22):
            digest.update(block)
            progress.update(len(block))
    return digest.hexdigest()


def gives_text(home: Path) -> bool:
    """Whether the folder has a head: one of its own, or the embedding in its place."""
    config = GPTNeoXJapaneseConfig.from_pretrained(home)
    return config.tie_word_embeddings or has_head(stored_tensors(home))


def weights_at_rest(home: Path) -> tuple[dict[str, Array], list[str]]:
    """The weights, checked but not read into memory, and notes. Raises CheckpointError."""
    config = GPTNeoXJapaneseConfig.from_pretrained(home)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # they say what the notes say
        return load_weights(home, shapes(config, head=gives_text(home)), at_rest=True,
                            tie=config.tie_word_embeddings, dtype=np.dtype("float32"))


def check_tensors(home: Path) -> Iterator[Finding]:
    """Whether all tensors are there, of the config's shapes, of floats, and finite; and how
    embedding and head are stored, beside what the config says of them (quirk 10).
    """
    weights, notes = weights_at_rest(home)
    kinds = sorted({tensor.dtype for tensor in stored_tensors(home).values()})
    numbers = sum(array.size for array in {id(array): array for array in weights.values()}.values())
    others = [note for note in notes if note.startswith("ignored")]
    yield Finding("tensors", True, "; ".join(
        [f"{numbers:,} numbers, stored in {', '.join(kinds)}, all finite", *others]))
    if HEAD not in weights:
        yield Finding("head", None, "none is stored: these are weights of GPTNeoXJapaneseModel, "
                      "which gives hidden states; text needs embed_out.weight")
        return
    tying = [note for note in notes if note not in others]
    yield Finding("tying", None if any(note.startswith("not") for note in tying) else True,
                  "; ".join(tying) or "the config does not tie embedding and head")


def check_vocabulary(home: Path) -> Iterator[Finding]:
    """Whether the tokenizer has a row for each row of the embedding, and the special ids exist."""
    config = GPTNeoXJapaneseConfig.from_pretrained(home)
    rows = len(GPTNeoXJapaneseTokenizer.from_pretrained(home).vocabulary.rows)
    ends = config.eos_token_id if isinstance(config.eos_token_id, list) else [config.eos_token_id]
    special = [*(("eos_token_id", i) for i in ends), ("bos_token_id", config.bos_token_id),
               ("pad_token_id", config.pad_token_id)]
    outside = [f"{name} {i}" for name, i in special
               if i is not None and not 0 <= i < config.vocab_size]
    found = f"{rows} rows, as in the config"
    if outside:
        found = (f"config.json says {', '.join(outside)}, but ids go from 0 to "
                 f"{config.vocab_size - 1}")
    elif rows != config.vocab_size:
        found = f"vocab.txt has {rows} rows, the config says vocab_size {config.vocab_size}"
    yield Finding("vocabulary", not outside and rows == config.vocab_size, found)


def check_outputs(home: Path) -> Iterator[Finding]:
    """Whether a model of the 2.7B's sizes says what the published weights are known to say.

    The known texts may come from a run with head and embedding tied, whatever the file stores: so
    where they differ and the texts do, too, that is tried.
    """
    config = GPTNeoXJapaneseConfig.from_pretrained(home)
    if any(getattr(config, name) != size for name, size in SIZES_2_7B.items()):
        yield Finding("outputs", None, "texts are known for abeja/gpt-neox-japanese-2.7b alone")
        return
    if not gives_text(home):
        yield Finding("outputs", None, "there is no head, so no text")
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = GPTNeoXJapaneseForCausalLM.from_pretrained(home, weights_dtype="stored")
    wrong, how = wrong_texts(model, home), ""
    if wrong and any(note.startswith("not tied") for note in model.notes):
        embedding = model.weights["gpt_neox_japanese"]["embed_in"]
        model.weights["embed_out"]["weight"] = embedding["weight"]
        if len(again := wrong_texts(model, home)) < len(wrong):
            wrong, how = again, " with the head tied to the embedding"
    right = f"{len(KNOWN_OUTPUTS) - len(wrong)} of {len(KNOWN_OUTPUTS)} texts as known{how}"
    yield Finding("outputs", not wrong, "; ".join([right, *wrong]))


def wrong_texts(model: GPTNeoXJapaneseForCausalLM, home: Path) -> list[str]:
    """What the model says otherwise than the published weights, in words."""
    tokenizer = GPTNeoXJapaneseTokenizer.from_pretrained(home)
    wrong = []
    for prompt, known in tqdm(KNOWN_OUTPUTS.items(), desc="texts", disable=None, delay=1):
        ids = tokenizer(prompt, return_tensors="np").input_ids
        said = model.generate(ids, max_length=50, do_sample=False)
        text = tokenizer.batch_decode(said, skip_special_tokens=True)[0]
        if text != prompt + known:
            wrong.append(f"{text!r}, expected {prompt + known!r}")
    return wrong
