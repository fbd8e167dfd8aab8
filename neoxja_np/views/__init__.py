"""Pictures of what the model and the tokenizer do, for the terminal and for notebooks."""

from neoxja_np.views.tokens import TokenView

__all__ = ["TokenView"]
