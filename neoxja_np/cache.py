"""KeyValueCache: the keys and values of the tokens so far, so that a new token costs one step."""

import operator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from neoxja_np.arrays import Array


@dataclass
class LayerCache:
    """One layer's part: keys and values [..., H, capacity, K], the first `length` tokens filled."""

    keys: Array
    values: Array
    length: int

    def extend(self, key: Array, value: Array) -> tuple[Array, Array]:
        """key, value [..., H, L, K] -> two [..., H, M, K]: written behind the others; and all."""
        end = self.length + key.shape[-2]
        self.keys[..., self.length:end, :] = key
        self.values[..., self.length:end, :] = value
        return self.keys[..., :end, :], self.values[..., :end, :]


class KeyValueCache:
    """Keys (turned by rotary) and values of every layer: two [layers, ..., H, capacity, K].

    The one value in this package that is changed in place: transformer() reserves room, writes
    behind `length`, then advances it. A call that fails leaves `length` where it was.
    """

    def __init__(self, keys: Array, values: Array, length: int = 0) -> None:
        self.keys, self.values, self.length = keys, values, length

    @classmethod
    def empty(cls, *, layers: int, batch: Sequence[int], heads: int, capacity: int, head_size: int,
              dtype: np.dtype[Any]) -> Self:
        """Room for `capacity` tokens of each of `batch` sequences; () for one without that axis."""
        shape = (layers, *batch, heads, capacity, head_size)
        return cls(np.empty(shape, dtype), np.empty(shape, dtype))

    def __repr__(self) -> str:
        return f"KeyValueCache({self.length} of {self.capacity} tokens)"

    @property
    def capacity(self) -> int:
        """The number of tokens that there is room for."""
        return int(self.keys.shape[-2])

    def layer(self, index: int) -> LayerCache:
        """The part of one layer: views, not copies."""
        return LayerCache(self.keys[index], self.values[index], self.length)

    def reserve(self, tokens: int) -> None:
        """Makes room for `tokens` more; where it has to grow, it at least doubles."""
        needed = self.length + tokens
        if needed > self.capacity:
            larger = self.resized(max(needed, 2 * self.capacity))
            self.keys, self.values = larger.keys, larger.values

    def advance(self, tokens: int) -> None:
        """Counts `tokens` more as filled, once every layer has written them."""
        self.length += tokens

    def crop(self, length: int) -> None:
        """Forgets all but the first `length` tokens. Raises ValueError where there are fewer."""
        if not 0 <= operator.index(length) <= self.length:
            raise ValueError(f"cannot crop a cache of {self.length} tokens to {length}")
        self.length = operator.index(length)

    def copy(self) -> Self:
        """Another cache with the same content and no more room than that takes."""
        return self.resized(self.length)

    def resized(self, capacity: int) -> Self:
        """Another cache with the same content and other room."""
        *outer, _, head_size = self.keys.shape
        shape = (*outer, capacity, head_size)
        other = type(self)(np.empty(shape, self.keys.dtype), np.empty(shape, self.keys.dtype),
                           self.length)
        other.keys[..., :self.length, :] = self.keys[..., :self.length, :]
        other.values[..., :self.length, :] = self.values[..., :self.length, :]
        return other
