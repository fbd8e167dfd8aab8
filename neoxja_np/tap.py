"""Taps: a function that every activation passes through, to be recorded, replaced or left alone."""

import re
from collections.abc import Callable, Container, Mapping

import numpy as np

from neoxja_np.arrays import Array

Tap = Callable[[str, Array], Array]

ATTENTION_TAPS = ("query_key_value", "query", "key", "value", "query_rotary", "key_rotary",
                  "scores", "weights", "context", "dense")
MLP_TAPS = ("dense_h_to_4h", "act", "dense_4h_to_h")
LAYER_TAPS = ("input_layernorm", *(f"attention.{name}" for name in ATTENTION_TAPS),
              "attention_residual", "post_attention_layernorm",
              *(f"mlp.{name}" for name in MLP_TAPS), "output")


def tap_names(num_hidden_layers: int) -> list[str]:
    """Every activation's name, in the order of execution.

    attention.scores are scaled and not yet masked; attention.dense has the last layer's bias.
    """
    layers = [f"layers.{i}.{name}" for i in range(num_hidden_layers) for name in LAYER_TAPS]
    return ["embed_in", "rotary.cos", "rotary.sin", *layers, "final_layer_norm", "logits"]


def silent(name: str, value: Array) -> Array:
    """The tap when nobody listens."""
    return value


def scoped(tap: Tap, prefix: str) -> Tap:
    """The same tap, with `prefix.` before every name."""
    return tap if tap is silent else lambda name, value: tap(f"{prefix}.{name}", value)


def recording(into: dict[str, Array], then: Tap = silent,
              only: Container[str] | None = None) -> Tap:
    """A tap that keeps every activation, or `only` those named, in `into`, as `then` leaves it.

    >>> from neoxja_np import GPTNeoXJapaneseForCausalLM
    >>> model, activations = GPTNeoXJapaneseForCausalLM.from_pretrained("random-ja"), {}
    >>> output = model([[3, 1, 4, 1, 5, 9, 2]], tap=recording(activations))
    >>> activations["layers.0.attention.weights"].shape
    (1, 4, 7, 7)
    """
    def record(name: str, value: Array) -> Array:
        value = then(name, value)
        if only is None or name in only:
            into[name] = value
        return value
    return record


def replacing(values: Mapping[str, Array | Callable[[Array], Array]]) -> Tap:
    """A tap that puts another value in the place of each named activation.

    The value is an array, or a function of the old one; it is given the old one's dtype.
    Raises ValueError where an array has another shape than the activation that it replaces, for a
    name that no activation bears, and at a run's end for one that this run did not reach.
    """
    known = {*tap_names(0), *LAYER_TAPS}
    for name in values:
        if re.sub(r"^layers\.\d+\.", "", name) not in known:
            raise ValueError(
                f"no activation is called {name!r}; tap_names(num_hidden_layers) lists them")

    reached: set[str] = set()

    def replace(name: str, value: Array) -> Array:
        reached.add(name)
        if name == "final_layer_norm" and (lost := values.keys() - reached - {"logits"}):
            raise ValueError(f"{', '.join(sorted(lost))}: not reached; has the model this layer?")
        new = values.get(name, value)
        new = np.asarray(new(value) if callable(new) else new, value.dtype)
        if new.shape != value.shape:
            raise ValueError(f"{name} has shape {value.shape}, its replacement {new.shape}")
        return new
    return replace
