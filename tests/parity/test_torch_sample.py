"""sample.bin of notebook 10 is what torch.save writes of the tool's tensors."""

import numpy as np
import torch
from neoxja_np.checkpoint.torch_file import read_torch_file
from neoxja_np.checkpoint.widen import widen
from neoxja_np.learn.checkpoint import SAMPLE
from tools.torch_sample import state_dict


def test_torch_reads_what_the_tool_makes() -> None:
    made, read = state_dict(), torch.load(SAMPLE, weights_only=True)
    assert list(read) == list(made)
    assert read._metadata == made._metadata
    for name, tensor in made.items():
        assert read[name].dtype == tensor.dtype
        assert read[name].stride() == tensor.stride()
        assert read[name].storage_offset() == tensor.storage_offset()
        assert torch.equal(read[name], tensor)
    assert read["embed_out.weight"].data_ptr() == read["embed_in.weight"].data_ptr()


def test_we_read_the_same() -> None:
    ours, theirs = read_torch_file(SAMPLE), torch.load(SAMPLE, weights_only=True)
    assert list(ours) == list(theirs)
    for name, tensor in theirs.items():
        np.testing.assert_array_equal(widen(ours[name], np.dtype("float32")), tensor.float().numpy(), strict=True)
