"""A pytest plugin: the fixture assert_trace, for a port's own tests.

    def test_my_port(assert_trace):
        assert_trace(my_port.trace("sensitised/plain"))          # a Trace, or the path of one
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from neoxja_np.oracle import Trace
    from neoxja_np.pretrained import GPTNeoXJapaneseForCausalLM


@pytest.fixture(scope="session")
def assert_trace() -> Callable[..., None]:
    """assert_trace(trace or path, model=None, dtype=""): it is what the reference computes.

    A path may be a folder of traces. Fails with the table of what differs and the name of the known
    mistake. model: what was traced, where it is no fixture. Raises FileNotFoundError, TraceError.
    """
    from neoxja_np import oracle  # when it is asked for: pytest loads this module in every run

    def check(got: "Trace | Path | str", model: "GPTNeoXJapaneseForCausalLM | None" = None,
              dtype: str = "") -> None:
        traces = [got] if isinstance(got, oracle.Trace) else oracle.load_traces(
            Path(got), dtype=dtype)
        found = [oracle.compare(trace, model) for trace in traces]
        if not any(each.code() for each in found):
            return
        verdict = oracle.diagnose(traces, model)
        if verdict.clean and verdict.names and not any(each.code() == 2 for each in found):
            return  # another way that no output can show
        tables = [str(each) for each in found if each.code()]
        pytest.fail("\n".join([*tables, str(verdict)]), pytrace=False)
    return check
