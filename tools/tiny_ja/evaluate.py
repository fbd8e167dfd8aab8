"""What tiny-ja can do, measured: writes evaluation.json, from which card.py makes the model card.

    python -m tools.tiny_ja.evaluate [--model weights/tiny-ja] [--work build/tiny-ja]

All is greedy where nothing else is said, from the folder as it is published, in float32.
"""

import argparse
import json
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from neoxja_np import GPTNeoXJapaneseForCausalLM, GPTNeoXJapaneseTokenizer
from neoxja_np.files import write_json
from tools.tiny_ja.corpus import END, texts
from tools.tiny_ja.draw import Draw, Probe, Text
from tools.tiny_ja.kneser_ney import KneserNey
from tools.tiny_ja.lists import list_probes
from tools.tiny_ja.questions import capital_probes, other_probes
from tools.tiny_ja.recipe import NEW, SEEN, TARGET, WORK
from tools.tiny_ja.stories import probes as name_probes
from tools.tiny_ja.sums import kanji_probes, sum_probes
from tqdm import tqdm

BATCH = 24
ORDER = 5       # of the n-grams
SPAN = 30       # characters
TEXTS = 800     # of each held-out split
STORIES = 200   # written from the beginnings of held-out ones
SAMPLES = 20
KNOWN_PROMPT = "人とAIが協調するためには、"


