"""neoxja train: a model learns from texts, from nothing or from where another stands."""

import argparse
import sys
from dataclasses import fields
from pathlib import Path

import numpy as np

from neoxja_np.cli.options import DEFAULT_MODEL, Verbs, add_verb, number
from neoxja_np.config import GPTNeoXJapaneseConfig
from neoxja_np.files import find_folder, read_json
from neoxja_np.pretrained import GPTNeoXJapaneseForCausalLM
from neoxja_np.tokenizer.corpus import encode_corpus
from neoxja_np.tokenizer.pretrained import GPTNeoXJapaneseTokenizer
from neoxja_np.training.batches import Ids
from neoxja_np.training.loop import check_folder, read_log, train
from neoxja_np.training.settings import TrainingSettings
from neoxja_np.views import draw_loss_curve
from neoxja_np.weights import initial_weights

HELD_OUT = 0.02  # of the tokens, where no file is given for it
SETTINGS = {  # of TrainingSettings: what the help says
    "steps": "updates of the weights", "batch_size": "windows a step", "length": "tokens a window",
    "at_texts": "begin each window where a text begins; what a text has beyond the length is then "
                "never seen",
    "parts": "cut each batch into N parts, one after the other: the same step in less memory",
    "threads": "parts at a time; set OPENBLAS_NUM_THREADS=1 with it, so that the BLAS takes no "
               "threads of its own", "learning_rate": "the highest learning rate",
    "warmup_steps": "steps until it is reached; after them it falls as a cosine",
    "weight_decay": "how far each step draws matrices towards 0",
    "max_norm": "gradients longer than this are clipped",
    "evaluate_every": "steps from one look at the held-out text to the next",
    "save_every": "steps from one checkpoint to the next",
    "seed": "of the first weights and of the batches",
}


def add_to(verbs: Verbs) -> None:
    """The verb and its options."""
    verb = add_verb(verbs, "train", run, (
        "Train a model on texts: a new one, or with --model one that goes on learning. FOLDER "
        "becomes a model folder of the weights that did best on held-out text, with log.jsonl, "
        "checkpoints to resume from and, where matplotlib is installed, curve.png."))
    verb.add_argument("corpus", metavar="CORPUS", nargs="+",
                      help="texts in UTF-8, or one .npy that `neoxja encode` wrote. An end token "
                           "follows each file; where one file holds many texts, write "
                           "<|endoftext|> behind each")
    verb.add_argument("-o", "--output", metavar="FOLDER", required=True, type=Path,
                      help="where all is written")
    verb.add_argument("--model", metavar="FOLDER",
                      help="begin with the weights and the tokenizer of this model")
    verb.add_argument("--config", metavar="FILE", type=Path,
                      help="config.json of a new model (default: 4 layers of hidden size 128); "
                           "its vocab_size becomes the tokenizer's")
    verb.add_argument("--tokenizer", metavar="FOLDER",
                      help="the tokenizer of a new model, such as `neoxja vocabulary learn` writes "
                           f"(default: that of {DEFAULT_MODEL})")
    verb.add_argument("--held-out", metavar="FILE", nargs="+",
                      help="texts, or one .npy, that are not trained on (default: the last "
                           f"{HELD_OUT:.0%}% of the corpus)")
    verb.add_argument("--resume", action="store_true",
                      help="go on from the last checkpoint in FOLDER, with the tokenizer and the "
                           "encoded texts that are there; everything else as it was")
    for each in fields(TrainingSettings):
        if each.name not in SETTINGS:
            continue
        if each.type is bool:
            verb.add_argument(f"--{each.name.replace('_', '-')}", action="store_true",
                              help=SETTINGS[each.name])
        else:
            whole = each.type is int
            verb.add_argument(
                f"--{each.name.replace('_', '-')}", default=each.default,
                metavar="N" if whole else "X", type=number(
                    int if whole else float, f"a {'whole ' if whole else ''}number, 0 or more",
                    lambda value: 0 <= value < np.inf),
                help=f"{SETTINGS[each.name]} (default: {each.default})")


def run(options: argparse.Namespace) -> None:
    """Trains, and says on stderr what came of it."""
    if options.model and (options.config or options.tokenizer):
        options.usage_error("--model has a config and a tokenizer already")
    folder: Path = options.output
    check_folder(folder, resume=options.resume)
    settings = TrainingSettings(**{name: getattr(options, name) for name in SETTINGS})
    tokenizer = GPTNeoXJapaneseTokenizer.from_pretrained(
        folder if options.resume else options.model or options.tokenizer or DEFAULT_MODEL)
    model = first_model(options, tokenizer, settings)
    folder.mkdir(parents=True, exist_ok=True)
    ids = read_ids(options.corpus, folder / "corpus.npy", tokenizer, again=options.resume)
    if options.held_out:
        held_out = read_ids(options.held_out, folder / "held_out.npy", tokenizer,
                            again=options.resume)
    else:
        cut = len(ids) - max(int(len(ids) * HELD_OUT), settings.length)
        if cut < settings.length:
            raise ValueError(f"the corpus has {len(ids)} tokens, too few for one window of "
                             f"{settings.length} to train on and one to hold out: give more text "
                             "or a smaller length")
        ids, held_out = ids[:cut], ids[cut:]
    if not options.resume:
        tokenizer.save_pretrained(folder)
    print(f"{model!r}, {len(ids):,} tokens, {len(held_out):,} held out", file=sys.stderr)
    done = train(model, ids, held_out, folder, settings, resume=options.resume)
    print(f"{folder}: held-out loss {done.best:.4f} nats a token at best", file=sys.stderr)
    try:
        draw_loss_curve(read_log(folder)).save(folder / "curve.png")
    except ModuleNotFoundError as error:
        print(f"neoxja: no curve.png: {error}", file=sys.stderr)


def first_model(options: argparse.Namespace, tokenizer: GPTNeoXJapaneseTokenizer,
                settings: TrainingSettings) -> GPTNeoXJapaneseForCausalLM:
    """What training begins with: --model, or weights by chance of --config."""
    if options.model:
        return GPTNeoXJapaneseForCausalLM.from_pretrained(find_folder(options.model))
    if options.config and not options.config.is_file():
        raise FileNotFoundError(f"--config: there is no file {str(options.config)!r}")
    given = read_json(options.config) if options.config else {
        "hidden_size": 128, "num_hidden_layers": 4, "num_attention_heads": 4,
        "attention_dropout": 0.0, "max_position_embeddings": max(256, settings.length)}
    config = GPTNeoXJapaneseConfig.from_dict({
        **given, "vocab_size": len(tokenizer.vocabulary.rows),
        "bos_token_id": tokenizer.bos_token_id, "eos_token_id": tokenizer.eos_token_id})
    rng = np.random.default_rng(settings.seed)
    return GPTNeoXJapaneseForCausalLM(config, initial_weights(config, rng=rng, dtype="float32"))


def read_ids(files: list[str], target: Path, tokenizer: GPTNeoXJapaneseTokenizer, *,
             again: bool) -> Ids:
    """The ids of texts, as a memory map that is written to `target`, or of a .npy as it is.

    again: the texts were written there before.
    """
    if any(file.endswith(".npy") for file in files):
        if len(files) > 1:
            raise ValueError(f"expected one .npy, or texts; got {', '.join(files)}")
        target = Path(files[0])
    elif not again:
        encode_corpus(files, target, tokenizer)
    ids: Ids = np.load(target, mmap_mode="r")
    return ids
