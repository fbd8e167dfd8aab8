"""What the whole must do, as functions that raise AssertionError: the tests call them on the code as it is, and
tests/oracle on the code with a known mistake planted, where one of them must fail."""

import json
from collections.abc import Callable
from functools import cache as remember
from itertools import pairwise
from pathlib import Path

import numpy as np
from neoxja_np import GPTNeoXJapaneseConfig, GPTNeoXJapaneseForCausalLM, KeyValueCache, recording, replacing, tap_names
from neoxja_np.arrays import Array
from neoxja_np.generation import processors
from neoxja_np.oracle.cases import make_case, run
from neoxja_np.weights import nest
from safetensors import safe_open
from tests import conftest, tolerances

GOLDEN = Path(__file__).parent / "golden"
MODEL_CASES = sorted(path.stem for path in GOLDEN.glob("model-*.safetensors"))
TABLES = {"rotary.cos", "rotary.sin"}


def relative_l2(got: Array, expected: Array) -> float:
    assert got.shape == expected.shape, f"shape {got.shape}, expected {expected.shape}"
    return float(np.linalg.norm(got - expected) / np.linalg.norm(expected))


@remember
def load_golden(name: str) -> tuple[dict[str, Array], dict[str, str]]:
    with safe_open(GOLDEN / f"{name}.safetensors", framework="np") as file:
        tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - no mapping
        return tensors, json.loads(file.metadata()["about"])


def part(tensors: dict[str, Array], prefix: str) -> dict[str, Array]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}


def golden_model(name: str) -> GPTNeoXJapaneseForCausalLM:
    tensors, metadata = load_golden(name)
    config = GPTNeoXJapaneseConfig.from_dict(json.loads(metadata["config"]))
    weights = part(tensors, "weight.")
    weights.setdefault("embed_out.weight", weights["gpt_neox_japanese.embed_in.weight"])
    return GPTNeoXJapaneseForCausalLM(config, nest(weights))


def check_golden(name: str) -> None:
    """Every activation of every call, the tables first by our own angles, then all with the golden tables."""
    tensors, metadata = load_golden(name)
    model, cache = golden_model(name), None
    for number in range(int(metadata["calls"])):
        inputs, expected = part(tensors, f"{number}.input."), part(tensors, f"{number}.tap.")
        own: dict[str, Array] = {}
        model(**inputs, past_key_values=cache.copy() if cache else None, tap=recording(own))
        tables = {table: expected[table] if own[table].ndim == 3 else expected[table][0] for table in TABLES}
        for table in TABLES:
            assert own[table].shape == tables[table].shape, table
            assert np.abs(own[table] - tables[table]).max() <= tolerances.FLOAT32_TABLES_UP_TO_10, table

        got: dict[str, Array] = {}
        output = model(**inputs, past_key_values=cache, tap=recording(got, replacing(tables)),
                       output_attentions=True, output_hidden_states=True)
        cache = output.past_key_values
        assert list(got) == tap_names(model.config.num_hidden_layers)
        for tap in set(got) - TABLES:
            error = relative_l2(got[tap], expected[tap])
            assert error <= tolerances.FLOAT64, f"{name} call {number}: {tap} is off by {error:.1e}"
        layers = range(model.config.num_hidden_layers)
        between = (f"layers.{i}.output" for i in layers[:-1])
        hidden = [expected[tap] for tap in ("embed_in", *between, "final_layer_norm")]
        assert max(map(relative_l2, output.hidden_states, hidden)) <= tolerances.FLOAT64
        assert all(relative_l2(output.attentions[i], expected[f"layers.{i}.attention.weights"]) <= tolerances.FLOAT64
                   for i in layers)
    if "loss" in tensors:
        loss = model(**inputs, labels=tensors["labels"], tap=replacing(tables)).loss
        assert abs(loss - tensors["loss"]) <= tolerances.FLOAT64 * tensors["loss"]


def check_generate() -> None:
    """A left-padded batch, greedily, to the end and with an end token."""
    tensors, metadata = load_golden("generate")
    model = golden_model("generate")
    prompts = {"input_ids": tensors["input_ids"], "attention_mask": tensors["attention_mask"]}
    free = model.generate(**prompts, max_new_tokens=12, pad_token_id=0)
    assert (free == tensors["free"]).all()
    ended = model.generate(**prompts, max_new_tokens=12, pad_token_id=0, eos_token_id=int(metadata["eos_token_id"]))
    assert ended.shape == tensors["ended"].shape
    assert (ended == tensors["ended"]).all()


def check_processors() -> None:
    """Temperature, top k and top p, ties included."""
    tensors, _ = load_golden("processors")
    logits = tensors["logits"]
    assert np.allclose(processors.apply_temperature(logits, temperature=0.7), tensors["temperature.0.7"], rtol=1e-15)
    for k in (5, 99):
        assert (processors.keep_top_k(logits, top_k=k) == tensors[f"top_k.{k}"]).all()
    for p in (0.0, 0.8):
        kept, golden = processors.keep_top_p(logits, top_p=p), tensors[f"top_p.{p}"]
        assert (np.sort(kept, axis=-1) == np.sort(golden, axis=-1)).all()  # which of equals stay is left to the sort