def batched(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """Lists of up to `size` items."""
    left = iter(items)
    while part := list(islice(left, size)):
        yield part


def continuations(model: GPTNeoXJapaneseForCausalLM, tokenizer: GPTNeoXJapaneseTokenizer, prompts: Sequence[str],
                  tokens: int, **settings: Any) -> list[str]:
    """What the model writes behind each prompt, up to its end token."""
    texts: list[str] = []
    with tqdm(total=len(prompts), unit="prompt", disable=None) as bar:
        for part in batched(prompts, BATCH):
            encoding = tokenizer(part, padding=True, padding_side="left", return_tensors="np")
            length = encoding.input_ids.shape[1]
            room = min(tokens, model.config.max_position_embeddings - length)
            out = model.generate(**encoding, max_new_tokens=room, **settings)
            texts += tokenizer.batch_decode(out[:, length:], skip_special_tokens=True)
            bar.update(len(part))
    return texts


def share_right(model: GPTNeoXJapaneseForCausalLM, tokenizer: GPTNeoXJapaneseTokenizer, probes: Sequence[Probe],
                ) -> dict[str, Any]:
    """How many continuations begin with the answer, and a few that do not."""
    by_length = sorted(probes, key=lambda probe: len(probe.prompt))
    tokens = max(len(tokenizer.encode(probe.answer)) for probe in probes) + 2
    got = continuations(model, tokenizer, [probe.prompt for probe in by_length], tokens)
    wrong = [{"prompt": probe.prompt[-60:], "expected": probe.answer, "got": text[:len(probe.answer) + 10]}
             for probe, text in zip(by_length, got, strict=True) if not text.startswith(probe.answer)]
    return {"cases": len(probes), "right": len(probes) - len(wrong), "share": 1 - len(wrong) / len(probes),
            "wrong": wrong[:5]}


def token_nats(model: GPTNeoXJapaneseForCausalLM, ids: Sequence[int]) -> float:
    """The surprise of a row of ids but the first."""
    logits = model([list(ids)], use_cache=False).logits[0, :-1].astype(np.float64)
    shifted = logits - logits.max(axis=-1, keepdims=True)
    picked = shifted[np.arange(len(ids) - 1), ids[1:]]
    return float((np.log(np.exp(shifted).sum(axis=-1)) - picked).sum())


def bits_a_character(model: GPTNeoXJapaneseForCausalLM, tokenizer: GPTNeoXJapaneseTokenizer, ngrams: KneserNey,
                     split: str) -> dict[str, dict[str, float]]:
    """By kind of text: of the model, of the n-grams, and of the choices that the generator made (a bound).

    Each text behind an end token, with its own end; those that fit the context.
    """
    sums: dict[str, dict[str, float]] = {}
    eos = tokenizer.eos_token_id
    before = np.array([eos] * (ORDER - 1))
    chosen: Iterable[tuple[Text, float]] = islice(texts(split, held_out=split == NEW), TEXTS)
    for text, bits in tqdm(chosen, split, TEXTS, disable=None):
        ids = tokenizer.encode(text.text + END)
        if len(ids) >= model.config.max_position_embeddings:
            continue
        of = sums.setdefault(text.kind, dict.fromkeys(("characters", "model", "n-grams", "generator"), 0.0))
        of["characters"] += len(text.text)
        of["model"] += token_nats(model, [eos, *ids]) / math.log(2)
        of["n-grams"] -= float(np.log2(ngrams.probabilities(np.array([*before, *ids]))).sum())
        of["generator"] += bits
    sums["all"] = {name: sum(each[name] for each in sums.values()) for name in next(iter(sums.values()))}
    return {kind: {name: value if name == "characters" else value / of["characters"] for name, value in of.items()}
            for kind, of in sums.items()}


def brackets(written: Sequence[str]) -> dict[str, Any]:
    """Of the 「 in some texts, how many are closed by a 」 before another opens; texts that the context cut count too."""
    opened = sum(text.count("「") for text in written)
    closed = sum(len(re.findall("「[^「」]*」", text)) for text in written)
    stray = sum(len(re.sub("「[^「」]*」", "", text).split("」")) - 1 for text in written)
    return {"opened": opened, "closed": closed, "closed without an opening": stray, "share": closed / max(opened, 1)}


def span_hashes(text: str) -> np.ndarray:
    """[len - SPAN + 1]: a number of 64 bits for each span; equal spans have equal numbers."""
    codes = np.frombuffer(text.encode("utf-32-le"), "<u4").astype(np.uint64)
    hashes = np.zeros(max(len(codes) - SPAN + 1, 0), np.uint64)
    for place in range(SPAN):
        hashes = hashes * np.uint64(0x9E3779B97F4A7C15) + codes[place:place + len(hashes)]
    return hashes


def verbatim(written: Sequence[str], corpus: str) -> dict[str, Any]:
    """Of the different spans of SPAN characters of some texts, how many stand in the corpus to the letter."""
    spans = np.unique(np.concatenate([span_hashes(text) for text in written]))
    found = int(np.isin(spans, span_hashes(corpus)).sum())
    return {"spans": len(spans), "verbatim": found, "share": found / max(len(spans), 1)}


def beginnings(count: int) -> list[str]:
    """First sentences of held-out stories of plots that training never sees."""
    stories = (text.text for text, _ in texts("beginnings", held_out=True) if text.kind == "story")
    return [story[:story.index("。") + 1] for story in islice(stories, count)]


def evaluate(model: GPTNeoXJapaneseForCausalLM, tokenizer: GPTNeoXJapaneseTokenizer, work: Path) -> dict[str, Any]:
    """All figures of the model card."""
    ngrams = KneserNey(np.load(work / "corpus.npy"), order=ORDER, vocab_size=len(tokenizer.vocabulary.rows))
    corpus = (work / "corpus.txt").read_text(encoding="utf-8")
    found: dict[str, Any] = {
        "corpus": {"characters": len(corpus), "tokens": len(np.load(work / "corpus.npy", mmap_mode="r"))},
        "bits a character": {split: bits_a_character(model, tokenizer, ngrams, split) for split in (SEEN, NEW)}}
    asked: dict[str, list[Probe]] = {
        "capitals": capital_probes(), "weekdays, months, seasons": other_probes(), "sums in digits": sum_probes(),
        "sums in kanji": kanji_probes(), "lists": list_probes(Draw("lists"), 300),
        "names, held-out plots": name_probes(Draw("names"), 300, held_out=True),
        "names, known plots": name_probes(Draw("names"), 300, held_out=False)}
    for name, probes in asked.items():
        found[name] = share_right(model, tokenizer, probes)
        print(f"{name}: {found[name]['right']} of {found[name]['cases']}", flush=True)
    prompts = beginnings(STORIES)
    written = continuations(model, tokenizer, prompts, model.config.max_position_embeddings)
    found["brackets"] = brackets(written)
    sampled = [prompt + text for prompt, text in zip(prompts, continuations(
        model, tokenizer, prompts, model.config.max_position_embeddings, do_sample=True, top_k=0,
        rng=np.random.default_rng(1)), strict=True)]
    found["brackets, sampled"] = brackets(sampled)
    found["verbatim, greedy"] = verbatim(written, corpus)
    found["verbatim, sampled"] = verbatim(sampled, corpus)
    found["verbatim, the generator's own held-out stories of known plots"] = verbatim(
        [text.text for text, _ in islice(texts(SEEN), TEXTS) if text.kind == "story"], corpus)
    first = [KNOWN_PROMPT, *prompts[:SAMPLES - 1]]
    found["samples"] = [prompt + text for prompt, text in zip(first, continuations(
        model, tokenizer, first, model.config.max_position_embeddings, do_sample=True, top_k=0, temperature=0.8,
        rng=np.random.default_rng(2)), strict=True)]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=TARGET)
    parser.add_argument("--work", type=Path, default=WORK, help="where corpus.txt and corpus.npy are")
    parser.add_argument("-o", "--output", type=Path, help="default: evaluation.json in the model's folder")
    options = parser.parse_args()
    tokenizer = GPTNeoXJapaneseTokenizer.from_pretrained(options.model)
    model = GPTNeoXJapaneseForCausalLM.from_pretrained(options.model)
    found = evaluate(model, tokenizer, options.work)
    write_json(options.output or options.model / "evaluation.json", found)
    print(json.dumps({name: value for name, value in found.items() if name != "samples"}, indent=2, ensure_ascii=False))


if __name__ == "__main__":
    main()
