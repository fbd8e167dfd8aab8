"""The model in another precision: float64, float32, or half, each activation rounded."""

from neoxja_np.oracle.cases import Activations, Case, run
from neoxja_np.oracle.roundings import ROUNDINGS
from neoxja_np.pretrained import GPTNeoXJapaneseForCausalLM
from neoxja_np.weights import PREFIX, flatten, nest

DTYPES = ("float64", "float32", "bfloat16", "float16")


def as_dtype(model: GPTNeoXJapaneseForCausalLM, dtype: str) -> GPTNeoXJapaneseForCausalLM:
    """The same model in float32 or float64; a tied head stays tied."""
    if model.dtype == dtype:
        return model
    tensors = flatten(model.weights)
    tied = tensors["embed_out.weight"] is tensors[PREFIX + "embed_in.weight"]
    tensors = {name: array.astype(dtype) for name, array in tensors.items()}
    if tied:
        tensors["embed_out.weight"] = tensors[PREFIX + "embed_in.weight"]
    return GPTNeoXJapaneseForCausalLM(model.config, nest(tensors), angle_dtype=model.angle_dtype,
                                      generation_config=model.generation_config)


def run_in(model: GPTNeoXJapaneseForCausalLM, case: Case, dtype: str) -> Activations:
    """Every activation as a port in `dtype` would record it.

    Half precision: each operator exact, and rounded to that dtype.
    """
    if dtype not in ROUNDINGS:
        return run(as_dtype(model, dtype), case)
    rounding = ROUNDINGS[dtype]
    exact = run(as_dtype(model, "float64"), case, lambda name, value, tokens: rounding(value))
    return {name: rounding(value) for name, value in exact.items()}
