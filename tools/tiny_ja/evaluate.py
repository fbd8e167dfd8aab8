"""What tiny-ja can do, measured: writes evaluation.json, from which card.py makes the model card.

    python -m tools.tiny_ja.evaluate [--model weights/tiny-ja] [--work build/tiny-ja]

All is greedy where nothing else is said, from the folder as it is published, in float32.
"""

import argparse
import json
import math
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from neoxja_np import GPTNeoXJapaneseForCausalLM, GPTNeoXJapaneseTokenizer
from neoxja_np.layers.loss import causal_lm_loss
from neoxja_np.training.batches import random_batch, text_starts
from neoxja_np.training.settings import TrainingSettings
from neoxja_np.writing import write_json
from tools.tiny_ja.corpus import END, texts
from tools.tiny_ja.draw import Draw, Probe, Text
from tools.tiny_ja.kneser_ney import KneserNey
from tools.tiny_ja.lists import list_probes
from tools.tiny_ja.questions import capital_probes, other_probes
from tools.tiny_ja.recipe import STAGES, TARGET, WORK
from tools.tiny_ja.stories import HELD_OUT, IN_TRAINING, LATER
from tools.tiny_ja.stories import probes as name_probes
from tools.tiny_ja.stories.events import event_probes
from tools.tiny_ja.sums import kanji_probes, sum_probes
from tools.tiny_ja.world import BEASTS, BOYS, CATS, DOGS, FAMILIES, FAMILY, GIRLS, ROBOTS
from tqdm import tqdm

BATCH = 24
ORDER = 5       # of the n-grams
SPAN = 30       # characters
TEXTS = 800     # of each kind of new text
STORIES = 200   # written from the beginnings of held-out ones
SAMPLES, TEMPERATURE, SEED = 20, 0.8, 2
KNOWN_PROMPT = "人とAIが協調するためには、"
KNOWN, NEW = "known plots", "held-out plots"  # splits that neither training nor the choice of its best weights saw
NAME = re.compile("|".join([
    f"(?:{'|'.join(FAMILIES)})(?:さん|先生)",
    *sorted({*BOYS, *GIRLS, *FAMILY, *DOGS, *CATS, *ROBOTS, *(name for _, name in BEASTS)}, key=len, reverse=True)]))


