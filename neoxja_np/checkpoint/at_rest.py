"""A matrix that stays in its file, in 16 bits, and is widened where it is used, block by block."""

from collections.abc import Iterator
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from neoxja_np.arrays import Array
from neoxja_np.checkpoint.stored import STORED_AS, StoredTensor
from neoxja_np.checkpoint.widen import BLOCK, widen_block


def blocks(matrix: Any) -> Iterator[tuple[slice, Array]]:
    """The rows of a matrix at rest, some at a time: which, and what they are."""
    rows = max(1, BLOCK // matrix.shape[1])
    for start in range(0, len(matrix), rows):
        yield slice(start, start + rows), matrix[start:start + rows]


class StoredMatrix:
    """weight [O, I] for products and `weight[ids]`: as large in memory as in the file.

    Rows of a block are widened to `dtype`, multiplied and forgotten. A token of the 2.7B model
    takes 3.4 to 4 times as long as from float32 where it is stored in float16, 1.7 to 2 times in
    bfloat16; with threads of its own, which BLAS has already, hardly less (3.1 and 1.4).
    """

    __array_ufunc__ = None  # so that NumPy leaves products to this class

    def __init__(self, tensor: StoredTensor, content: NDArray[np.uint8],
                 dtype: np.dtype[Any]) -> None:
        self.tensor, self.bits, self.dtype = tensor, tensor.bits(content), dtype
        self.shape, self.size, self.ndim = tensor.shape, tensor.size, len(tensor.shape)
        self.nbytes = self.size * dtype.itemsize  # of the array that it stands for

    def __repr__(self) -> str:
        return (f"StoredMatrix({' x '.join(map(str, self.shape))}, {self.tensor.dtype} in "
                f"{self.tensor.path.name}, computed in {self.dtype})")

    def __len__(self) -> int:
        return int(self.shape[0])

    def __matmul__(self, x: Array) -> Array:
        """x [I, N] -> [O, N]: weight @ x."""
        out: Array = np.empty((len(self), *x.shape[1:]), x.dtype)
        for block, weight in blocks(self):
            np.matmul(weight, x, out=out[block])
        return out

    def transpose(self) -> "Transposed":
        """For x @ weight.T."""
        return Transposed(self)

    T = property(transpose)

    def __getitem__(self, rows: Any) -> Array:
        """Some of the rows, as an array of their own."""
        narrow = self.bits[rows]
        wide: Array = np.empty(narrow.shape, self.dtype)
        widen_block(narrow.reshape(-1), self.tensor.dtype, wide.reshape(-1))
        return wide

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        """All of it in memory, for whoever needs that, such as save_pretrained()."""
        return self[:].astype(dtype or self.dtype, copy=False)


class Transposed:
    """weight.T, of which nothing is needed but x @ weight.T."""

    def __init__(self, matrix: "StoredMatrix") -> None:
        self.matrix = matrix

    __array_ufunc__ = None

    def __rmatmul__(self, x: Array) -> Array:
        """x [..., I] -> [..., O]: x @ weight.T."""
        rows = x.reshape(-1, x.shape[-1])
        return (self.matrix @ rows.T).T.reshape(*x.shape[:-1], len(self.matrix))


def matrix_at_rest(tensor: StoredTensor, content: NDArray[np.uint8],
                   dtype: np.dtype[Any]) -> Array:
    """A matrix in the mapped content of its file; where `dtype` is another, one that is widened."""
    if STORED_AS[tensor.dtype] is dtype.type:
        return tensor.bits(content)
    return cast(Array, StoredMatrix(tensor, content, dtype))


def equal(one: Array, other: Array) -> bool:
    """Whether two matrices, at rest or not, hold the same numbers."""
    return one.shape == other.shape and all(
        np.array_equal(rows, other[block]) for block, rows in blocks(one))


def is_finite(matrix: Array) -> bool:
    """Whether a matrix at rest holds neither NaN nor infinity."""
    return all(bool(np.isfinite(weight).all()) for _, weight in blocks(matrix))
