"""GenerationConfig: how a text is to be continued, with Hugging Face's names and defaults."""

import difflib
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields, replace
from numbers import Integral, Real
from typing import Any, Self

NOT_SETTINGS = {"transformers_version", "_from_model_config", "output_attentions",
                "output_hidden_states", "use_cache", "cache_implementation", "output_scores",
                "output_logits", "return_dict_in_generate", "trust_remote_code"}
NEUTRAL = {"num_beams": 1, "num_beam_groups": 1, "num_return_sequences": 1, "min_length": 0,
           "repetition_penalty": 1.0, "encoder_repetition_penalty": 1.0, "length_penalty": 1.0,
           "diversity_penalty": 0.0, "no_repeat_ngram_size": 0, "encoder_no_repeat_ngram_size": 0,
           "typical_p": 1.0, "epsilon_cutoff": 0.0, "eta_cutoff": 0.0, "early_stopping": False,
           "renormalize_logits": False}  # values of settings that change nothing


def whole(least: int) -> Callable[[Any], bool]:
    """A test for whole numbers of at least that."""
    return lambda v: isinstance(v, Integral) and not isinstance(v, bool) and int(v) >= least


def real(least: float, most: float) -> Callable[[Any], bool]:
    """A test for numbers between two others."""
    return lambda v: (isinstance(v, Real) and not isinstance(v, bool)
                      and least <= float(v) <= most)


def ids(value: Any) -> bool:
    """A test for one token id, several, or none."""
    values = value if isinstance(value, list | tuple) else [value]
    return value is None or all(map(whole(0), values))


CHECKS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "do_sample": (lambda v: isinstance(v, bool), "True or False"),
    "temperature": (real(1e-6, 1e6), "a number from 1e-6 to 1e6"),
    "top_k": (whole(0), "0 (off) or more"),
    "top_p": (real(0, 1), "a number from 0 to 1"),
    "max_length": (lambda v: v is None or whole(1)(v), "a whole number above 0"),
    "max_new_tokens": (lambda v: v is None or whole(1)(v), "a whole number above 0"),
    "bos_token_id": (lambda v: v is None or whole(0)(v), "a token id"),
    "eos_token_id": (ids, "a token id or a list of them"),
    "pad_token_id": (lambda v: v is None or whole(0)(v), "a token id"),
}


@dataclass(frozen=True, kw_only=True)
class GenerationConfig:
    """Settings of generate(). Raises ValueError for values of another kind or out of range.

    Without max_length and max_new_tokens, 20 new tokens. max_length counts the prompt;
    max_new_tokens wins over it.
    """

    do_sample: bool = False                       # False: greedy, always the likeliest token
    temperature: float = 1.0                      # below 1 likelier tokens, above 1 rarer ones
    top_k: int = 50                               # 0: off
    top_p: float = 1.0                            # 1: off
    max_length: int | None = None
    max_new_tokens: int | None = None
    bos_token_id: int | None = None
    eos_token_id: int | list[int] | None = None   # a row ends with any of these
    pad_token_id: int | None = None               # fills rows that ended; eos_token_id if None
    unknown: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, (fits, expected) in CHECKS.items():
            if not fits(getattr(self, name)):
                raise ValueError(f"{name} must be {expected}, got {getattr(self, name)!r}")

    @property
    def eos_token_ids(self) -> list[int]:
        """eos_token_id as a list, which may be empty."""
        given = self.eos_token_id
        return [] if given is None else list(given) if isinstance(given, list | tuple) else [given]

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
            raise ValueError(f"max_length {self.max_length} leaves no room after a prompt of "
                             f"{prompt_length} tokens; raise it, or give max_new_tokens, "
                             "which does not count the prompt")
        return self.max_length - prompt_length

    def updated(self, **settings: Any) -> Self:
        """With those settings changed that are not None.

        Raises TypeError for a name that is none, with the nearest that is one.
        """
        names = ["input_ids", "attention_mask", "rng", *CHECKS]
        for name in settings:
            if name == "seed":
                raise TypeError("generate() has no argument 'seed'; "
                                f"give rng=np.random.default_rng({settings[name]!r})")
            if name not in CHECKS:
                near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
                raise TypeError(f"generate() has no argument {name!r}"
                                + (f"; did you mean {near[0]!r}?" if near else ".")
                                + f" It takes {', '.join(names)}")
        given = {name: value for name, value in settings.items() if value is not None}
        new = replace(self, **given)
        idle = sorted({"temperature", "top_k", "top_p"} & given.keys())
        if idle and not new.do_sample:
            warnings.warn(f"without do_sample=True, {', '.join(idle)} has no effect", stacklevel=4)
        return new

    def check_known(self) -> None:
        """Raises ValueError where generation_config.json asks for what is not implemented here."""
        asked = {name: value for name, value in self.unknown.items() if value is not None
                 and name not in NOT_SETTINGS and NEUTRAL.get(name) != value}
        if asked:
            raise ValueError(f"generation_config.json asks for {asked}, which is not implemented: "
                             "the text would be another one than Hugging Face's. Take it out of "
                             "the file to generate without it")

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """From the content of a generation_config.json; null stands for the default."""
        return cls(**{name: value for name, value in values.items()
                      if name in CHECKS and value is not None},
                   unknown={name: value for name, value in values.items() if name not in CHECKS})

    def to_dict(self) -> dict[str, Any]:
        """What a generation_config.json holds: what differs from the defaults, and the unknown."""
        default = {f.name: f.default for f in fields(self)}
        values = {name: value for name, value in asdict(self).items() if value != default[name]}
        return dict(sorted({**values.pop("unknown", {}), **values}.items()))
