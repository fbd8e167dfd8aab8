"""How fast to learn at which step, and how far one step may go."""

import math
from collections.abc import Mapping

import numpy as np

from neoxja_np.arrays import Array


def learning_rate(step: int, *, peak: float, warmup_steps: int, steps: int, final: float) -> float:
    """The rate of step 0, 1 …: up in a line to `peak`, then down half a cosine.

    At the last step it is `final` times the peak.
    """
    if step < warmup_steps:
        return peak * (step + 1) / warmup_steps
    progress = (step - warmup_steps + 1) / max(steps - warmup_steps, 1)
    return peak * (final + (1 - final) * 0.5 * (1 + math.cos(math.pi * progress)))


def gradient_norm(gradients: Mapping[str, Array]) -> float:
    """The length of all gradients as one vector."""
    return math.sqrt(sum(float(np.vdot(each, each)) for each in gradients.values()))


def clip(gradients: Mapping[str, Array], *, norm: float, max_norm: float) -> None:
    """Gradients of that norm made shorter, in place, where they are longer than `max_norm`.

    torch.nn.utils.clip_grad_norm_.
    """
    scale = max_norm / (norm + 1e-6)
    if scale < 1:
        for each in gradients.values():
            each *= scale
