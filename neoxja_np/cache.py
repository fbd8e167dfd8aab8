"""KeyValueCache: the keys and values of the tokens so far, so that a new token costs one step."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from neoxja_np.arrays import Array
from neoxja_np.config import GPTNeoXJapaneseConfig


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

    The one value in this package that is changed in place: transformer() writes behind `length`,
    into room made beforehand, then advances it. A call that fails leaves `length` where it was.
    """

    def __init__(self, keys: Array, values: Array, length: int = 0) -> None:
        self.keys, self.values, self.length = keys, values, length

    @classmethod
    def empty(cls, config: GPTNeoXJapaneseConfig, *, batch: Sequence[int], capacity: int,
              dtype: np.dtype[Any]) -> Self:
        """Room for `capacity` tokens of each of `batch` sequences; () for one without that axis."""
        shape = (config.num_hidden_layers, *batch, config.num_attention_heads, capacity,
                 config.head_size)
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

    def advance(self, tokens: int) -> None:
        """Counts `tokens` more as filled, once every layer has written them."""
        self.length += tokens

    def crop(self, length: int) -> None:
        """Forgets all but the first `length` tokens. Raises ValueError where there are fewer."""
        if not 0 <= length <= self.length:
            raise ValueError(f"cannot crop a cache of {self.length} tokens to {length}")
        self.length = length

    def copy(self) -> Self:
        """Another cache with the same content and the same room."""
        return type(self)(self.keys.copy(), self.values.copy(), self.length)
