"""Is a model folder whole? Its files, tensors, numbers, tying and vocabulary; the 2.7B's texts."""

import hashlib
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from neoxja_np.arrays import Array
from neoxja_np.checkpoint.folder import check_sums, load_weights, stored_tensors
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
    weights are known to give; that takes 11 GB of memory and some minutes. Raises
    FileNotFoundError where there is no such folder.
    """
    home = find_folder(folder)
    checks = {"config": check_config, "files": check_files, "tensors": check_tensors,
              "tying": check_tying, "vocabulary": check_vocabulary}
    if outputs:
        checks["outputs"] = check_outputs
    for what, check in checks.items():
        try:
            yield Finding(what, *check(home))
        except (OSError, ValueError) as error:
            yield Finding(what, False, str(error))


def check_config(home: Path) -> tuple[bool, str]:
    """Whether there is a config that this implementation can follow."""
    config = GPTNeoXJapaneseConfig.from_pretrained(home)
    return True, (f"{config.num_hidden_layers} layers, hidden size {config.hidden_size}, "
                  f"{config.num_attention_heads} heads, vocabulary {config.vocab_size}")


def check_files(home: Path) -> tuple[bool | None, str]:
    """The SHA-256 of each weight file, beside the one that `hf download` was told, and checksums.

    It leaves, for each file, the hub's in .cache/huggingface/download/FILE.metadata.
    """
    found, right = [], []
    for path in sorted({tensor.path for tensor in stored_tensors(home).values()}):
        check_sums(path)
        digest = sha256(path)
        record = home / ".cache" / "huggingface" / "download" / f"{path.name}.metadata"
        told = record.read_text(encoding="utf-8").split()[1] if record.is_file() else ""
        if len(told) == len(digest):
            right.append(told == digest)
        verdict = "" if len(told) != len(digest) else (
            ", as on the hub" if told == digest else f", but on the hub {told}: fetch it again")
        found.append(f"{path.name} sha256 {digest}{verdict}")
    return (all(right) if right else None), "; ".join(found)


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file, tqdm(desc=path.name, total=path.stat().st_size, unit="B",
                                       unit_scale=True, disable=None, delay=1) as progress:
        while block := file.read(1 << 22):
            digest.update(block)
            progress.update(len(block))
    return digest.hexdigest()


def weights_at_rest(home: Path) -> tuple[dict[str, Array], list[str]]:
    """The weights, checked but not read into memory, and notes. Raises CheckpointError."""
    config = GPTNeoXJapaneseConfig.from_pretrained(home)
    head = "embed_in.weight" not in stored_tensors(home)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # they say what the notes say
        return load_weights(home, shapes(config, head=head), tie=config.tie_word_embeddings,
                            dtype=np.dtype("float32"), at_rest=True)


def check_tensors(home: Path) -> tuple[bool, str]:
    """Whether all tensors are there, of the config's shapes, of floats, and finite."""
    weights, _ = weights_at_rest(home)
    kinds = sorted({tensor.dtype for tensor in stored_tensors(home).values()})
    numbers = sum(array.size for array in {id(array): array for array in weights.values()}.values())
    return True, f"{numbers:,} numbers, stored in {', '.join(kinds)}, all finite"


def check_tying(home: Path) -> tuple[bool, str]:
    """How embedding and head are stored, beside what the config says of them."""
    _, notes = weights_at_rest(home)
    found = [note for note in notes if note.startswith(("tied:", "not tied:"))]
    return not any(note.startswith("not") for note in found), "; ".join(found) or (
        "the config does not tie embedding and head")


def check_vocabulary(home: Path) -> tuple[bool, str]:
    """Whether the tokenizer has a row for each row of the embedding, and the special ids exist."""
    config = GPTNeoXJapaneseConfig.from_pretrained(home)
    rows = len(GPTNeoXJapaneseTokenizer.from_pretrained(home).vocabulary.rows)
    if rows != config.vocab_size:
        return False, f"vocab.txt has {rows} rows, the config says vocab_size {config.vocab_size}"
    return True, f"{rows} rows, as in the config"


def check_outputs(home: Path) -> tuple[bool | None, str]:
    """Whether a model of the 2.7B's sizes says what the published weights are known to say."""
    config = GPTNeoXJapaneseConfig.from_pretrained(home)
    if any(getattr(config, name) != size for name, size in SIZES_2_7B.items()):
        return None, "texts are known for abeja/gpt-neox-japanese-2.7b alone"
    wrong = [f"{prompt} → {text!r}, expected {known!r}" for prompt, known, text in outputs_of(home)
             if text != known]
    right = len(KNOWN_OUTPUTS) - len(wrong)
    return not wrong, "; ".join([f"{right} of {len(KNOWN_OUTPUTS)} texts as known", *wrong])


def outputs_of(home: Path) -> Iterator[tuple[str, str, str]]:
    """Each prompt, what is known to follow it, and what this folder's model says."""
    tokenizer = GPTNeoXJapaneseTokenizer.from_pretrained(home)
    model = GPTNeoXJapaneseForCausalLM.from_pretrained(home)
    for prompt, known in tqdm(KNOWN_OUTPUTS.items(), desc="texts", disable=None, delay=1):
        ids = tokenizer(prompt, return_tensors="np").input_ids
        said = model.generate(ids, max_length=50, do_sample=False)
        text = tokenizer.batch_decode(said, skip_special_tokens=True)[0]
        yield prompt, known, text.removeprefix(prompt)
