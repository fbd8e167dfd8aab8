"""Writes tests/golden from Hugging Face's own code, so that the tests need neither torch nor transformers.

    python -m tools.make_golden                     # needs torch and transformers; `make golden`

model-*.safetensors    weights, inputs and every activation of a small model in float64, call after call
generate.safetensors   prompts with left padding and what greedy generate() makes of them
processors.safetensors logits and what temperature, top k and top p leave of them
tokenizer-hf.jsonl     texts and what GPTNeoXJapaneseTokenizer makes of them with the small vocabulary
"""

import json
import random
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from safetensors.numpy import save_file
from tools.hf_reference import CACHE, cross_entropy64, random_model, run, tensors_of
from transformers import GPTNeoXJapaneseTokenizer
from transformers.generation.logits_process import TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper

ROOT = Path(__file__).resolve().parents[1]
GOLDEN = ROOT / "tests" / "golden"
VOCABULARY = ROOT / "neoxja_np" / "oracle" / "tokenizer_suite" / "small"
VERSIONS = {"transformers": transformers.__version__, "torch": torch.__version__, "numpy": np.__version__}
# All axes differ.
SIZES = {"vocab_size": 31, "hidden_size": 24, "num_attention_heads": 3, "max_position_embeddings": 64}

LEFT_PADDED = np.array([[0, 0, 1, 1, 1, 1, 1], [1, 1, 1, 1, 1, 1, 1]])
RIGHT_PADDED = np.array([[1, 1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 0, 0, 0]])

# What each case is there for stands in its name; `calls` are the places where the tokens are cut for the cache.
CASES: dict[str, dict[str, Any]] = {
    "plain": {"config": {"num_hidden_layers": 2, "rotary_pct": 1.0, "tie_word_embeddings": False}},
    "partial_rotary": {"config": {"num_hidden_layers": 2, "rotary_pct": 0.5, "rotary_emb_base": 500}},
    "left_padded": {"config": {"num_hidden_layers": 2, "rotary_pct": 0.5, "tie_word_embeddings": False},
                    "attention_mask": LEFT_PADDED, "position_ids": np.maximum(LEFT_PADDED.cumsum(1) - 1, 0)},
    "right_padded": {"config": {"num_hidden_layers": 3, "rotary_pct": 0.25, "tie_word_embeddings": False},
                     "attention_mask": RIGHT_PADDED},
    "cached": {"config": {"num_hidden_layers": 2, "rotary_pct": 0.5, "tie_word_embeddings": False},
               "attention_mask": LEFT_PADDED, "calls": (0, 3, 6, 7)},
    "small_variance": {"config": {"num_hidden_layers": 1, "rotary_pct": 1.0, "tie_word_embeddings": False},
                       "scale": 2e-3},
    "one_layer_of_embeddings": {"config": {"num_hidden_layers": 1, "rotary_pct": 0.75}, "embeds": True},
}


def model_case(seed: int, config: dict[str, Any], *, attention_mask: np.ndarray | None = None,
               position_ids: np.ndarray | None = None, calls: tuple[int, ...] = (0, 7), scale: float = 1.0,
               embeds: bool = False) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """The tensors and the metadata of one model-*.safetensors."""
    model = random_model(seed=seed, scale=scale, **SIZES, **config)
    rng = np.random.default_rng(seed)
    ids = rng.integers(0, SIZES["vocab_size"], (2, 7))
    labels = np.where(rng.random(ids.shape) < 0.3, -100, ids)
    tensors = {f"weight.{name}": tensor for name, tensor in tensors_of(model).items()}
    if model.config.tie_word_embeddings:
        del tensors["weight.embed_out.weight"]
    cache = None
    for number, (start, end) in enumerate(pairwise(calls)):
        inputs: dict[str, Any] = {"input_ids": ids[:, start:end]}
        if embeds:
            inputs = {"inputs_embeds": rng.normal(size=(2, end - start, SIZES["hidden_size"]))}
        if attention_mask is not None:
            inputs["attention_mask"] = attention_mask[:, :end]
        if position_ids is not None:
            inputs["position_ids"] = position_ids[:, start:end]
        output, activations = run(model, **inputs, **{CACHE: cache}, use_cache=True)
        cache = output[CACHE]
        tensors |= {f"{number}.input.{name}": value for name, value in inputs.items()}
        tensors |= {f"{number}.tap.{name}": value for name, value in activations.items()}
    if len(calls) == 2:
        tensors["labels"] = labels
        tensors["loss"] = np.array(cross_entropy64(activations["logits"], labels))
    metadata = {"config": json.dumps(model.config.to_diff_dict()), "calls": str(len(calls) - 1), **VERSIONS}
    return tensors, metadata


