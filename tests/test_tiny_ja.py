"""weights/tiny-ja: what its card says of it is so."""

from typing import Any

import numpy as np
import pytest
from neoxja_np import GPTNeoXJapaneseForCausalLM, GPTNeoXJapaneseTokenizer
from neoxja_np.files import read_json
from neoxja_np.training.loop import read_log
from neoxja_np.weights import flatten
from tests.conftest import ROOT
from tools.tiny_ja.card import card
from tools.tiny_ja.draw import Draw
from tools.tiny_ja.evaluate import brackets, share_right, span_hashes, verbatim
from tools.tiny_ja.lists import list_probes
from tools.tiny_ja.questions import capital_probes
from tools.tiny_ja.recipe import thinned
from tools.tiny_ja.stories import probes as name_probes
from tools.tiny_ja.sums import sum_probes

FOLDER = ROOT / "weights" / "tiny-ja"
pytestmark = pytest.mark.skipif(
    not (FOLDER / "evaluation.json").is_file(), reason="weights/tiny-ja is not made yet: make tiny-ja")
Pair = tuple[GPTNeoXJapaneseForCausalLM, GPTNeoXJapaneseTokenizer]


@pytest.fixture(scope="module")
def tiny_ja() -> Pair:
    return GPTNeoXJapaneseForCausalLM.from_pretrained("tiny-ja"), GPTNeoXJapaneseTokenizer.from_pretrained("tiny-ja")


def test_its_files_are_small_and_its_weights_halves(tiny_ja: Pair) -> None:
    model, tokenizer = tiny_ja
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) <= 5_000_000
    assert model.num_parameters() == pytest.approx(2e6, rel=0.15)
    assert model.config.max_position_embeddings >= 256
    assert len(tokenizer.vocabulary.rows) == model.config.vocab_size == 2000
    for array in flatten(model.weights).values():
        assert (array == array.astype(np.float16)).all()


def test_both_profiles_read_every_row_alike(tiny_ja: Pair) -> None:
    files = FOLDER / "vocab.txt", FOLDER / "emoji.json"
    tokenizers = [GPTNeoXJapaneseTokenizer(*files, profile=profile) for profile in ("hf", "original")]
    for token_id, row in enumerate(tokenizers[0].vocabulary.rows):
        for surface in row:
            assert [tokenizer.encode(surface) for tokenizer in tokenizers] == [[token_id]] * 2
    assert {f"<|byte{byte}|>" for byte in range(256)} <= {row[0] for row in tokenizers[0].vocabulary.rows}


@pytest.mark.parametrize(("name", "probes", "least"), [
    ("capitals", capital_probes(), 0.95), ("sums in digits", sum_probes()[::8], 0.9),
    ("lists", list_probes(Draw("test"), 40), 0.9), ("names, held-out plots", name_probes(
        Draw("test"), 40, held_out=True), 0.85)])
def test_it_does_what_the_card_says(name: str, probes: Any, least: float, tiny_ja: Pair) -> None:
    """Asked again, of the harder kinds a part."""
    assert share_right(*tiny_ja, probes)["share"] >= least
    evaluation = read_json(FOLDER / "evaluation.json")
    assert evaluation[name]["share"] >= least


def test_the_card_is_what_the_figures_say() -> None:
    assert (FOLDER / "README.md").read_text(encoding="utf-8") == card()


def test_a_story_to_its_end(tiny_ja: Pair) -> None:
    model, tokenizer = tiny_ja
    ids = tokenizer.encode("人とAIが協調するためには、", return_tensors="np")
    text = tokenizer.decode(model.generate(ids, max_new_tokens=250)[0], skip_special_tokens=True)
    assert text.strip().endswith(("。", "」"))
    assert "\ufffd" not in text


def test_brackets_are_counted() -> None:
    assert brackets(["「あ」い「う」", "「あ「い」", "う」「"]) == {
        "opened": 5, "closed": 3, "closed without an opening": 1, "share": 0.6}


def test_spans_that_stand_in_the_corpus() -> None:
    corpus = "".join(chr(0x3041 + i % 80) for i in range(70)) + "終わり"
    new = "まったく新しい文であってどこにもないはずのものである。" * 2
    assert verbatim([corpus[5:45]], corpus) == {"spans": 11, "verbatim": 11, "share": 1.0}
    assert verbatim([new[:40]], corpus)["verbatim"] == 0
    assert verbatim([corpus[:20] + new[:30]], corpus)["share"] == 0.0
    assert len(span_hashes("短い")) == 0


def test_the_log_is_made_shorter_not_different() -> None:
    log = [{"step": i, "loss": float(i), "learning_rate": 1.0, "gradient_norm": 2.0, "tokens_per_second": 9}
           for i in range(1, 26)] + [{"step": 20, "held_out_loss": 3.0}]
    short = thinned(log)
    assert [(record["step"], record.get("loss", record.get("held_out_loss"))) for record in short] == [
        (10, 5.5), (20, 15.5), (20, 3.0), (25, 23.0)]
    assert [record["step"] for record in read_log(FOLDER)] == sorted(record["step"] for record in read_log(FOLDER))
