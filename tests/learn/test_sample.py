"""The file of torch.save that notebook 10 reads, without torch."""

import numpy as np
from neoxja_np.checkpoint.torch_file import check_members, read_torch_file
from neoxja_np.checkpoint.widen import widen
from neoxja_np.learn.checkpoint import SAMPLE

EMBEDDING = [[1, -2], [0.5, 4], [-8, 0.25]]
EXPECTED = {"embed_in.weight": ("F32", None, EMBEDDING),
            "dense.weight": ("F32", (1, 2), [[3, 5, 7], [4, 6, 8]]),
            "norm.weight": ("BF16", None, [1, -2, 0.5, 3.140625]),
            "embed_out.weight": ("F32", None, EMBEDDING)}


def test_what_is_in_it() -> None:
    found = read_torch_file(SAMPLE)
    assert list(found) == list(EXPECTED)
    for name, (dtype, strides, numbers) in EXPECTED.items():
        assert (found[name].dtype, found[name].strides) == (dtype, strides)
        wide = widen(found[name], np.dtype("float32"))
        np.testing.assert_array_equal(wide, np.array(numbers, np.float32), strict=True)
    assert found["embed_in.weight"] == found["embed_out.weight"]
    check_members(SAMPLE)
    assert SAMPLE.stat().st_size < 3000