def generate_case() -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Greedy continuations of a batch with left padding; row 0 meets its end token and is filled up."""
    model = random_model(seed=77, num_hidden_layers=2, tie_word_embeddings=False, **SIZES)
    ids = np.random.default_rng(77).integers(0, SIZES["vocab_size"], LEFT_PADDED.shape)
    arguments = {"attention_mask": torch.from_numpy(LEFT_PADDED), "do_sample": False, "max_new_tokens": 12}
    free = model.generate(torch.from_numpy(ids), **arguments, pad_token_id=0).numpy()
    eos = int(free[0, 10])
    ended = model.generate(torch.from_numpy(ids), **arguments, pad_token_id=0, eos_token_id=eos).numpy()
    tensors = {f"weight.{name}": tensor for name, tensor in tensors_of(model).items()}
    tensors |= {"input_ids": ids, "attention_mask": LEFT_PADDED, "free": free, "ended": ended}
    return tensors, {"config": json.dumps(model.config.to_diff_dict()), "eos_token_id": str(eos), **VERSIONS}


def processors_case() -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Logits with ties through transformers' own warpers."""
    logits = np.round(np.random.default_rng(5).normal(0, 3, (4, 40)), 1)
    scores = torch.from_numpy(logits)
    warpers = {"temperature.0.7": TemperatureLogitsWarper(0.7), "top_k.5": TopKLogitsWarper(5),
               "top_k.99": TopKLogitsWarper(99), "top_p.0.0": TopPLogitsWarper(0.0), "top_p.0.8": TopPLogitsWarper(0.8)}
    outputs = {name: warper(None, scores.clone()).numpy() for name, warper in warpers.items()}
    return {"logits": logits, **outputs}, VERSIONS


def tokenizer_texts(count: int) -> list[str]:
    """Texts by hand, then texts drawn from rows, emoji keys, tags, white space and code points."""
    rng = random.Random(20261123)
    rows = (VOCABULARY / "vocab.txt").read_text(encoding="utf-8").split("\n")
    keys = list(json.loads((VOCABULARY / "emoji.json").read_text(encoding="utf-8"))["emoji"])
    pieces = [lambda: rng.choice(rows), lambda: rng.choice(rng.choice(rows).split(",")), lambda: rng.choice(keys),
              lambda: rng.choice([" ", "\u3000", "\n", "\r\n", "\r", "\t", "—", "−", "<", "<|", "|>", ",", "、"]),
              lambda: rng.choice(["<SP>", "<BR>", "<|endoftext|>", "<|startoftext|>", "<|byte7|>", "<URL>"]),
              lambda: chr(rng.choice([rng.randrange(0x20, 0x3000), rng.randrange(0x3000, 0xD800),
                                      rng.randrange(0x10000, 0x110000)]))]
    texts = ["", "人とAIが協調するためには、", "吾輩は猫である🐯。実は慶応(慶應)大学出身", "a,b,c", "  前後に空白　",
             "👩‍🍳と☺️と☺", "それでですが、なのでである", "１①〇0", "カ゛ｶﾞが", "𠮷野家と𥫗と𩸽",
             "(^^)(^_^)(^^ m(_ _)m", "¡¿ǀ˺̀ͣ\u2000\u2bff\u2c00"]
    return texts + ["".join(rng.choice(pieces)() for _ in range(rng.randrange(1, 12))) for _ in range(count)]


def write_tokenizer_vectors() -> None:
    """A line a text: its tokens, ids, decoded text, and the tokens that the ids are shown as."""
    tokenizer = GPTNeoXJapaneseTokenizer(str(VOCABULARY / "vocab.txt"), str(VOCABULARY / "emoji.json"))
    with (GOLDEN / "tokenizer-hf.jsonl").open("w", encoding="utf-8", newline="") as file:
        for text in tokenizer_texts(600):
            ids = tokenizer.encode(text)
            line = {"text": text, "tokens": tokenizer.tokenize(text), "ids": ids, "decoded": tokenizer.decode(ids),
                    "shown": tokenizer.convert_ids_to_tokens(ids)}
            file.write(json.dumps(line, ensure_ascii=False) + "\n")


def main() -> None:
    GOLDEN.mkdir(parents=True, exist_ok=True)
    cases = {f"model-{name}": model_case(seed, **case) for seed, (name, case) in enumerate(CASES.items())}
    for name, (tensors, metadata) in {**cases, "generate": generate_case(), "processors": processors_case()}.items():
        contiguous = {key: np.ascontiguousarray(tensor) for key, tensor in tensors.items()}
        # one entry, for the library writes several in an order that changes from run to run
        about = json.dumps(metadata, sort_keys=True)
        save_file(contiguous, GOLDEN / f"{name}.safetensors", metadata={"about": about})
    write_tokenizer_vectors()
    size = sum(path.stat().st_size for path in GOLDEN.iterdir())
    print(f"wrote {len(list(GOLDEN.iterdir()))} files, {size:,} bytes, with {VERSIONS}")


if __name__ == "__main__":
    main()
