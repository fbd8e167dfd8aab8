"""The recipe: a text file for each stage, written once, and never another's."""

from pathlib import Path

import pytest
from tools.tiny_ja import recipe
from tools.tiny_ja.corpus import END, KINDS, LISTS
from tools.tiny_ja.recipe import SEEN, STAGES, TEXTS, make_corpus, seconds


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same texts, but few."""
    monkeypatch.setattr(recipe, "TEXTS", {name: (4000, kinds) for name, (_, kinds) in TEXTS.items()})
    monkeypatch.setattr(recipe, "COMPARED", 1000)


def test_every_stage_has_its_texts() -> None:
    assert [*STAGES] == ["lists", "corpus"]
    assert TEXTS.keys() == STAGES.keys() | {SEEN}
    assert [kinds for _, kinds in TEXTS.values()] == [LISTS, KINDS, KINDS]
    for name, settings in STAGES.items():  # about as many tokens as there are, of 1.2 to 1.4 characters
        assert 0.3 < settings.steps * settings.batch_size * settings.length / TEXTS[name][0] < 1.5


@pytest.mark.usefixtures("small")
def test_a_corpus_is_written_once(tmp_path: Path) -> None:
    make_corpus(tmp_path)
    texts = {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()}
    assert texts.keys() == {"lists.txt", "corpus.txt", "seen.txt"}
    assert all(4000 <= len(text.replace(END, "")) < 5000 for text in texts.values())
    assert texts["corpus.txt"] != texts["seen.txt"]
    make_corpus(tmp_path)
    assert {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()} == texts


@pytest.mark.usefixtures("small")
def test_a_corpus_of_other_code_is_refused(tmp_path: Path) -> None:
    make_corpus(tmp_path)
    path = tmp_path / "corpus.txt"
    path.write_text("む" + path.read_text(encoding="utf-8")[1:], "utf-8")
    with pytest.raises(SystemExit, match=r"corpus\.txt was written by other code"):
        make_corpus(tmp_path)


def test_seconds_at_the_median_speed() -> None:
    log = [{"loss": 1.0, "tokens_per_second": speed} for speed in (100, 50, 1)] + [{"held_out_loss": 2.0}]
    settings = STAGES["corpus"]
    assert seconds(log, settings) == settings.steps * settings.batch_size * settings.length / 50
