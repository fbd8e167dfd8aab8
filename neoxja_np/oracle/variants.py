"""Other right ways to compute the same: what they differ by is what rounding does.

Each is a patch where a function is used, like a mistake, and changes nothing but the order or the
form of the arithmetic. tests/oracle holds each to the plain form in float64.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import numpy as np

from neoxja_np import model
from neoxja_np.arrays import Array, IntArray
from neoxja_np.layers import attention, mlp
from neoxja_np.layers.rotary import rotate_half
from neoxja_np.oracle.patch import Function, Where, patched
from neoxja_np.oracle.roundings import Rounding

Variant = list[tuple[Where, Callable[[Function], Function]]]
LINEARS = [(attention, "linear"), (mlp, "linear"), (model, "linear")]
NORM, TABLES, ACT = (model, "layer_norm"), (model, "rotary_tables"), (mlp, "activate")
SCORES, SOFTMAX, APPLY = ((attention, name) for name in (
    "attention_scores", "softmax", "apply_rotary"))
BLOCK = 8  # columns, or keys, at a time


def summed_in_blocks(x: Array, weight: Array) -> Array:
    """x [..., I], weight [O, I] -> [..., O]: some columns at a time."""
    total: Array = x[..., :BLOCK] @ weight[:, :BLOCK].T
    for start in range(BLOCK, x.shape[-1], BLOCK):
        block = slice(start, start + BLOCK)
        total = total + x[..., block] @ weight[:, block].T
    return total


def summed_one_by_one(x: Array, weight: Array) -> Array:
    """x [..., I], weight [O, I] -> [..., O]: a column at a time, from the last."""
    total: Array = x[..., -1:] * weight[:, -1]
    for i in range(x.shape[-1] - 2, -1, -1):
        total = total + x[..., i:i + 1] * weight[:, i]
    return total


def summed_in_float64(x: Array, weight: Array) -> Array:
    """x [..., I], weight [O, I] -> [..., O]: rounded once, at the end."""
    product: Array = x.astype(np.float64) @ weight.T.astype(np.float64)
    return product.astype(x.dtype)


def norm_in_one_pass(x: Array, weight: Array, bias: Array, *, eps: float) -> Array:
    """x [..., D] -> [..., D]: the variance as the mean of squares less the square of the mean."""
    mean = x.mean(-1, keepdims=True)
    variance = np.maximum((x * x).mean(-1, keepdims=True) - mean * mean, 0)
    normalised: Array = (x - mean) * (1.0 / (variance + eps) ** 0.5)
    return normalised * weight + bias


def norm_in_float64(x: Array, weight: Array, bias: Array, *, eps: float) -> Array:
    """x [..., D] -> [..., D]: rounded once, at the end."""
    wide = x.astype(np.float64)
    centred = wide - wide.mean(-1, keepdims=True)
    root = ((centred * centred).mean(-1, keepdims=True) + eps) ** 0.5
    normalised: Array = centred / root * weight + bias
    return normalised.astype(x.dtype)


def norm_one_by_one(x: Array, weight: Array, bias: Array, *, eps: float) -> Array:
    """x [..., D] -> [..., D]: sums as a plain loop makes them."""
    size = x.shape[-1]
    centred: Array = x - x.cumsum(-1)[..., -1:] / size
    variance: Array = (centred * centred).cumsum(-1)[..., -1:] / size
    return centred / (variance + eps) ** 0.5 * weight + bias


def scaled_behind(query: Array, key: Array) -> Array:
    """query [..., L, K], key [..., M, K] -> [..., L, M]: divided after the product."""
    scores: Array = query @ key.swapaxes(-1, -2) / query.shape[-1] ** 0.5
    return scores


def scaled_by_product(query: Array, key: Array) -> Array:
    """query [..., L, K], key [..., M, K] -> [..., L, M]: times the inverse root, in blocks."""
    scale = np.asarray(1.0 / query.shape[-1] ** 0.5, query.dtype)
    total: Array = query[..., :BLOCK] @ key[..., :BLOCK].swapaxes(-1, -2)
    for start in range(BLOCK, query.shape[-1], BLOCK):
        block = slice(start, start + BLOCK)
        total = total + query[..., block] @ key[..., block].swapaxes(-1, -2)
    return total * scale


def scores_one_by_one(query: Array, key: Array) -> Array:
    """query [..., L, K], key [..., M, K] -> [..., L, M]: sums as a plain loop makes them."""
    total: Array = query[..., :, None, 0] * key[..., None, :, 0]
    for k in range(1, query.shape[-1]):
        total = total + query[..., :, None, k] * key[..., None, :, k]
    scores: Array = total / query.shape[-1] ** 0.5
    return scores


def softmax_one_by_one(x: Array) -> Array:
    """x [..., M] -> [..., M]: the sum as a plain loop makes it."""
    powers = np.exp(x - x.max(-1, keepdims=True))
    shares: Array = powers / powers.cumsum(-1)[..., -1:]
    return shares


def softmax_in_blocks(x: Array) -> Array:
    """x [..., M] -> [..., M]: maximum and sum kept up to date, some keys at a time."""
    highest = np.full((*x.shape[:-1], 1), np.finfo(x.dtype).min, x.dtype)
    total = np.zeros_like(highest)
    for start in range(0, x.shape[-1], BLOCK):
        part = x[..., start:start + BLOCK]
        higher = np.maximum(highest, part.max(-1, keepdims=True))
        with np.errstate(over="ignore"):  # lowest - lowest; its exponential is 0 all the same
            total = total * np.exp(highest - higher) + np.exp(part - higher).sum(-1, keepdims=True)
        highest = higher
    with np.errstate(over="ignore"):
        return np.exp(x - highest) * (1.0 / total)


def tables_by_logarithm(position_ids: IntArray, *, rotary_ndims: int, base: float,
                        angle_dtype: str) -> tuple[Array, Array]:
    """position_ids [..., L] -> two [..., L, R]: frequencies as exp(-2i / R log(base))."""
    dtype = np.dtype(angle_dtype)
    exponents = np.arange(0, rotary_ndims, 2).astype(dtype) / dtype.type(rotary_ndims)
    frequencies = np.exp(-exponents * dtype.type(np.log(base)))
    angles = (position_ids[..., None].astype(dtype) * frequencies).astype(np.float64)
    return np.tile(np.cos(angles), 2), np.tile(np.sin(angles), 2)


def exact_tables(right: Function) -> Function:
    """Angles in float64."""
    return lambda position_ids, **settings: right(
        position_ids, **{**settings, "angle_dtype": "float64"})


def gelu_in_float64(right: Function) -> Function:
    """The activation in float64, rounded at the end."""
    return lambda x, *, hidden_act: right(
        x.astype(np.float64), hidden_act=hidden_act).astype(x.dtype)


def instead(function: Function) -> Callable[[Function], Function]:
    """`function` in the place of whatever stood there."""
    return lambda right: function


VARIANTS: dict[str, Variant] = {
    "as it is": [],
    "sums in blocks": [(where, instead(summed_in_blocks)) for where in LINEARS],
    "sums one by one": [
        *((where, instead(summed_one_by_one)) for where in LINEARS),
        (NORM, instead(norm_one_by_one)), (SCORES, instead(scores_one_by_one)),
        (SOFTMAX, instead(softmax_one_by_one))],
    "sums in float64": [(where, instead(summed_in_float64)) for where in LINEARS],
    "variance in one pass": [(NORM, instead(norm_in_one_pass))],
    "norm in float64": [(NORM, instead(norm_in_float64))],
    "scaled behind": [(SCORES, instead(scaled_behind))],
    "scaled by a product": [(SCORES, instead(scaled_by_product))],
    "softmax in blocks": [(SOFTMAX, instead(softmax_in_blocks))],
    "frequencies by logarithm": [(TABLES, instead(tables_by_logarithm))],
    "angles in float64": [(TABLES, exact_tables)],
    "gelu in float64": [(ACT, gelu_in_float64)],
}
VARIANTS["all at once"] = [
    *VARIANTS["sums in blocks"], *VARIANTS["variance in one pass"],
    *VARIANTS["scaled by a product"], *VARIANTS["softmax in blocks"],
    *VARIANTS["frequencies by logarithm"], *VARIANTS["gelu in float64"]]


@contextmanager
def computed_as(variant: Variant) -> Iterator[None]:
    """While inside, the model computes in that way."""
    with ExitStack() as patches:
        for where, wrong in variant:
            patches.enter_context(patched(where, wrong))
        yield


# ---- what a port in half precision may round on its way ----

def half_variants(rounding: Rounding) -> dict[str, Variant]:
    """What may be rounded besides the activations themselves."""
    def turned(x: Array, cos: Array, sin: Array) -> Array:
        ndims = cos.shape[-1]
        part = x[..., :ndims]
        return np.concatenate([rounding(rounding(part * cos) + rounding(rotate_half(part) * sin)),
                               x[..., ndims:]], axis=-1)

    def scored(query: Array, key: Array) -> Array:
        scores: Array = rounding(query @ key.swapaxes(-1, -2)) / query.shape[-1] ** 0.5
        return scores

    def query_first(query: Array, key: Array) -> Array:
        scores: Array = rounding(query / query.shape[-1] ** 0.5) @ key.swapaxes(-1, -2)
        return scores

    def shares(x: Array) -> Array:
        powers: Array = rounding(np.exp(rounding(x - x.max(-1, keepdims=True))))
        out: Array = powers / powers.sum(-1, keepdims=True)
        return out

    def normalised(x: Array, weight: Array, bias: Array, *, eps: float) -> Array:
        centred = rounding(x - x.mean(-1, keepdims=True))
        root = ((centred * centred).mean(-1, keepdims=True) + eps) ** 0.5
        return rounding(rounding(centred / root) * weight) + bias

    def product(x: Array, weight: Array) -> Array:
        return rounding(x @ weight.T)

    def bent(right: Function) -> Function:
        return lambda x, *, hidden_act: x * rounding(
            np.divide(right(x, hidden_act=hidden_act), x, out=np.full_like(x, 0.5), where=x != 0))

    return {"rounded where they are kept": [], "rotary's products": [(APPLY, instead(turned))],
            "scores before their scale": [(SCORES, instead(scored))],
            "the query's scale": [(SCORES, instead(query_first))],
            "softmax within": [(SOFTMAX, instead(shares))],
            "the norm within": [(NORM, instead(normalised))],
            "dense before its bias": [((attention, "linear"), instead(product))],
            "the activation within": [(ACT, bent)]}
