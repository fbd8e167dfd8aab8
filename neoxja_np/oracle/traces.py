"""A trace: what was run, and every activation that was seen of it."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from neoxja_np.arrays import IntArray
from neoxja_np.oracle.cases import Activations, Case, chosen, make_case
from neoxja_np.oracle.fixture import load_fixture
from neoxja_np.oracle.precision import run_in
from neoxja_np.oracle.readings import READINGS, TOP_IDS, Reading, top, top_of
from neoxja_np.pretrained import GPTNeoXJapaneseForCausalLM
from neoxja_np.weights import flatten


@dataclass(frozen=True, eq=False)
class Trace:
    """A run of a port, or of this package, as far as it was written down."""

    case: Case
    activations: Activations                # by tap; shapes as run() gives them
    dtype: str = "float32"                  # what was computed in
    size: str = "full"                      # a name of READINGS, or "top"
    producer: str = ""
    fixture: str = ""                       # its name, where the model is one
    case_name: str = ""
    angle_dtype: str = "float32"            # of this package's own: in what it computed the angles
    weights_sha256: str = ""                # as of fingerprint(); empty where it is not known
    config: Mapping[str, Any] = field(default_factory=dict)
    missing: Mapping[str, str] = field(default_factory=dict)    # taps, and why they are not there
    deviations: tuple[str, ...] = ()        # known mistakes that the port makes on purpose
    top_ids: IntArray | None = None         # [B, 10], of size "top"

    @property
    def label(self) -> str:
        """fixture/case, or what there is of it."""
        return "/".join(filter(None, (self.fixture, self.case_name))) or "trace"

    @property
    def reading(self) -> Reading:
        """What of a run is in here."""
        return READINGS[self.size] if self.top_ids is None else top(self.top_ids)


def trace(model: GPTNeoXJapaneseForCausalLM, input_ids: ArrayLike,
          attention_mask: ArrayLike | None = None, position_ids: ArrayLike | None = None, *,
          cuts: Sequence[int] = (), taps: Iterable[str] | None = None) -> Trace:
    """input_ids [B, L] or [L] -> every activation of the model, or those of `taps`.

    attention_mask [B, L]: 0 at padding. position_ids [B, L]: as generate() finds them in the mask,
    if None. cuts: where a new call begins, on the cache of those before it. taps: patterns, such as
    layers.0.*. Raises ValueError for inputs that do not fit, and for a pattern that fits no tap.

    >>> from neoxja_np import GPTNeoXJapaneseForCausalLM, oracle
    >>> model = GPTNeoXJapaneseForCausalLM.from_pretrained("random-ja")
    >>> oracle.trace(model, [3, 1, 4, 1, 5], cuts=[2]).activations["logits"].shape
    (1, 5, 810)
    """
    return trace_case(model, make_case(input_ids, attention_mask, position_ids, cuts), taps=taps)


def trace_case(model: GPTNeoXJapaneseForCausalLM, case: Case, *, dtype: str = "",
               taps: Iterable[str] | None = None, fixture: str = "", case_name: str = "") -> Trace:
    """As trace(), of a case; in half precision, if `dtype` says so, each activation rounded."""
    dtype = dtype or model.dtype.name
    activations = run_in(model, case, dtype)
    wanted = activations.keys() if taps is None else chosen(taps, list(activations))
    kept = {name: value for name, value in activations.items() if name in wanted}
    return Trace(case, kept, dtype=dtype, producer="neoxja_np", fixture=fixture,
                 case_name=case_name, angle_dtype=model.angle_dtype, config=model.config.to_dict(),
                 weights_sha256=fingerprint(model))


def trace_fixture(name: str, dtype: str = "float32", *, angle_dtype: str = "float32",
                  taps: Iterable[str] | None = None) -> list[Trace]:
    """The traces of all cases of a fixture, as a port in a dtype of floors.DTYPES records them."""
    fixture = load_fixture(name)
    model = fixture.model("float32" if dtype == "float32" else "float64", angle_dtype)
    traces = [trace_case(model, case, taps=taps, fixture=name, case_name=label, dtype=dtype)
              for label, case in fixture.cases.items()]
    return traces


def fingerprint(model: GPTNeoXJapaneseForCausalLM) -> str:
    """SHA-256 of the weights as numbers, whatever dtype they are in.

    Of each tensor, by name: the name, a zero byte, and its numbers as little-endian float32.
    """
    digest = hashlib.sha256()
    for name, array in sorted(flatten(model.weights).items()):
        digest.update(name.encode() + b"\0" + np.asarray(array).astype("<f4").tobytes())
    return digest.hexdigest()


def reduced(whole: Trace, size: str) -> Trace:
    """A full trace as a sketch, a summary or its likeliest next tokens ("top")."""
    if size == "top":
        ids, found = top_of(whole.activations["logits"])
        return replace(whole, size="top", activations={TOP_IDS: found}, top_ids=ids)
    seen: Activations = {name: np.asarray(value, np.float64)
                         for name, value in whole.activations.items()}
    return replace(whole, size=size, activations=READINGS[size].read(whole.case, seen))
