"""Writes neoxja_np/learn/files/sample.bin: a small file of torch.save, which notebook 10 reads byte by byte.

    .venv-parity/bin/python -m tools.torch_sample

A state dict as torch writes it, with what is worth reading: a matrix of float32, the same storage under a second name
(tied), a matrix that is a transposed view into a longer storage, and a vector of bfloat16. Every number is exact in its
dtype and known by sight. tests/parity/test_torch_sample.py holds the file against this.
"""

import torch
from neoxja_np.learn.checkpoint import SAMPLE


class Sample(torch.nn.Module):
    """A few parameters by a real model's names; nothing is computed with them."""

    def __init__(self) -> None:
        super().__init__()
        self.embed_in = torch.nn.Embedding(3, 2)
        self.dense = torch.nn.Linear(3, 2, bias=False)
        self.norm = torch.nn.LayerNorm(4, bias=False)
        self.embed_out = torch.nn.Linear(2, 3, bias=False)
        self.embed_in.weight = torch.nn.Parameter(torch.tensor([[1, -2], [0.5, 4], [-8, 0.25]]))
        self.embed_out.weight = self.embed_in.weight
        row = torch.arange(1.0, 9.0)
        self.dense.weight = torch.nn.Parameter(row[2:].view(3, 2).T)  # of 1 to 8, from the 3 on
        self.norm.weight = torch.nn.Parameter(torch.tensor([1, -2, 0.5, 3.140625], dtype=torch.bfloat16))


def state_dict() -> dict[str, torch.Tensor]:
    """The tensors by name, as a module gives them: an OrderedDict with its _metadata."""
    tensors: dict[str, torch.Tensor] = Sample().state_dict()
    return tensors


def main() -> None:
    SAMPLE.parent.mkdir(exist_ok=True)
    torch.save(state_dict(), SAMPLE)
    print(f"wrote {SAMPLE.stat().st_size:,} bytes to {SAMPLE.name}")


if __name__ == "__main__":
    main()