def batched(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """Lists of up to `size` items."""
    left = iter(items)
    while part := list(islice(left, size)):
        yield part


def continuations(model: GPTNeoXJapaneseForCausalLM, tokenizer: GPTNeoXJapaneseTokenizer, prompts: Sequence[str],
                  tokens: int | None = None, **settings: Any) -> list[str]:
    """What the model writes behind each prompt: up to its end token, so many tokens or the end of the context."""
    texts: list[str] = []
    with tqdm(total=len(prompts), unit="prompt", disable=None) as bar:
        for part in batched(prompts, BATCH):
            encoding = tokenizer(part, padding=True, padding_side="left", return_tensors="np")
            length = encoding.input_ids.shape[1]
            room = model.config.max_position_embeddings - length
            out = model.generate(**encoding, max_new_tokens=min(tokens or room, room), **settings)
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


def asked() -> dict[str, list[Probe]]:
    """Every question to the model, by what it is about."""
    return {"capitals": capital_probes(), "weekdays, months, seasons": other_probes(), "sums in digits": sum_probes(),
            "sums in kanji": kanji_probes(), "lists": list_probes(Draw("lists"), 300),
            "names, held-out plots": name_probes(Draw("names"), 300, plots=HELD_OUT),
            "names, plots written last": name_probes(Draw("names"), 300, plots=LATER),
            "names, known plots": name_probes(Draw("names"), 300, plots=IN_TRAINING),
            "names, new successions": event_probes(Draw("names"), 300)}


def share_guessed(probes: Iterable[Probe]) -> float:
    """How many names a rule finds that reads nothing: of the names so far, the last one but the very last."""
    guesses = []
    for probe in probes:
        names = NAME.findall(probe.prompt)
        others = [name for name in names if name != names[-1]] or names
        guesses.append(probe.answer == others[-1])
    return sum(guesses) / len(guesses)


def new_texts(split: str) -> list[tuple[Text, float]]:
    """TEXTS new texts of every kind: of KNOWN plots, successions, pairs and wordings, or of those held out."""
    return [*islice(texts(split, held_out=split == NEW), TEXTS)]


def bits_a_character(model: GPTNeoXJapaneseForCausalLM, tokenizer: GPTNeoXJapaneseTokenizer, ngrams: KneserNey,
                     split: str) -> dict[str, dict[str, float]]:
    """By kind of text: of the model, of the n-grams, and of the generator's choices.

    Each text with its own end, behind a short text with its end, as texts stand in the corpus; those that fit the
    context. The bits of the choices are an upper bound on the entropy of the texts.
    """
    lead = tokenizer.encode(next(text.text for text, _ in texts("lead") if len(text.text) < 60) + END)
    sums: dict[str, dict[str, float]] = {}
    for text, bits in tqdm(new_texts(split), split, disable=None):
        ids = np.array([*lead, *tokenizer.encode(text.text + END)])
        if len(ids) > model.config.max_position_embeddings:
            continue
        labels = np.where(np.arange(len(ids)) < len(lead), -100, ids)
        logits = model([ids.tolist()], use_cache=False).logits[0].astype(np.float64)
        of = sums.setdefault(text.kind, dict.fromkeys(("characters", "model", "n-grams", "generator"), 0.0))
        of["characters"] += len(text.text)
        of["model"] += float(causal_lm_loss(logits, labels)) * (len(ids) - len(lead)) / math.log(2)
        of["n-grams"] -= float(np.log2(ngrams.probabilities(ids[len(lead) - ORDER + 1:])).sum())
        of["generator"] += bits
    sums["all"] = {name: sum(each[name] for each in sums.values()) for name in next(iter(sums.values()))}
    return {kind: {name: value if name == "characters" else value / of["characters"] for name, value in of.items()}
            for kind, of in sums.items()}


def share_trained_on(ids: np.ndarray, settings: TrainingSettings, *, end: int) -> float:
    """How much of a stage's text [N] stood in a window of training at least once."""
    seen = np.zeros(len(ids), bool)
    starts = text_starts(ids, end=end, length=settings.length)
    places = np.arange(len(ids), dtype=np.uint32)
    for step in range(settings.steps):
        seen[random_batch(places, step=step, batch_size=settings.batch_size, length=settings.length, seed=settings.seed,
                          starts=starts)] = True
    return float(seen.mean())


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


def verbatim(written: Sequence[str], corpus: np.ndarray) -> dict[str, Any]:
    """Of the different spans of SPAN characters of some texts, how many stand in the corpus, given as its span_hashes."""
    spans = np.unique(np.concatenate([span_hashes(text) for text in written]))
    found = int(np.isin(spans, corpus).sum())
    return {"spans": len(spans), "verbatim": found, "share": found / max(len(spans), 1)}


def cut(story: str) -> tuple[str, str]:
    """A story's first sentence, and the rest."""
    end = story.index("。") + 1
    return story[:end], story[end:]


def told(split: str) -> Iterator[tuple[str, str]]:
    """Stories of the generator, each with another first sentence, as cut() gives them."""
    known = set()
    for text, _ in texts(split, held_out=split != KNOWN):
        if text.kind == "story":
            first, rest = cut(text.text)
            if first not in known:
                known.add(first)
                yield first, rest


def beginnings(count: int) -> list[str]:
    """First sentences of stories of plots that training never sees."""
    return [first for first, _ in islice(told("beginnings"), count)]


def evaluate(model: GPTNeoXJapaneseForCausalLM, tokenizer: GPTNeoXJapaneseTokenizer, work: Path) -> dict[str, Any]:
    """All figures of the model card."""
    start = time.perf_counter()
    ids = {name: np.load(work / f"{name}.npy") for name in STAGES}
    corpus = {name: (work / f"{name}.txt").read_text(encoding="utf-8") for name in STAGES}
    ngrams = KneserNey(np.concatenate([*ids.values()]), order=ORDER, vocab_size=len(tokenizer.vocabulary.rows))
    found: dict[str, Any] = {
        "corpus": {name: {"characters": len(corpus[name].replace(END, "")), "texts": corpus[name].count(END), "tokens": len(ids[name]),
                          "trained on": share_trained_on(ids[name], settings, end=tokenizer.eos_token_id)}
                   for name, settings in STAGES.items()},
        "bits a character": {split: bits_a_character(model, tokenizer, ngrams, split) for split in (KNOWN, NEW)}}
    for name, probes in asked().items():
        found[name] = share_right(model, tokenizer, probes)
        if name.startswith("names"):
            found[name]["guessed"] = share_guessed(probes)
        print(f"{name}: {found[name]['right']} of {found[name]['cases']}", flush=True)
    prompts = beginnings(STORIES)
    written = {"greedy": continuations(model, tokenizer, prompts), "sampled": continuations(
        model, tokenizer, prompts, do_sample=True, top_k=0, rng=np.random.default_rng(1))}
    found["brackets"] = {way: brackets(stories) for way, stories in written.items()}
    written |= {f"the generator's own, {split}": [rest for _, rest in islice(told(split), STORIES)] for split in (KNOWN, NEW)}
    spans = span_hashes("".join(corpus.values()))
    found["verbatim"] = {name: verbatim(stories, spans) for name, stories in written.items()}
    first = [KNOWN_PROMPT, *prompts[:SAMPLES - 1]]
    found["samples"] = [prompt + text for prompt, text in zip(first, continuations(
        model, tokenizer, first, do_sample=True, top_k=0, temperature=TEMPERATURE,
        rng=np.random.default_rng(SEED)), strict=True)]
    return {**found, "seconds": round(time.perf_counter() - start)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=TARGET)
    parser.add_argument("--work", type=Path, default=WORK, help="where the texts of training and their ids are")
    parser.add_argument("-o", "--output", type=Path, help="default: evaluation.json in the model's folder")
    options = parser.parse_args()
    tokenizer = GPTNeoXJapaneseTokenizer.from_pretrained(options.model)
    model = GPTNeoXJapaneseForCausalLM.from_pretrained(options.model)
    found = evaluate(model, tokenizer, options.work)
    write_json(options.output or options.model / "evaluation.json", found)
    print(json.dumps({name: value for name, value in found.items() if name != "samples"}, indent=2, ensure_ascii=False))


if __name__ == "__main__":
    main()
