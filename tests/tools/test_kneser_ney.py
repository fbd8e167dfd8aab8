"""The n-gram model against its definition, counted with dictionaries."""

from collections import Counter, defaultdict

import numpy as np
import pytest
from tools.tiny_ja.kneser_ney import KneserNey

V = 7


def plain(ids: list[int], order: int, window: tuple[int, ...]) -> float:
    """The probability of a window's last token."""
    counts: Counter[tuple[int, ...]] = Counter(tuple(ids[i:i + order]) for i in range(len(ids) - order + 1))
    tables = {order: counts}
    for n in range(order - 1, 0, -1):
        tables[n] = Counter(key[1:] for key in tables[n + 1])
    p = 1 / V
    for n in range(1, order + 1):
        table, context = tables[n], window[len(window) - n:-1]
        discount = (list(table.values()).count(1)) / (
            list(table.values()).count(1) + 2 * list(table.values()).count(2))
        behind: dict[tuple[int, ...], int] = defaultdict(int)
        kinds: Counter[tuple[int, ...]] = Counter()
        for key, count in table.items():
            behind[key[:-1]] += count
            kinds[key[:-1]] += 1
        if behind[context]:
            p = (max(table[window[len(window) - n:]] - discount, 0) / behind[context]
                 + discount * kinds[context] / behind[context] * p)
    return p


@pytest.mark.parametrize("order", [2, 3, 5])
def test_probabilities(order: int) -> None:
    rng = np.random.default_rng(order)
    ids = rng.choice(V, 80, p=[0.4, 0.2, 0.1, 0.1, 0.1, 0.07, 0.03])
    model, text = KneserNey(ids, order=order, vocab_size=V), rng.integers(0, V, 40)
    expected = [plain(ids.tolist(), order, tuple(text[i:i + order].tolist())) for i in range(40 - order + 1)]
    assert np.abs(model.probabilities(text) - expected).max() < 1e-15


def test_they_sum_to_one() -> None:
    rng = np.random.default_rng(0)
    model = KneserNey(rng.integers(0, V - 1, 200), order=4, vocab_size=V)
    for context in rng.integers(0, V, (20, 3)):
        total = sum(model.probabilities(np.array([*context, token]))[0] for token in range(V))
        assert total == pytest.approx(1.0, abs=1e-12)
