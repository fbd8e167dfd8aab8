"""Pictures of what the model and the tokenizer do, for the terminal and for notebooks."""

from neoxja_np.views.figures import (
    draw_hands,
    draw_heads,
    draw_lines,
    draw_logit_lens,
    draw_loss_curve,
    draw_shares,
)
from neoxja_np.views.picture import Picture
from neoxja_np.views.tokens import TokenView

__all__ = ["Picture", "TokenView", "draw_hands", "draw_heads", "draw_lines", "draw_logit_lens",
           "draw_loss_curve", "draw_shares"]
