"""A model folder written anew: from a pickled file to safetensors, in another dtype, in shards."""

import shutil
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from tqdm import tqdm

from neoxja_np.checkpoint.folder import (
    EMBEDDING,
    HEAD,
    PREFIX,
    check_sums,
    has_head,
    match,
    stored_tensors,
)
from neoxja_np.checkpoint.narrow import narrowed
from neoxja_np.checkpoint.safetensors_file import Outgoing
from neoxja_np.checkpoint.shards import INDEX, SINGLE, in_bytes, other_weights, weight_files
from neoxja_np.checkpoint.stored import CheckpointError, StoredTensor
from neoxja_np.config import GPTNeoXJapaneseConfig
from neoxja_np.files import find_folder, read_json
from neoxja_np.weights import shapes
from neoxja_np.writing import write_files, write_json

SAFETENSORS = (SINGLE, INDEX)
PICKLED = ("pytorch_model.bin", "pytorch_model.bin.index.json")
Writer = Callable[[Path], object]
FILES = ("config.json", "generation_config.json", "vocab.txt", "emoji.json",  # beside the weights
         "tokenizer_config.json", "special_tokens_map.json")
DTYPES = {"float16": "F16", "bfloat16": "BF16", "float32": "F32", "float64": "F64"}


def convert(source: str | Path, target: str | Path | None = None, *, dtype: str | None = None,
            max_shard_size: int | str = "50GB", replace: bool = False) -> list[str]:
    """Writes the weights of a model folder as safetensors, and notes what was left out.

    target: another folder, which then becomes a whole model folder, without what another model had
    beside its weights; None: beside the pickled file. dtype: float16, bfloat16, float32 or float64;
    None: each tensor as it is stored; beside the pickled file, config.json is told, too. Only a few
    MB are in memory at a time. Stopped on the way, the target has the old weights or the new; its
    config and vocabulary become new before the weights, and what another model had goes last.
    Raises FileNotFoundError; FileExistsError where weights or another model would be written over
    and `replace` is not given, or where it is not clear which weights are meant; ValueError for
    another dtype, a size or a config that cannot be used; CheckpointError for weights that do not
    fit the config, or are not finite, or that `dtype` is too small for; OSError where the disk is
    full.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     notes = convert("random-ja", folder, dtype="bfloat16", max_shard_size="100KB")
    ...     sorted(path.name for path in Path(folder).glob("*.index.json"))
    ['model.safetensors.index.json']
    """
    if dtype is not None and dtype not in DTYPES:
        raise ValueError(f"dtype must be one of {', '.join(DTYPES)}, got {dtype!r}")
    size = in_bytes(max_shard_size)
    home = find_folder(source)
    folder = home if target is None or Path(target).resolve() == home.resolve() else Path(target)
    over = written_over(home, folder, replace=replace)
    tensors, notes = tensors_of(home)
    beside = other_files(home, folder, dtype)
    write(tensors, folder, dtype, size, beside=beside, instead_of=[
        folder / name for name in over if name in FILES and name not in beside])
    return notes


def written_over(home: Path, folder: Path, *, replace: bool) -> list[str]:
    """The files of the target that will be written over.

    Raises FileExistsError where there are any and `replace` is not given, or where it is not clear
    which weights are meant.
    """
    pickled, written = existing(home, PICKLED), existing(home, SAFETENSORS)
    if folder == home and pickled and written:
        raise FileExistsError(f"{home} has {pickled[0]} and {written[0]}: which is to be "
                              "converted? Move the other away, or give another folder: for that "
                              f"{written[0]} is read")
    over = existing(folder, SAFETENSORS if folder == home else (*SAFETENSORS, *FILES))
    if over and not replace:
        raise FileExistsError(f"{folder} has {', '.join(over)} already; give another folder, or "
                              "replace=True (--replace) to write over them or remove them")
    return over


def tensors_of(home: Path) -> tuple[dict[str, StoredTensor], list[str]]:
    """The tensors of a model folder that are to be written, and notes on what is left out.

    Raises FileNotFoundError; CheckpointError where they do not fit the config, or a pickled file is
    damaged.
    """
    config = GPTNeoXJapaneseConfig.from_pretrained(home)
    found = stored_tensors(home)
    for path in {tensor.path for tensor in found.values()}:
        check_sums(path)
    fitting, problems, notes = match(
        found, shapes(config, head=has_head(found)), tie=config.tie_word_embeddings)
    if problems:
        raise CheckpointError(f"the weights in {home} cannot be converted:\n  "
                              + "\n  ".join(problems))
    if config.tie_word_embeddings and HEAD in fitting and fitting[HEAD] == fitting[EMBEDDING]:
        del fitting[HEAD]
        notes.append(f"{HEAD} is not written: it is {EMBEDDING}, and the config ties the two")
    if not has_head(found):  # the names of the model without a head are shorter
        fitting = {name.removeprefix(PREFIX): tensor for name, tensor in fitting.items()}
    pickled, written = existing(home, PICKLED), existing(home, SAFETENSORS)
    if pickled and written:
        notes.append(f"{written[0]} was read, not {pickled[0]} beside it")
    return fitting, notes


def existing(folder: Path, names: Iterable[str]) -> list[str]:
    """Which of these files a folder has."""
    return [name for name in names if (folder / name).exists()]


def other_files(home: Path, folder: Path, dtype: str | None) -> dict[str, Writer]:
    """What else belongs to a whole model folder, and how it is written; config.json says the dtype.
    """
    files: dict[str, Writer] = {}
    if dtype:
        config = read_json(home / "config.json")
        config.pop("torch_dtype", None)  # the older name of dtype
        config["dtype"] = dtype
        files["config.json"] = lambda path: write_json(path, config)
    if folder != home:
        files = {name: partial(shutil.copyfile, home / name) for name in FILES
                 if (home / name).is_file()} | files
    return files


def write(tensors: dict[str, StoredTensor], folder: Path, dtype: str | None, max_shard_size: int, *,
          beside: dict[str, Writer], instead_of: list[Path]) -> None:
    """Writes the tensors, and the files beside them first; removes what they stand instead of."""
    kinds = {name: DTYPES[dtype] if dtype else tensor.dtype for name, tensor in tensors.items()}
    with tqdm(desc="converting", unit="B", unit_scale=True, disable=None, delay=1) as progress:
        outgoing = {name: Outgoing(kinds[name], tensor.shape, partial(
            narrowed, name, tensor, kinds[name], progress.update))
            for name, tensor in tensors.items()}
        progress.total = sum(tensor.nbytes for tensor in outgoing.values())
        files = {**beside, **weight_files(outgoing, folder, max_shard_size=max_shard_size)}
        write_files(folder, files, size=progress.total,
                    instead_of=[*other_weights(folder, than=files), *instead_of])
