"""GenerationConfig: how a text is to be continued, with Hugging Face's names and defaults."""

import difflib
import warnings
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Self

NOTES = {"transformers_version", "_from_model_config", "output_attentions", "output_hidden_states",
         "use_cache", "output_scores", "output_logits",
         "return_dict_in_generate"}  # entries of a generation_config.json that are no settings
NEUTRAL = {"num_beams": 1, "num_return_sequences": 1, "repetition_penalty": 1.0,
           "length_penalty": 1.0, "min_length": 0, "no_repeat_ngram_size": 0, "typical_p": 1.0,
           "renormalize_logits": False, "early_stopping": False}  # values that change nothing


@dataclass(frozen=True, kw_only=True)
class GenerationConfig:
    """Settings of generate(). Raises ValueError for values out of range.

    Without max_length and max_new_tokens, 20 new tokens. max_length counts the prompt;
    max_new_tokens wins over it.
    """

    do_sample: bool = False                       # False: greedy, always the likeliest token
    temperature: float = 1.0                      # above 0; 1 changes nothing
    top_k: int | None = 50                        # 0 or None: off
    top_p: float | None = 1.0                     # from 0 to 1; 1 or None: off
    max_length: int | None = None
    max_new_tokens: int | None = None
    bos_token_id: int | None = None
    eos_token_id: int | list[int] | None = None   # a row ends with any of these
    pad_token_id: int | None = None               # fills rows that ended; eos_token_id if None
    unknown: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        checks = {
            "temperature": (self.temperature > 0, "above 0"),
            "top_k": (self.top_k is None or self.top_k >= 0, "0 (off) or more"),
            "top_p": (self.top_p is None or 0 <= self.top_p <= 1, "from 0 to 1"),
            "max_length": (self.max_length is None or self.max_length > 0, "above 0"),
            "max_new_tokens": (self.max_new_tokens is None or self.max_new_tokens > 0, "above 0"),
        }
        for name, (fine, expected) in checks.items():
            if not fine:
                raise ValueError(f"{name} must be {expected}, got {getattr(self, name)!r}")

    @property
    def eos_token_ids(self) -> list[int]:
        """eos_token_id as a list, which may be empty."""
        ids = self.eos_token_id
        return [] if ids is None else [ids] if isinstance(ids, int) else list(ids)

    @property
    def filler(self) -> int:
        """What stands in a row after its end."""
        if self.pad_token_id is not None:
            return self.pad_token_id
        return next(iter(self.eos_token_ids), 0)

    @property
    def padding(self) -> int | None:
        """The id that in a prompt can only be padding: none where it may also be an end."""
        return None if self.pad_token_id in self.eos_token_ids else self.pad_token_id

    def new_tokens(self, prompt_length: int) -> int:
        """How many tokens may follow a prompt. Raises ValueError where max_length leaves none."""
        if self.max_new_tokens is not None:
            return self.max_new_tokens
        if self.max_length is None:
            return 20
        if self.max_length <= prompt_length:
            raise ValueError(
                f"max_length {self.max_length} leaves no room after a prompt of {prompt_length} "
                "tokens; raise it, or give max_new_tokens, which does not count the prompt")
        return self.max_length - prompt_length

    def updated(self, **settings: Any) -> Self:
        """With some settings changed. Raises TypeError for an unknown name, naming the nearest."""
        names = [f.name for f in fields(self) if f.name != "unknown"]
        for name in settings:
            if name not in names:
                near = difflib.get_close_matches(name, names, n=1, cutoff=0.0)[0]
                raise TypeError(f"generate() has no setting {name!r}; did you mean {near!r}? "
                                f"There are {', '.join(names)}")
        new = replace(self, **settings)
        idle = {"temperature", "top_k", "top_p"} & settings.keys()
        if idle and not new.do_sample:
            warnings.warn(f"{', '.join(sorted(idle))} change nothing without do_sample=True",
                          stacklevel=3)
        return new

    def check_known(self) -> None:
        """Raises ValueError where generation_config.json asks for what is not implemented here."""
        asked = {name: value for name, value in self.unknown.items()
                 if name not in NOTES and value is not None and NEUTRAL.get(name) != value}
        if asked:
            raise ValueError(f"generation_config.json asks for {asked}, which is not implemented: "
                             "the text would be another one than Hugging Face's. "
                             "Take it out of the file, or generate without it")

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """From the content of a generation_config.json; null stands for the default."""
        names = {f.name for f in fields(cls)} - {"unknown"}
        return cls(**{name: value for name, value in values.items()
                      if name in names and value is not None},
                   unknown={name: value for name, value in values.items() if name not in names})

    def to_dict(self) -> dict[str, Any]:
        """What a generation_config.json holds: what differs from the defaults, and the unknown."""
        default = asdict(type(self)())
        values = {name: value for name, value in asdict(self).items() if value != default[name]}
        return dict(sorted({**values.pop("unknown", {}), **values}.items()))
