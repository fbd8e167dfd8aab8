"""GPTNeoXJapaneseConfig: Hugging Face's config.json, read strictly.

Dimension key, used in every docstring: B batch, L tokens in this call, M tokens attended to,
D hidden, H heads, K head size, R rotary dims, F intermediate, V vocabulary.
"""

import sys
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Self

from neoxja_np.files import read_json
from neoxja_np.layers.activation import ACTIVATIONS

MODEL_TYPE = "gpt_neox_japanese"
SIZES = ("vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads",
         "intermediate_multiple_size", "max_position_embeddings")
LARGEST = sys.float_info.max
NOT_NEGATIVE = ("initializer_range", "attention_dropout", "hidden_dropout")
POSITIVE = ("layer_norm_eps", "rope_theta", "partial_rotary_factor")
SWITCHES = ("use_cache", "is_decoder", "tie_word_embeddings")
DEFAULT_ROPE: dict[str, Any] = {"rope_type": "default", "rope_theta": 10000.0,
                                "partial_rotary_factor": 1.0}


class ConfigError(ValueError):
    """A config.json that this implementation cannot follow; the message says what and why."""


@dataclass(frozen=True, kw_only=True)
class GPTNeoXJapaneseConfig:
    """The numbers that fix a model. Fields and defaults are Hugging Face's.

    Raises ConfigError where the numbers do not fit together or ask for something that is not here.
    """

    vocab_size: int = 32000                 # V
    hidden_size: int = 2560                 # D
    num_hidden_layers: int = 32
    num_attention_heads: int = 32           # H
    intermediate_multiple_size: int = 4     # F / D
    hidden_act: str = "gelu"
    max_position_embeddings: int = 2048
    initializer_range: float = 0.02
    layer_norm_eps: float = 1e-5
    rope_parameters: dict[str, Any] = field(default_factory=DEFAULT_ROPE.copy)
    use_cache: bool = True
    bos_token_id: int | None = 31996
    eos_token_id: int | list[int] | None = 31999
    pad_token_id: int | None = None
    attention_dropout: float = 0.1
    hidden_dropout: float = 0.0
    is_decoder: bool = False
    tie_word_embeddings: bool = True
    unknown: dict[str, Any] = field(default_factory=dict)   # the file's other fields, written back

    @property
    def rotary_pct(self) -> float:
        """R / K, the share of a head that rotary turns."""
        return float(self.rope_parameters.get("partial_rotary_factor", 1.0))

    @property
    def rotary_emb_base(self) -> float:
        """The base of the rotary frequencies."""
        return float(self.rope_parameters.get("rope_theta", 10000.0))

    @property
    def head_size(self) -> int:
        """K."""
        return self.hidden_size // self.num_attention_heads

    @property
    def rotary_ndims(self) -> int:
        """R, the dimensions of a head that rotary turns."""
        return int(self.head_size * self.rotary_pct)

    @property
    def intermediate_size(self) -> int:
        """F."""
        return self.hidden_size * self.intermediate_multiple_size

    def __post_init__(self) -> None:
        if not isinstance(self.rope_parameters, dict):
            raise ConfigError(f"rope_parameters must be an object, got {self.rope_parameters!r}")
        rope = {**DEFAULT_ROPE, **self.rope_parameters}
        for name in SIZES:
            value = getattr(self, name)
            if type(value) is not int or value < 1:
                raise ConfigError(f"{name} must be a whole number of at least 1, got {value!r}")
        for name, value in {"layer_norm_eps": self.layer_norm_eps, **rope}.items():
            if name in POSITIVE and not (type(value) in (int, float) and 0 < value <= LARGEST):
                raise ConfigError(f"{name} must be a positive number, got {value!r}")
        for name in NOT_NEGATIVE:
            value = getattr(self, name)
            if not (type(value) in (int, float) and 0 <= value <= LARGEST):
                raise ConfigError(f"{name} must be a number of at least 0, got {value!r}")
        for name in ("bos_token_id", "eos_token_id", "pad_token_id"):
            value = getattr(self, name)
            ids = value if name == "eos_token_id" and isinstance(value, list) else [value]
            if not all(i is None or type(i) is int for i in ids):
                raise ConfigError(f"{name} must be a token id or null, got {value!r}")
        for name in SWITCHES:
            if type(getattr(self, name)) is not bool:
                raise ConfigError(f"{name} must be true or false, got {getattr(self, name)!r}")
        if rope["rope_type"] != "default" or rope.get("type", "default") != "default":
            raise ConfigError(f"rope type {rope.get('type', rope['rope_type'])!r} is not "
                              "implemented; there is 'default' alone")
        if self.hidden_act not in ACTIVATIONS:
            raise ConfigError(f"hidden_act {self.hidden_act!r} is not implemented; "
                              f"there are {', '.join(ACTIVATIONS)}")
        if self.hidden_size % self.num_attention_heads:
            raise ConfigError(f"hidden_size {self.hidden_size} is not divisible by "
                              f"num_attention_heads {self.num_attention_heads}: "
                              "the heads would have unequal sizes")
        if self.rotary_ndims % 2 or not 2 <= self.rotary_ndims <= self.head_size:
            raise ConfigError(f"rotary turns pairs of dimensions, so their number must be even and "
                              f"from 2 to the head size {self.head_size}; "
                              f"a share of {self.rotary_pct} gives {self.rotary_ndims}")

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """From the content of a config.json of any generation. Raises ConfigError, ValueError."""
        values = dict(values)
        model_type = values.pop("model_type", MODEL_TYPE)
        if model_type != MODEL_TYPE:
            raise ConfigError(f"model_type is {model_type!r}; "
                              f"this package implements {MODEL_TYPE!r} alone")
        old_names = {"rope_theta": "rotary_emb_base", "partial_rotary_factor": "rotary_pct"}
        old = {new: values.pop(name) for new, name in old_names.items() if name in values}
        rope = values.pop("rope_scaling", None) or values.pop("rope_parameters", None) or {}
        values["rope_parameters"] = {**DEFAULT_ROPE, **old, **rope} if type(rope) is dict else rope
        known = {f.name for f in fields(cls)} - {"unknown"}
        unknown = {name: values.pop(name) for name in list(values) if name not in known}
        return cls(**values, unknown=unknown)

    def to_dict(self) -> dict[str, Any]:
        """The content of today's config.json, unknown fields included."""
        values = asdict(self)
        return dict(sorted({**values.pop("unknown"), **values, "model_type": MODEL_TYPE}.items()))

    @classmethod
    def from_pretrained(cls, folder: str | Path) -> Self:
        """From folder/config.json. Raises FileNotFoundError, ConfigError; ValueError if no JSON."""
        return cls.from_dict(read_json(Path(folder) / "config.json"))
