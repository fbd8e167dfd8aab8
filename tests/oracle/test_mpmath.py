"""The float64 path against arithmetic with 40 digits, written out as plain loops: the oracle's own oracle."""

import mpmath
import numpy as np
from neoxja_np.oracle.cases import make_case, run
from neoxja_np.oracle.fixture import fixture_names, load_fixture
from neoxja_np.weights import flatten
from tests import tolerances
from tests.checks import relative_l2

mp = mpmath.mp.clone()
mp.dps = 40
Vector = list[mpmath.mpf]


def exact(array: np.ndarray) -> list:
    """The same numbers, exactly."""
    return [exact(part) if np.ndim(part) else mp.mpf(float(part)) for part in array]


def product(x: Vector, weight: list[Vector]) -> Vector:
    return [mp.fdot(x, row) for row in weight]


def norm(x: Vector, weight: Vector, bias: Vector, eps: float) -> Vector:
    mean = mp.fsum(x) / len(x)
    variance = mp.fsum([(each - mean) ** 2 for each in x]) / len(x)
    root = mp.sqrt(variance + mp.mpf(eps))
    return [(each - mean) / root * w + b for each, w, b in zip(x, weight, bias, strict=True)]


def turned(x: Vector, position: int, ndims: int, base: float) -> Vector:
    half, out = ndims // 2, list(x)
    for i in range(half):
        angle = position / mp.mpf(base) ** (mp.mpf(2 * i) / ndims)
        cos, sin = mp.cos(angle), mp.sin(angle)
        out[i], out[i + half] = x[i] * cos - x[i + half] * sin, x[i + half] * cos + x[i] * sin
    return out


def gelu(x: mpmath.mpf) -> mpmath.mpf:
    return x / 2 * (1 + mp.erf(x / mp.sqrt(2)))


def attention(h: list[Vector], w: dict[str, list], prefix: str, config) -> list[Vector]:
    """[L][D] -> [L][D]: each token sees those before it and itself."""
    size, heads = config.head_size, config.num_attention_heads
    merged: list[Vector] = [[] for _ in h]
    qkv = [product(x, w[f"{prefix}query_key_value.weight"]) for x in h]
    for head in range(heads):
        start = head * 3 * size
        query, key, value = ([x[start + part * size:][:size] for x in qkv] for part in range(3))
        query, key = ([turned(x, position, config.rotary_ndims, config.rotary_emb_base)
                       for position, x in enumerate(part)] for part in (query, key))
        for i in range(len(h)):
            powers = [mp.exp(mp.fdot(query[i], key[j]) / mp.sqrt(size)) for j in range(i + 1)]
            merged[i] += [mp.fdot(powers, [value[j][k] for j in range(i + 1)]) / mp.fsum(powers) for k in range(size)]
    out = [product(x, w[f"{prefix}dense.weight"]) for x in merged]
    bias = w.get(f"{prefix}dense_bias")
    return out if bias is None else [[a + b for a, b in zip(x, bias, strict=True)] for x in out]


def forward(ids: list[int], w: dict[str, list], config) -> dict[str, list]:
    """The outputs of every layer, and the logits, of a row without padding."""
    root, found = "gpt_neox_japanese.", {}
    x = [w[f"{root}embed_in.weight"][i] for i in ids]
    for i in range(config.num_hidden_layers):
        layer = f"{root}layers.{i}."
        h = [norm(each, w[f"{layer}input_layernorm.weight"], w[f"{layer}input_layernorm.bias"], config.layer_norm_eps)
             for each in x]
        mixed = attention(h, w, f"{layer}attention.", config)
        x = [[a + b for a, b in zip(one, other, strict=True)] for one, other in zip(x, mixed, strict=True)]
        h = [norm(each, w[f"{layer}post_attention_layernorm.weight"], w[f"{layer}post_attention_layernorm.bias"],
                  config.layer_norm_eps) for each in x]
        h = [[gelu(each) for each in product(one, w[f"{layer}mlp.dense_h_to_4h.weight"])] for one in h]
        h = [product(one, w[f"{layer}mlp.dense_4h_to_h.weight"]) for one in h]
        x = [[a + b for a, b in zip(one, other, strict=True)] for one, other in zip(x, h, strict=True)]
        found[f"layers.{i}.output"] = x
    x = [norm(each, w[f"{root}final_layer_norm.weight"], w[f"{root}final_layer_norm.bias"], config.layer_norm_eps)
         for each in x]
    found["final_layer_norm"] = x
    found["logits"] = [product(each, w["embed_out.weight"]) for each in x]
    return found


def test_float64_is_right_to_1e_12_on_the_smallest_fixture() -> None:
    fixture = load_fixture(fixture_names()[0])
    model = fixture.model("float64", angle_dtype="float64")
    ids = fixture.cases["plain"].input_ids[:1]
    weights = {name: exact(array) for name, array in flatten(model.weights).items()}
    expected = forward(ids[0].tolist(), weights, fixture.config)
    got = run(model, make_case(ids))
    for name, value in expected.items():
        assert relative_l2(got[name][0], np.array(value, np.float64)) <= tolerances.FLOAT64, name
