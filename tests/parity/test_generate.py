"""Folders that go from one implementation to the other, and the text that comes of them."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from neoxja_np import GPTNeoXJapaneseForCausalLM, GPTNeoXJapaneseModel, GPTNeoXJapaneseTokenizer
from tests import tolerances
from tests.checks import relative_l2
from tests.conftest import SHARED, needs_shared
from tests.parity.conftest import note
from tools.hf_reference import random_model
from transformers import GPTNeoXJapaneseForCausalLM as HuggingFaceModel
from transformers import GPTNeoXJapaneseTokenizer as HuggingFaceTokenizer

PROMPTS = """
人とAIが協調するためには、
データサイエンティストとは、
100年後に必要とされる会社は、
フルリモートの環境で働くために必要なことは、
国境の長いトンネルを抜けると
美味しい日本食といえば、
吾輩は猫である🐯。実は慶応(慶應)大学出身
今日の天気は晴れのち曇り、明日は
むかしむかし、あるところに、
東京から京都まで新幹線で、
春は桜、夏は海、秋は紅葉、冬は
「ただいま」と言って、
Pythonで配列を足すには、
３時のおやつに
株価は前日比で2.5%
猫が
海
質問：日本で一番高い山は？ 答え：
①まず水を沸かす②次に
한국어와 日本語の é
""".strip().split("\n")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of the 32k vocabulary and its tokenizer, saved by Hugging Face."""
    path = tmp_path_factory.mktemp("hugging_face")
    random_model(seed=3, dtype=torch.float32, vocab_size=32000, hidden_size=96, num_hidden_layers=3,
                 num_attention_heads=4, rotary_pct=0.5, tie_word_embeddings=False, bos_token_id=31996,
                 eos_token_id=31999).save_pretrained(path, max_shard_size="8MB")
    files = str(SHARED / "vocab32k" / "vocab.txt"), str(SHARED / "vocab32k" / "emoji.json")
    HuggingFaceTokenizer(*files).save_pretrained(path)
    return path


@needs_shared
def test_twenty_prompts_forty_greedy_tokens(folder: Path) -> None:
    assert len(PROMPTS) == 20
    model, tokenizer = (kind.from_pretrained(folder) for kind in (GPTNeoXJapaneseForCausalLM, GPTNeoXJapaneseTokenizer))
    theirs, their_tokenizer = HuggingFaceModel.from_pretrained(folder), HuggingFaceTokenizer.from_pretrained(folder)
    assert len(list(folder.glob("model-*.safetensors"))) > 1
    equal = 0
    for prompt in PROMPTS:
        ids = tokenizer(prompt, return_tensors="np").input_ids
        their_ids = their_tokenizer(prompt, return_tensors="pt").input_ids
        got, expected = model.generate(ids, max_new_tokens=40), theirs.generate(their_ids, max_new_tokens=40)
        assert got.tolist() == expected.tolist(), prompt
        assert tokenizer.batch_decode(got, skip_special_tokens=True) == their_tokenizer.batch_decode(
            expected, skip_special_tokens=True)
        equal += got.shape[1] - ids.shape[1]
    note("greedy tokens equal, of 20 prompts x 40", equal)
    assert equal == 800


@needs_shared
def test_a_left_padded_batch_of_all_prompts(folder: Path) -> None:
    model, tokenizer = (kind.from_pretrained(folder) for kind in (GPTNeoXJapaneseForCausalLM, GPTNeoXJapaneseTokenizer))
    theirs, their_tokenizer = HuggingFaceModel.from_pretrained(folder), HuggingFaceTokenizer.from_pretrained(folder)
    tokenizer.padding_side = their_tokenizer.padding_side = "left"
    batch = tokenizer(PROMPTS, padding=True, return_tensors="np")
    their_batch = their_tokenizer(PROMPTS, padding=True, return_tensors="pt")
    assert (batch.input_ids == their_batch.input_ids.numpy()).all()
    assert (batch.attention_mask == their_batch.attention_mask.numpy()).all()
    got = model.generate(**batch, max_new_tokens=12)
    assert got.tolist() == theirs.generate(**their_batch, max_new_tokens=12).tolist()


