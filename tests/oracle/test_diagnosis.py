"""Every known mistake is named, alone and beside another; who makes none is clean; and nobody is accused in error.

Here on the smallest fixture that can show it; `python -m tools.oracle_trial` tries all of it on all of them.
"""

from dataclasses import replace

import numpy as np
import pytest
from neoxja_np import GPTNeoXJapaneseForCausalLM, oracle
from neoxja_np.oracle.diagnosis import diagnose, model_mistakes
from neoxja_np.oracle.evidence import gather
from neoxja_np.oracle.fixture import fixture_names
from neoxja_np.oracle.mistakes import MISTAKES
from neoxja_np.oracle.variants import VARIANTS
from tests.oracle.ports import port, verdict_on

SHOWING = [name for name in model_mistakes() if not MISTAKES[name].equivalent]


def smallest(name: str) -> list[str]:
    """The smallest fixture that shows a mistake: a head that should be tied needs one that is."""
    return ["default_init" if name == "head_untied" else "small_variance"]


@pytest.mark.parametrize("name", SHOWING)
def test_a_mistake_is_named_from_full_taps(name: str) -> None:
    verdict = verdict_on("float32", [name], fixtures=smallest(name))
    assert (verdict.kind, verdict.names) == ("NAMED", [name])
    assert verdict.explained > 0.2
    assert verdict.first_bad


@pytest.mark.parametrize("name", [name for name in model_mistakes() if MISTAKES[name].equivalent])
def test_an_equivalent_mistake_is_clean_with_a_word(name: str) -> None:
    verdict = verdict_on("float32", [name], fixtures=smallest(name))
    assert verdict.clean
    assert name == "mask_1e4" or "which no output can show" in str(verdict)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_right_port_is_clean_however_it_computes(dtype: str, variant: str) -> None:
    traces = [trace for name in fixture_names() for trace in port(name, dtype, variant=variant)]
    for trace in traces:
        comparison = oracle.compare(trace)
        assert comparison.code() == 0, (trace.label, comparison.first_bad)


@pytest.mark.parametrize("dtype", ["float64", "float32", "bfloat16", "float16"])
@pytest.mark.parametrize("size", ["full", "sketch", "summary", "top"])
def test_a_right_port_is_clean_in_every_precision_and_size(dtype: str, size: str) -> None:
    verdict = verdict_on(dtype, size=size, fixtures=["small_variance", "odd_half"])
    assert verdict.clean
    assert verdict.worst <= 4
    assert not verdict.names


# by what no output can tell: turning by the angle's complement is turning the other way round
TWINS = {"cos_sin_swapped": {"cos_sin_swapped", "sin_negated"}, "sin_negated": {"cos_sin_swapped", "sin_negated"}}


@pytest.mark.parametrize("name", [name for name in SHOWING if MISTAKES[name].family != "dumping"])
def test_a_mistake_is_named_from_the_ten_likeliest_tokens(name: str) -> None:
    verdict = verdict_on("float32", [name], size="top", fixtures=smallest(name))
    if name == "softmax_fp16":  # it rounds otherwise wherever the sums before it do: too few numbers to tell
        assert verdict.kind == "UNKNOWN"
        return
    assert set(verdict.names) == TWINS.get(name, {name})
    if len(verdict.names) > 1:
        assert verdict.separating.endswith("query_rotary")


@pytest.mark.parametrize("name", SHOWING[1::3])
def test_half_precision_names_or_says_that_it_cannot(name: str) -> None:
    verdict = verdict_on("bfloat16", [name], fixtures=smallest(name))
    if verdict.clean:
        assert name in verdict.untold
    else:
        assert name in verdict.names
        assert {MISTAKES[each].family for each in verdict.names} == {MISTAKES[name].family}


@pytest.mark.parametrize("name", SHOWING[::5])
def test_an_unknown_mistake_accuses_nobody_outside_its_family(name: str) -> None:
    rest = [each for each in model_mistakes() if each != name]
    verdict = verdict_on("float32", [name], fixtures=smallest(name), among=rest)
    assert {MISTAKES[each].family for each in verdict.names} <= {MISTAKES[name].family}
    assert not verdict.clean or verdict.worst <= 4 or verdict.names


PAIRS = [("qkv_concat", "gelu_tanh"), ("rope_interleaved", "scale_missing"), ("ln_eps_outside", "bias_missing"),
         ("cache_pos_restart", "mask_off_by_one"), ("rope_base", "rope_fp16"), ("pad_mask_ignored", "gelu_f16_table"),
         ("parallel", "relu"), ("ln_ddof1", "ln_no_bias"), ("head_tied", "softmax_axis")]


@pytest.mark.parametrize("pair", PAIRS, ids="+".join)
def test_two_mistakes_at_once(pair: tuple[str, str]) -> None:
    verdict = verdict_on("float32", pair, fixtures=["sensitised"])
    assert verdict.kind == "STACKED"
    assert set(verdict.names) == set(pair)


