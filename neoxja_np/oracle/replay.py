"""Replay: each operator on what a port itself recorded before it, so that errors do not add up.

The port's activation goes on in the place of ours, at every tap that it has given. What we compute
there, from its own inputs, is what its operator should have made of them.
"""

from collections.abc import Iterable, Mapping

import numpy as np

from neoxja_np.arrays import Array
from neoxja_np.oracle.cases import Activations, Case, Feed, counted, run
from neoxja_np.oracle.mistakes import MISTAKES, RECORDED, planted
from neoxja_np.pretrained import GPTNeoXJapaneseForCausalLM


def replay(model: GPTNeoXJapaneseForCausalLM, case: Case, given: Mapping[str, Array],
           mistakes: Iterable[str] = ()) -> Activations:
    """Every activation, computed by an operator with these mistakes from what is `given`.

    given: activations of a whole case, as run() returns them; what is not among them, or not there
    for padding, is our own. Where a mistake concerns what is written down, nothing can be fed.
    """
    names = tuple(mistakes)
    written = any(MISTAKES[name].where == RECORDED for name in names)
    with planted(names), np.errstate(all="ignore"):  # a port may give any number
        return run(model, case, feeding_on({} if written else given, case))


def feeding_on(given: Mapping[str, Array], case: Case) -> Feed:
    """A feed that lets the given activations go on."""
    def feed(name: str, value: Array, tokens: slice) -> Array:
        if name not in given:
            return value
        theirs, counts = given[name], np.broadcast_to(counted(case, name), given[name].shape)
        theirs, counts = theirs[..., tokens, :], counts[..., tokens, :]
        if theirs.shape[-1] != value.shape[-1]:  # scores and weights: no token behind this call
            theirs, counts = theirs[..., :value.shape[-1]], counts[..., :value.shape[-1]]
        return np.where(counts, theirs, value).astype(value.dtype)
    return feed