@needs_shared
def test_the_sample_of_hugging_faces_page(folder: Path) -> None:
    model = GPTNeoXJapaneseForCausalLM.from_pretrained(folder)
    tokenizer = GPTNeoXJapaneseTokenizer.from_pretrained(folder)
    input_ids = tokenizer("人とAIが協調するためには、", return_tensors="np").input_ids
    gen_tokens = model.generate(input_ids, do_sample=True, temperature=0.9, max_length=100)
    gen_text = tokenizer.batch_decode(gen_tokens, skip_special_tokens=True)[0]
    assert gen_text.startswith("人とAIが協調するためには、")
    assert gen_tokens.shape == (1, 100) or gen_tokens[0, -1] == 31999


@pytest.mark.parametrize("tie", [True, False])
@pytest.mark.parametrize("shard", [10**9, 4000])
def test_a_folder_that_we_saved_loads_there(tmp_path: Path, tie: bool, shard: int) -> None:
    theirs = random_model(seed=5, dtype=torch.float32, vocab_size=40, hidden_size=24, num_hidden_layers=2,
                          num_attention_heads=3, rotary_pct=0.5, tie_word_embeddings=tie)
    theirs.save_pretrained(tmp_path / "theirs")
    ours = GPTNeoXJapaneseForCausalLM.from_pretrained(tmp_path / "theirs")
    ours.save_pretrained(tmp_path / "ours", max_shard_size=shard)
    again, report = HuggingFaceModel.from_pretrained(tmp_path / "ours", output_loading_info=True)
    assert not any(report[kind] for kind in ("missing_keys", "unexpected_keys", "mismatched_keys"))
    ids = torch.arange(12).reshape(2, 6)
    with torch.no_grad():
        assert torch.equal(again(ids).logits, theirs(ids).logits)
    mine = GPTNeoXJapaneseForCausalLM.from_pretrained(tmp_path / "ours")(ids.numpy()).logits
    assert relative_l2(mine, theirs(ids).logits.detach().numpy()) <= tolerances.FLOAT32


def test_the_base_model_goes_both_ways(tmp_path: Path) -> None:
    theirs = random_model(seed=6, dtype=torch.float32, vocab_size=40, hidden_size=24, num_hidden_layers=2,
                          num_attention_heads=3, tie_word_embeddings=False)
    theirs.gpt_neox_japanese.save_pretrained(tmp_path / "base")
    ids = np.arange(12).reshape(2, 6)
    expected = theirs.gpt_neox_japanese(torch.from_numpy(ids)).last_hidden_state.detach().numpy()
    base = GPTNeoXJapaneseModel.from_pretrained(tmp_path / "base")
    assert relative_l2(base(ids).last_hidden_state, expected) <= tolerances.FLOAT32
    base.save_pretrained(tmp_path / "ours")
    again, report = type(theirs.gpt_neox_japanese).from_pretrained(tmp_path / "ours", output_loading_info=True)
    assert not any(report[kind] for kind in ("missing_keys", "unexpected_keys", "mismatched_keys"))
    assert np.array_equal(again(torch.from_numpy(ids)).last_hidden_state.detach().numpy(), expected)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
def test_the_dtypes_that_torch_writes(tmp_path: Path, dtype: str) -> None:
    theirs = random_model(seed=7, dtype=torch.float32, vocab_size=40, hidden_size=24, num_hidden_layers=2,
                          num_attention_heads=3, tie_word_embeddings=False).to(getattr(torch, dtype))
    theirs.save_pretrained(tmp_path)
    mine = GPTNeoXJapaneseForCausalLM.from_pretrained(tmp_path, dtype="float64")
    for name, tensor in theirs.state_dict().items():
        part: Any = mine.weights
        for step in name.split("."):
            part = part[int(step)] if step.isdigit() else part[step]
        assert np.array_equal(part, tensor.double().numpy())


def test_our_tokenizer_folder_loads_there(tmp_path: Path) -> None:
    tokenizer = GPTNeoXJapaneseTokenizer.from_pretrained("random-ja")
    tokenizer.save_pretrained(tmp_path)
    theirs = HuggingFaceTokenizer.from_pretrained(tmp_path)
    for prompt in PROMPTS:
        assert theirs(prompt)["input_ids"] == tokenizer(prompt).input_ids
    config = json.loads((tmp_path / "tokenizer_config.json").read_text(encoding="utf-8"))
    assert config["tokenizer_class"] == "GPTNeoXJapaneseTokenizer"
