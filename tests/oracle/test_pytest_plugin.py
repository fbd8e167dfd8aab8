"""assert_trace, in a port's own tests."""

import pytest
from neoxja_np import oracle
from neoxja_np.oracle.trace_files import save_trace

pytest_plugins = ["pytester"]
TESTS = """
    from pathlib import Path
    from neoxja_np import GPTNeoXJapaneseForCausalLM, oracle

    def test_right(assert_trace):
        assert_trace(oracle.trace_fixture("small_variance")[0])

    def test_a_file(assert_trace):
        assert_trace(Path({folder!r}) / "plain.safetensors")

    def test_a_model(assert_trace):
        model = GPTNeoXJapaneseForCausalLM.from_pretrained("random-ja")
        assert_trace(oracle.trace(model, [3, 1, 4]), model)
"""


def test_it_passes_and_fails_with_a_name(pytester: pytest.Pytester, tmp_path) -> None:
    with oracle.inject("scale_missing"):
        save_trace(oracle.trace_fixture("small_variance")[0], tmp_path)
    pytester.makepyfile(TESTS.format(folder=str(tmp_path)))
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")  # which finds the plugin by itself
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["*FAIL*layers.0.attention.scores*", "*NAMED scale_missing*"])