@pytest.mark.parametrize("taps", [
    ["logits"], ["layers.0.output", "layers.1.output", "logits"],
    ["layers.0.attention.scores", "layers.1.mlp.act", "logits"]])
@pytest.mark.parametrize("name", ["scale_missing", "gelu_tanh", "rope_interleaved", "ln_ddof1", "bias_missing"])
def test_some_taps_are_enough(name: str, taps: list[str]) -> None:
    assert verdict_on("float32", [name], fixtures=["odd_half"], taps=taps).names == [name]
    assert verdict_on("float32", fixtures=["odd_half"], taps=taps).clean


def test_what_a_port_declares_is_not_held_against_it() -> None:
    traces = [replace(trace, deviations=("gelu_tanh",)) for trace in port("odd_half", mistakes=["gelu_tanh"])]
    assert oracle.diagnose(traces).clean
    assert oracle.compare(traces[0]).code() == 0
    both = [replace(trace, deviations=("gelu_tanh",)) for trace in port("odd_half", mistakes=["gelu_tanh", "ln_ddof1"])]
    assert oracle.diagnose(both).names == ["ln_ddof1"]


def test_any_model_can_be_judged() -> None:
    model = GPTNeoXJapaneseForCausalLM.from_pretrained("tiny-ja")
    with oracle.inject("gelu_tanh"):
        got = oracle.trace(model, [[5, 6, 7, 8, 9, 10]])
    assert oracle.diagnose(got, model).names == ["gelu_tanh"]
    assert oracle.diagnose(oracle.trace(model, [[5, 6, 7, 8, 9, 10]]), model).clean


def test_what_is_a_scale_a_sign_or_a_shift_is_said_without_a_name() -> None:
    def changed(tap: str, change) -> str:
        traces = [replace(trace, activations=trace.activations | {tap: change(trace.activations[tap])})
                  for trace in port("sensitised")]
        return str(oracle.diagnose(traces[:1]))
    scores, value = "layers.1.attention.scores", "layers.0.attention.value"
    assert "scores is ours times 3" in changed(scores, lambda x: 3 * x)
    assert "value is ours with the other sign" in changed(value, lambda x: -x)
    assert "value is ours moved by 1 along axis 2" in changed(value, lambda x: np.roll(x, 1, 2))
    assert "value is a permutation of our numbers" in changed(value, lambda x: x[..., ::-1, ::-1])
    assert "broken: layers.0.attention.weights: the weights of a token sum to 1" in changed(
        "layers.0.attention.weights", lambda x: 2 * x)
    assert "not finite everywhere" in changed(value, lambda x: np.where(x > 1, np.nan, x))
    assert changed(value, lambda x: -x).startswith("UNKNOWN")


def test_nothing_to_compare_is_an_error() -> None:
    trace = replace(port("sensitised")[0], activations={"hidden": np.zeros(3)})
    with pytest.raises(ValueError, match="nothing in these traces can be compared"):
        diagnose([gather(trace)])
    with pytest.raises(ValueError, match="which model was traced"):
        gather(replace(trace, fixture=""))


def test_nothing_is_judged_while_the_reference_itself_is_wrong() -> None:
    with oracle.inject("relu"):
        (trace, *_) = oracle.trace_fixture("small_variance")
        for judge in (oracle.compare, oracle.replay, oracle.diagnose):
            with pytest.raises(RuntimeError, match=r"relu is planted in the reference itself now"):
                judge(trace)
    assert oracle.replay(trace).first_bad.tap == "layers.0.mlp.act"


def test_no_mistake_is_named_twice() -> None:
    hundredfold = ["rope_base", "rope_base"]
    verdict = verdict_on("float32", hundredfold, fixtures=["small_variance"])
    assert len(set(verdict.names)) == len(verdict.names)
    assert {MISTAKES[name].family for name in verdict.names} <= {"rotary"}


def test_what_was_refused_is_not_called_clean() -> None:
    (trace, *_) = port("sensitised")
    turned = {name: value.swapaxes(-1, -2) if value.shape[-1] != value.shape[-2] else value
              for name, value in trace.activations.items()}
    verdict = oracle.diagnose(replace(trace, activations=turned))
    assert verdict.kind == "REFUSED"
    assert not verdict.clean
    assert not verdict.accuses
    assert "the same axes in another order" in str(verdict)
    extra = oracle.diagnose(replace(trace, activations=trace.activations | {"mine": np.zeros(3)}))
    assert extra.clean


@pytest.mark.parametrize("value", [np.inf, np.nan, 1e200])
def test_any_number_may_come_and_nothing_warns(value: float) -> None:
    (trace, *_) = port("small_variance", "float64")
    hole = trace.activations["layers.0.output"].copy()
    hole[0, 1, 2] = value
    broken = replace(trace, activations=trace.activations | {"layers.0.output": hole})
    assert oracle.compare(broken).first_bad.tap == "layers.0.output"
    assert oracle.replay(broken).first_bad.tap == "layers.0.output"
    assert oracle.diagnose(broken).kind == "UNKNOWN"
