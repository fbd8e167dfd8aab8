"""Pictures of what the model and the tokenizer do, for the terminal and for notebooks."""

from neoxja_np.views.figures import draw_loss_curve
from neoxja_np.views.tokens import TokenView

__all__ = ["TokenView", "draw_loss_curve"]
