"""weights/tiny-ja in transformers: the same logits, greedy tokens and ids."""

import numpy as np
import pytest
import torch
from neoxja_np import GPTNeoXJapaneseForCausalLM, GPTNeoXJapaneseTokenizer
from tests.checks import relative_l2
from tests.conftest import ROOT
from tests.parity.conftest import note
from tools.tiny_ja.corpus import END
from tools.tiny_ja.evaluate import KNOWN, KNOWN_PROMPT, NEW, STORIES, asked, beginnings, new_texts
from transformers import GPTNeoXJapaneseForCausalLM as HuggingFaceModel
from transformers import GPTNeoXJapaneseTokenizer as HuggingFaceTokenizer

FOLDER = ROOT / "weights" / "tiny-ja"
PROMPTS = [KNOWN_PROMPT, *beginnings(19)]
LOGITS = 1e-5  # relative L2 in float32, as in tests/tolerances.py


@pytest.fixture(scope="module")
def theirs() -> HuggingFaceModel:
    return HuggingFaceModel.from_pretrained(FOLDER, dtype=torch.float32).eval()


def test_logits(theirs: HuggingFaceModel) -> None:
    ours, tokenizer = (each.from_pretrained(FOLDER) for each in (GPTNeoXJapaneseForCausalLM, GPTNeoXJapaneseTokenizer))
    for text, _ in new_texts(NEW)[:20]:
        ids = np.array([tokenizer.encode(text.text)[:320]])
        with torch.no_grad():
            expected = theirs(torch.from_numpy(ids)).logits.numpy()
        error = relative_l2(ours(ids).logits, expected)
        note("tiny-ja, float32: relative L2 of the logits of 20 texts", error)
        assert error <= LOGITS


def test_greedy_tokens(theirs: HuggingFaceModel) -> None:
    ours, tokenizer = (each.from_pretrained(FOLDER) for each in (GPTNeoXJapaneseForCausalLM, GPTNeoXJapaneseTokenizer))
    theirs.generation_config.eos_token_id = None  # 200 tokens of each, whatever they are
    theirs.generation_config.pad_token_id = tokenizer.pad_token_id
    for prompt in PROMPTS:
        ids = tokenizer.encode(prompt, return_tensors="np")
        with torch.no_grad():
            expected = theirs.generate(torch.from_numpy(ids), max_new_tokens=200, do_sample=False).numpy()
        got = ours.generate(ids, max_new_tokens=200, do_sample=False, eos_token_id=[])
        assert got.shape == (1, ids.shape[1] + 200)
        assert (got == expected).all(), prompt
        note("tiny-ja: greedy tokens equal", float((len(PROMPTS)) * 200))


def test_ids() -> None:
    files = FOLDER / "vocab.txt", FOLDER / "emoji.json"
    expected = HuggingFaceTokenizer(*map(str, files))
    ours = [GPTNeoXJapaneseTokenizer(*files, profile=profile) for profile in ("hf", "original")]
    characters = 0
    new = [text.text + END for split in (KNOWN, NEW) for text, _ in new_texts(split)]
    probes = [text for each in asked().values() for probe in each
              for text in (probe.prompt, probe.prompt + probe.answer)]
    for text in [*new, *probes, *beginnings(STORIES)]:
        ids = expected(text)["input_ids"]
        assert all(tokenizer.encode(text) == ids for tokenizer in ours)
        characters += len(text)
    note("tiny-ja: characters of evaluation text with the same ids", characters)
