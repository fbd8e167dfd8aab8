"""The embedding is a look-up, without a position."""

import numpy as np
from neoxja_np.layers.embedding import embedding


def test_rows_are_looked_up() -> None:
    weight = np.random.default_rng(0).normal(size=(5, 3))
    ids = np.array([[4, 0, 4], [2, 1, 3]])
    expected = [[weight[i] for i in row] for row in ids]
    assert (embedding(ids, weight) == np.array(expected)).all()


def test_it_is_the_product_with_a_one_hot_matrix() -> None:
    weight = np.random.default_rng(0).normal(size=(5, 3))
    ids = np.array([4, 0, 2])
    assert (embedding(ids, weight) == np.eye(5)[ids] @ weight).all()
