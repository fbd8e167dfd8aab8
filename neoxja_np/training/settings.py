"""What a run of training is set to."""

from dataclasses import dataclass, fields
from typing import Any

AT_LEAST_1 = ("steps", "batch_size", "length", "parts", "threads", "evaluate_every", "save_every")


@dataclass(frozen=True, kw_only=True)
class TrainingSettings:
    """Raises ValueError, TypeError for numbers that make no run."""

    steps: int = 1000                # updates of the weights
    batch_size: int = 8              # windows a step
    length: int = 128                # tokens a window
    at_texts: bool = False           # a window begins where a text does: behind an end token
    parts: int = 1                   # of a batch, one after the other: gradients are accumulated
    threads: int = 1                 # parts at a time
    learning_rate: float = 1e-3      # the highest
    warmup_steps: int = 50
    final_rate: float = 0.1          # of the learning rate, at the end
    weight_decay: float = 0.1        # of matrices
    beta1: float = 0.9
    beta2: float = 0.95
    eps: float = 1e-8
    max_norm: float = 1.0            # of all gradients together
    evaluate_every: int = 100        # steps
    save_every: int = 100            # steps
    seed: int = 0

    def __post_init__(self) -> None:
        for each in fields(self):
            value: Any = getattr(self, each.name)
            kind: Any = each.type
            if type(value) is not kind and not (kind is float and type(value) is int):
                raise TypeError(f"{each.name} must be a {kind.__name__}, got {value!r}")
            least = 1 if each.name in AT_LEAST_1 else 0
            if not least <= value < float("inf"):
                raise ValueError(f"{each.name} must be {least} or more, got {value!r}")
        if self.length < 2:
            raise ValueError("length must be 2 or more: each token is the label of the one before")
        if self.batch_size % self.parts:
            raise ValueError(f"a batch of {self.batch_size} windows cannot be cut into "
                             f"{self.parts} equal parts")
        if self.threads > self.parts:
            raise ValueError(f"{self.threads} threads need as many parts of a batch, got parts "
                             f"{self.parts}")
        for name in ("eps", "max_norm"):
            if getattr(self, name) == 0:
                raise ValueError(f"{name} must be above 0")
        for name in ("beta1", "beta2"):
            if getattr(self, name) >= 1:
                raise ValueError(f"{name} must be below 1, got {getattr(self, name)!r}")
