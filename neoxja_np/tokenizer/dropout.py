"""Sub-word regularisation: a text cut otherwise now and then, so that a model learns rare tokens.

As in Japanese-BPEEncoder_V2, with `dropout` read as its name says: there the winner is left aside
where a random number is *above* the rate, so that its 0.1 replaces nine winners of ten (quirk 24).
After BPE-dropout (Provilkov and others, 2020), though no pair is merged here.
"""

from collections.abc import Callable

import numpy as np

from neoxja_np.tokenizer.subword import choose, is_tag
from neoxja_np.tokenizer.vocabulary import Vocabulary


def choose_with_dropout(dropout: float, generator: np.random.Generator | None,
                        ) -> Callable[[list[str], Vocabulary], str]:
    """choose(), but with probability `dropout` one of the others, where there are any.

    The others by id, each e times as likely as the next; a tag is never left aside.
    Raises TypeError, ValueError.
    """
    if not 0 <= dropout <= 1:
        raise ValueError(f"dropout must be a probability, from 0 to 1, got {dropout!r}")
    if not isinstance(generator, np.random.Generator):
        raise TypeError("dropout needs a generator, such as numpy.random.default_rng(0); got "
                        f"{type(generator).__name__}")

    def pick(surfaces: list[str], vocabulary: Vocabulary) -> str:
        winner = choose(surfaces, vocabulary)
        others = sorted((surface for surface in surfaces if surface != winner),
                        key=lambda surface: vocabulary.ids[surface])
        if not others or is_tag(winner) or generator.random() >= dropout:
            return winner
        likely = np.exp(-np.arange(len(others)))
        return others[generator.choice(len(others), p=likely / likely.sum())]

    return pick
