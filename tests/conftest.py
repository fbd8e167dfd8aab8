"""Places, fixtures, and the shape contracts, which are held to in every test."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from neoxja_np import GPTNeoXJapaneseForCausalLM, GPTNeoXJapaneseTokenizer
from neoxja_np.oracle.tokenizer_suite.vectors import SMALL
from tests import shape_contract

ROOT = Path(__file__).resolve().parents[1]
VOCABULARY = SMALL  # every class of row of a real one
SHARED = Path(os.environ.get("NEOXJA_SHARED", ROOT.parent / "shared"))  # the 32k vocabulary; not ours to commit

settings.register_profile("neoxja", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("neoxja")
shape_contract.install()

needs_shared = pytest.mark.skipif(
    not (SHARED / "vocab32k").is_dir(),
    reason="needs the 32k vocabulary of Japanese-BPEEncoder_V2 (vocab.txt, emoji.json) in NEOXJA_SHARED/vocab32k")


def small_tokenizer(profile: str = "hf", **settings: object) -> GPTNeoXJapaneseTokenizer:
    return GPTNeoXJapaneseTokenizer(VOCABULARY / "vocab.txt", VOCABULARY / "emoji.json", profile=profile, **settings)


@pytest.fixture(params=["hf", "original"])
def tokenizer(request: pytest.FixtureRequest) -> GPTNeoXJapaneseTokenizer:
    return small_tokenizer(request.param)


@pytest.fixture
def random_ja() -> Path:
    return ROOT / "weights" / "random-ja"


@pytest.fixture
def model() -> GPTNeoXJapaneseForCausalLM:
    return GPTNeoXJapaneseForCausalLM.from_pretrained("random-ja", dtype="float64")


@pytest.fixture
def heeded_ctrl_c() -> Iterator[None]:
    """Ctrl-C interrupts, also where the tests run in the background, in which a shell has it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
