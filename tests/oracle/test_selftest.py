"""Every mistake is killed by some fixture, and the table in docs says by which."""

from neoxja_np.oracle.mistakes import MISTAKES
from neoxja_np.oracle.selftest import KILLED, cell, kills, survivors, to_markdown
from tests.conftest import ROOT


def test_every_mistake_is_killed_and_the_table_is_true() -> None:
    found = kills()
    assert survivors(found) == []
    assert (ROOT / "docs" / "model-mistakes.md").read_text(encoding="utf-8") == to_markdown(found)
    for name, of in found.items():
        shows = max(logits for _, logits in of.values()) >= KILLED
        hidden = MISTAKES[name].equivalent or name in ("dump_hidden_index", "dump_before_bias")
        assert shows != hidden, f"{name} at the logits"


def test_the_fixtures_each_show_what_they_are_for() -> None:
    found = kills(["ln_eps_1e-12", "bias_missing", "rope_base", "head_untied", "cache_chunk_nomask"])
    assert found["ln_eps_1e-12"]["small_variance"][0] > 1e4 * found["ln_eps_1e-12"]["sensitised"][0]
    assert found["bias_missing"]["default_init"] == (0, 0)    # the biases are 0 there
    assert found["head_untied"]["sensitised"] == (0, 0)       # its head is its own
    assert all(any_tap > 1e3 for any_tap, _ in found["cache_chunk_nomask"].values())


def test_cells() -> None:
    assert cell(9.9, 0.0) == "· / ·"
    assert cell(4.4e6, 12.0) == "4e6 / 1e1"
    assert cell(float("inf"), 3e12) == "shape / 3e12"


def test_a_mistake_that_shows_nowhere_survives() -> None:
    assert survivors({"relu": {"long": (3.0, 2.0)}, "mask_1e4": {"long": (0.0, 0.0)}}) == ["relu"]
