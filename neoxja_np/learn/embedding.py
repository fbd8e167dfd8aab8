"""The exercises of notebook 02: a row of a table for each token."""

from typing import Any

import numpy as np

from neoxja_np.arrays import Array, IntArray
from neoxja_np.learn.exercise import Exercise, Misconception


def drawn_table(rng: np.random.Generator) -> tuple[IntArray, Array]:
    """Some ids and a table [V, D], of other sizes each time."""
    rows, width = rng.integers(4, 9), rng.integers(2, 4)
    return rng.integers(0, rows, rng.integers(5, 9)), rng.normal(size=(rows, width))


def from_one_hot(ids: IntArray, table: Array) -> Any:
    """ids [L], table [V, D] -> [L, D]: the row of the table that each id names, as a matrix product."""
    one_hot = (ids[:, None] == np.arange(len(table))).astype(table.dtype)
    return one_hot @ table


lookup = Exercise(
    "lookup", from_one_hot, drawn_table,
    (Misconception(lambda ids, table: table[:len(ids)],
                   "you took the rows in order; a token's row is the one that its id names.",
                   "行を順番に取っています。トークンの行は、その ID が指す行です。"),
     Misconception(lambda ids, table: table[np.unique(ids)],
                   "every id has its row only once, sorted. A token that comes twice gets its row twice, "
                   "in the order of the text.",
                   "同じ ID の行を 1 回しか取らず、ID の順に並べています。2 回出てくるトークンの行は 2 回、文に出てくる順に取ります。"),
     Misconception(lambda ids, table: table[ids].sum(axis=0),
                   "you summed the rows; each token keeps its own.",
                   "行を合計しています。トークンごとに別々の行のまま残してください。")))


def nearest_to(row: int, table: Array) -> int:
    """The other row of table [V, D] whose direction is most like that of this row."""
    unit = table / np.linalg.norm(table, axis=-1, keepdims=True)
    likeness = unit @ unit[row]
    likeness[row] = -np.inf
    return int(np.argmax(likeness))


def drawn_rows(rng: np.random.Generator) -> tuple[int, Array]:
    """A row and a table whose rows differ much in length."""
    table = rng.normal(size=(9, 4)) * rng.uniform(0.2, 5, (9, 1))
    return int(rng.integers(9)), table


def longest_dot(row: int, table: Array) -> int:
    """The largest dot product, this row left out."""
    products = table @ table[row]
    products[row] = -np.inf
    return int(np.argmax(products))


def shortest_distance(row: int, table: Array) -> int:
    """The smallest distance, this row left out."""
    distances = np.linalg.norm(table - table[row], axis=-1)
    distances[row] = np.inf
    return int(np.argmin(distances))


nearest = Exercise(
    "nearest", nearest_to, drawn_rows,
    (Misconception(lambda row, table: row,
                   "the row itself is always the most like itself; leave it out.",
                   "自分自身に最も似ているのは、いつも自分です。自分の行は除いてください。"),
     Misconception(longest_dot,
                   "the dot product grows with the length (norm) of a row; for the direction, divide by the norms.",
                   "内積はベクトルの長さ（ノルム）が大きいほど大きくなります。向きを比べるには、ノルムで割ってください。"),
     Misconception(shortest_distance,
                   "the distance depends on lengths too; the angle between two rows is asked for.",
                   "距離も長さに左右されます。求められているのは行どうしの角度の近さです。")))