def check_causality() -> None:
    """A later token changes no earlier logit."""
    model = golden_model("model-plain")
    ids = np.arange(7)[None]
    changed = np.where(np.arange(7) >= 4, 30 - ids, ids)
    assert (model(ids).logits[:, :4] == model(changed).logits[:, :4]).all()
    assert not np.allclose(model(ids).logits[:, 4:], model(changed).logits[:, 4:])


def check_cache() -> None:
    """At every place where the tokens may be cut, and token by token, the cache changes nothing."""
    model = golden_model("model-partial_rotary")
    ids = np.random.default_rng(1).integers(0, 31, (2, 9))
    whole = model(ids, use_cache=False).logits
    for cuts in [*([0, cut, 9] for cut in range(1, 9)), [0, 2, 3, 7, 9], list(range(10))]:
        cache: KeyValueCache | None = None
        parts = []
        for start, end in pairwise(cuts):
            output = model(ids[:, start:end], past_key_values=cache, use_cache=True)
            cache = output.past_key_values
            parts.append(output.logits)
        assert relative_l2(np.concatenate(parts, axis=1), whole) <= tolerances.FLOAT64, cuts


def check_batch() -> None:
    """Each row of a left-padded batch is what it would be alone."""
    model = golden_model("model-plain")
    rows = [np.array([5, 9, 2, 6, 1, 8, 30]), np.array([3, 1, 4, 1])]
    ids = np.stack([np.concatenate([np.zeros(7 - len(row), int), row]) for row in rows])
    mask = np.stack([np.arange(7) >= 7 - len(row) for row in rows]).astype(int)
    together = model(ids, mask, position_ids=np.maximum(mask.cumsum(-1) - 1, 0)).logits
    for i, row in enumerate(rows):
        assert relative_l2(together[i, 7 - len(row):], model(row[None]).logits[0]) <= tolerances.FLOAT64


def check_tied() -> None:
    """A tied head is the embedding; an untied one is its own."""
    for name in ("model-partial_rotary", "model-plain"):
        tensors, _ = load_golden(name)
        model = golden_model(name)
        output = model([[3, 1, 4]])
        head = tensors.get("weight.embed_out.weight", tensors["weight.gpt_neox_japanese.embed_in.weight"])
        assert relative_l2(output.logits, output.last_hidden_state @ head.T) <= tolerances.FLOAT64


def check_tokenizer_golden() -> None:
    """Profile hf, text by text, with every class of row."""
    tokenizer = conftest.small_tokenizer("hf")
    for line in (GOLDEN / "tokenizer-hf.jsonl").read_text(encoding="utf-8").split("\n")[:-1]:
        case = json.loads(line)
        assert tokenizer.tokenize(case["text"]) == case["tokens"], case["text"]
        assert tokenizer.encode(case["text"]) == case["ids"], case["text"]
        assert tokenizer.decode(case["ids"]) == case["decoded"], case["text"]
        assert tokenizer.convert_ids_to_tokens(case["ids"]) == case["shown"], case["text"]


def check_tokenizer_original() -> None:
    """Profile original, where it differs: the comma is a row, bytes are joined, ends keep their white space."""
    tokenizer = conftest.small_tokenizer("original")
    assert tokenizer.tokenize("a,b") == ["a", ",", "b"]
    for text in ("a,b", "한국어", " 前後 ", "\n", "𥘅é"):
        assert tokenizer.decode(tokenizer.encode(text)) == text
    assert tokenizer.decode(tokenizer.encode("한")[:2]) == "\ufffd"
    assert tokenizer.convert_ids_to_tokens(tokenizer.encode(" ")) == ["<SP>"]
    assert len(tokenizer) == len(tokenizer.vocabulary.rows)


def check_trace() -> None:
    """A run is written down as the taps see it."""
    model, seen = golden_model("model-plain"), {}
    model([[5, 9, 2, 6]], position_ids=[[0, 1, 2, 3]], tap=recording(seen))
    found = run(model, make_case([[5, 9, 2, 6]]))
    for name, value in seen.items():
        assert found[name].shape == value.shape, name
        assert (found[name] == value).all(), name


CHECKS: dict[str, Callable[[], None]] = {
    **{f"golden {name}": (lambda name=name: check_golden(name)) for name in MODEL_CASES},  # type: ignore[misc]
    "generate": check_generate, "processors": check_processors, "causality": check_causality, "cache": check_cache,
    "batch": check_batch, "tied": check_tied, "trace": check_trace, "tokenizer hf": check_tokenizer_golden,
    "tokenizer original": check_tokenizer_original,
}
