"""neoxja generate: a prompt goes on, printed as it comes."""

import argparse
import sys
import warnings

import numpy as np

from neoxja_np.cli.options import Verbs, add_model, add_verb, load_tokenizer, number
from neoxja_np.pretrained import GPTNeoXJapaneseForCausalLM

SAMPLING = ("temperature", "top_k", "top_p", "seed")
SETTINGS = ("max_new_tokens", "temperature", "top_k", "top_p")  # of generate(), by their names


def add_to(verbs: Verbs) -> None:
    """The verb and its options."""
    verb = add_verb(verbs, "generate", run, "Continue a Japanese text.")
    verb.add_argument("prompt", metavar="PROMPT",
                      help="the text to go on from, such as 人とAIが協調するためには、")
    add_model(verb)
    verb.add_argument("--dtype", choices=["float32", "float64"], default="float32",
                      help="default: float32")
    verb.add_argument("--at-rest", action="store_true",
                      help="leave the weights in their file, as they are stored, and widen them "
                           "where they are used: less memory, slower")
    verb.add_argument(
        "--max-new-tokens", metavar="N",
        type=number(int, "a whole number above 0", lambda n: n > 0),
        help="default: as the folder's generation_config.json says, else 20")
    verb.add_argument("--sample", action="store_true",
                      help="draw tokens at random; without it the likeliest is taken")
    verb.add_argument(
        "--temperature", metavar="T",
        type=number(float, "a number above 0", lambda t: 0 < t < np.inf),
        help="with --sample: above 1 more surprising, below 1 less (default: 1)")
    verb.add_argument(
        "--top-k", metavar="K", type=number(int, "0 (off) or more", lambda k: k >= 0),
        help="with --sample: among the K likeliest tokens alone; 0: among all (default: 50)")
    verb.add_argument(
        "--top-p", metavar="P", type=number(float, "a number from 0 to 1", lambda p: 0 <= p <= 1),
        help="with --sample: among the likeliest whose probabilities reach P (default: 1)")
    verb.add_argument(
        "--seed", metavar="S", type=number(int, "a whole number, 0 or more", lambda s: s >= 0),
        help="with --sample: the same seed gives the same text")


def run(options: argparse.Namespace) -> None:
    """Prints the prompt, and what follows it as it comes, never half a character."""
    given = [name for name in SAMPLING if getattr(options, name) is not None]
    if given and not options.sample:
        options.usage_error(f"--{given[0].replace('_', '-')} needs --sample")
    tokenizer = load_tokenizer(options)
    encoding = tokenizer(options.prompt, return_tensors="np")
    if encoding.input_ids.size == 0:
        raise ValueError("the prompt is empty: give at least one character to go on from")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # they say what the notes say
        model = GPTNeoXJapaneseForCausalLM.from_pretrained(
            options.model, dtype=options.dtype,
            weights_dtype="stored" if options.at_rest else None)
    for note in model.notes:
        if not note.startswith("tied:"):  # as the config says: no news
            print(f"neoxja: {note}", file=sys.stderr)
    rows = len(tokenizer.vocabulary.rows)
    if rows != model.config.vocab_size:
        print(f"neoxja: vocab.txt has {rows} rows, the config says vocab_size "
              f"{model.config.vocab_size}: do they belong together?", file=sys.stderr)
    settings = {name: getattr(options, name) for name in SETTINGS
                if getattr(options, name) is not None}
    steps = model.stream(**encoding, **settings, do_sample=options.sample,
                         rng=np.random.default_rng(options.seed))

    decoder = tokenizer.stream_decoder()
    print(options.prompt, end="", flush=True)
    for token in (tokens[0] for tokens in steps):
        if token not in tokenizer.all_special_ids:
            print(decoder.push(token), end="", flush=True)
    print(decoder.flush())
