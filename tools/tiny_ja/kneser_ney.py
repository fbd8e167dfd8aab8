"""An interpolated Kneser-Ney model of n-grams: what counting alone can know of a corpus.

Chen and Goodman 1999, "An empirical study of smoothing techniques for language modeling".
"""

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

BITS = 12  # of a token id: five fit into one number of 63


@dataclass
class Order:
    """What is known of the n-grams of one length, each packed into one number; all sorted."""

    keys: np.ndarray        # the n-grams
    counts: np.ndarray      # of the longest how often they stand, of others behind how many tokens
    contexts: np.ndarray    # what stands before the last token
    totals: np.ndarray      # sum of the counts behind a context
    kinds: np.ndarray       # how many tokens follow it
    discount: float


def pack(ngrams: np.ndarray) -> np.ndarray:
    """[N, n] ids -> [N]."""
    keys = np.zeros(len(ngrams), np.int64)
    for column in ngrams.T:
        keys = keys << BITS | column.astype(np.int64)
    return keys


def find(known: np.ndarray, keys: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The value of each key, 0 where it is not known."""
    place = np.minimum(np.searchsorted(known, keys), len(known) - 1)
    return np.where(known[place] == keys, values[place], 0)


class KneserNey:
    """Counted on a row of ids."""

    def __init__(self, ids: np.ndarray, *, order: int, vocab_size: int) -> None:
        assert vocab_size <= 1 << BITS
        assert order * BITS < 64
        self.vocab_size = vocab_size
        self.orders: list[Order] = []  # from the longest down
        keys, counts = np.unique(pack(sliding_window_view(ids, order)), return_counts=True)
        for n in range(order, 0, -1):
            contexts, starts, kinds = np.unique(keys >> BITS, return_index=True, return_counts=True)
            ones, twos = (counts == 1).sum(), (counts == 2).sum()
            self.orders.append(Order(keys, counts, contexts, np.add.reduceat(counts, starts), kinds,
                                     discount=float(ones / max(ones + 2 * twos, 1))))
            keys, counts = np.unique(keys & ((1 << BITS * (n - 1)) - 1), return_counts=True)

    def probabilities(self, ids: np.ndarray) -> np.ndarray:
        """[N] ids -> [N - order + 1]: of each token, given those before it, from the first with enough of them.

        max(count - discount, 0) / total, and what is left over goes to the order below, in the end to all tokens alike.
        """
        windows = sliding_window_view(ids, len(self.orders))
        p = np.full(len(windows), 1.0 / self.vocab_size)
        for n, order in enumerate(reversed(self.orders), start=1):
            keys = pack(windows[:, -n:])
            total = find(order.contexts, keys >> BITS, order.totals)
            kinds = find(order.contexts, keys >> BITS, order.kinds)
            count = find(order.keys, keys, order.counts)
            seen = np.maximum(total, 1)
            mixed = np.maximum(count - order.discount, 0.0) / seen + order.discount * kinds / seen * p
            p = np.where(total > 0, mixed, p)
        return p
