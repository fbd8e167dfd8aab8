"""Settings: defaults, files, and what is refused."""

import numpy as np
import pytest
from neoxja_np import GenerationConfig
from neoxja_np.generation.settings import NEUTRAL


def test_hugging_faces_defaults() -> None:
    settings = GenerationConfig()
    assert (settings.do_sample, settings.temperature, settings.top_k, settings.top_p) == (False, 1.0, 50, 1.0)
    assert settings.new_tokens(7) == 20


def test_lengths() -> None:
    assert GenerationConfig(max_length=10).new_tokens(7) == 3
    assert GenerationConfig(max_length=10, max_new_tokens=9).new_tokens(7) == 9
    with pytest.raises(ValueError, match="max_length 7 leaves no room after a prompt of 7 tokens"):
        GenerationConfig(max_length=7).new_tokens(7)


@pytest.mark.parametrize(("typo", "meant"), [
    ("topk", "top_k"), ("temprature", "temperature"), ("max_tokens", "max_new_tokens"), ("sample", "do_sample"),
    ("eos_id", "eos_token_id"), ("atention_mask", "attention_mask"), ("rngs", "rng"), ("input_id", "input_ids")])
def test_an_unknown_setting_names_the_nearest(typo: str, meant: str) -> None:
    with pytest.raises(TypeError, match=f"no argument '{typo}'; did you mean '{meant}'"):
        GenerationConfig().updated(**{typo: 1})


@pytest.mark.parametrize(("name", "value", "message"), [
    ("temperature", 0.0, "temperature must be a number from 1e-6 to 1e6, got 0.0"), ("temperature", "1", "got '1'"),
    ("temperature", 1e-320, "1e-6 to 1e6"), ("do_sample", "no", "do_sample must be True or False, got 'no'"),
    ("top_k", 5.0, "top_k must be 0"), ("top_k", True, "got True"), ("top_k", -1, r"top_k must be 0 \(off\) or more"),
    ("top_p", 1.5, "top_p must be a number from 0 to 1, got 1.5"), ("pad_token_id", -1, "got -1"),
    ("eos_token_id", "x", "eos_token_id must be a token id or a list of them, got 'x'"),
    ("max_new_tokens", 0, "max_new_tokens must be a whole number above 0, got 0"), ("max_new_tokens", 3.0, "got 3.0"),
    ("max_length", 0, "max_length must be a whole number above 0")])
def test_values_out_of_range(name: str, value: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        GenerationConfig().updated(**{name: value})


def test_sampling_settings_without_sampling_warn() -> None:
    with pytest.warns(UserWarning, match="without do_sample=True, temperature, top_p has no effect"):
        GenerationConfig().updated(temperature=0.9, top_p=0.5)


def test_a_file_of_hugging_face() -> None:
    file = {"_from_model_config": True, "bos_token_id": 1, "eos_token_id": [2, 3], "output_attentions": False,
            "temperature": None, "do_sample": True, "transformers_version": "5.23.0", "num_beams": 1}
    settings = GenerationConfig.from_dict(file)
    assert (settings.eos_token_ids, settings.do_sample, settings.temperature) == ([2, 3], True, 1.0)
    settings.check_known()
    assert settings.to_dict() == {name: value for name, value in file.items() if name != "temperature"}
    assert GenerationConfig.from_dict(settings.to_dict()) == settings


def test_a_file_that_asks_for_more_is_refused_when_generating() -> None:
    settings = GenerationConfig.from_dict({"repetition_penalty": 1.2, "num_beams": 1})
    with pytest.raises(ValueError, match=r"asks for \{'repetition_penalty': 1.2\}, which is not implemented"):
        settings.check_known()


def test_a_name_like_no_other_gets_no_guess() -> None:
    with pytest.raises(TypeError, match=r"no argument 'zzzz'\. It takes input_ids"):
        GenerationConfig().updated(zzzz=1)


def test_a_seed_is_a_generator() -> None:
    with pytest.raises(TypeError, match=r"no argument 'seed'; give rng=np.random.default_rng\(3\)"):
        GenerationConfig().updated(seed=3)


@pytest.mark.parametrize("name", sorted(NEUTRAL))
def test_values_that_change_nothing_are_no_reason_to_refuse(name: str) -> None:
    GenerationConfig.from_dict({name: NEUTRAL[name], "min_p": None}).check_known()
    with pytest.raises(ValueError, match=name):
        GenerationConfig.from_dict({name: 7}).check_known()


def test_none_is_not_given_and_numpy_integers_are_integers() -> None:
    settings = GenerationConfig(do_sample=True, temperature=0.5).updated(
        temperature=None, eos_token_id=np.int64(3), max_new_tokens=np.int64(4))
    assert (settings.temperature, settings.eos_token_ids, settings.new_tokens(1)) == (0.5, [3], 4)


def test_what_fills_a_row_that_ended() -> None:
    assert GenerationConfig(eos_token_id=[5, 6]).filler == 5
    assert GenerationConfig(eos_token_id=5, pad_token_id=0).filler == 0
    assert GenerationConfig().eos_token_ids == []
