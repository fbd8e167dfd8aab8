import html
import re
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from neoxja_np.views import TokenView
from neoxja_np.views.tokens import TERMINAL_SHADES, display_width, visible
from tests.conftest import small_tokenizer
from tests.tokenizer.test_tokenizer import TEXTS

COLOUR = re.compile(r"\x1b\[30;48;5;(\d+)m(.*?)\x1b\[0m")
TOKENIZER = small_tokenizer()


def view(text: str) -> TokenView:
    return TokenView(TOKENIZER.explain(text))


def test_widths_as_in_a_terminal() -> None:
    widths = {"a": 1, "猫": 2, "ｱ": 1, "Ａ": 2, "か\u3099": 2, "─": 1, "🐯": 2, "": 0, "a\u20dd": 1, "a\u200d": 1}
    assert {text: display_width(text) for text in widths} == widths


@given(TEXTS, st.integers(20, 100))
def test_each_piece_stands_above_its_ids(text: str, columns: int) -> None:
    """In colour and without: the same pieces and ids in the same columns, no line too wide but for a single piece."""
    choices = TOKENIZER.explain(text)
    plain = view(text).to_text(columns=columns).splitlines()
    colored = view(text).to_text(columns=columns, colored=True).splitlines()
    assert len(plain) == len(colored)
    pieces = [cell.rstrip() for line in plain[::2] for cell in line.split("│")[:-1]]
    shown = [visible(choice.source) for choice in choices]
    if "│" not in text:
        assert pieces == [piece.rstrip() for piece in shown]
    ids = [i for line in plain[1::2] for cell in line.split("│") for i in map(int, cell.split())]
    assert ids == [i for choice in choices for i in choice.ids]
    for upper, lower in zip(plain[::2], plain[1::2], strict=True):
        assert display_width(upper) == display_width(lower)  # so the bars stand below each other
        assert display_width(upper) <= columns or upper.count("│") == 1 or "│" in text
    cells = [cell for line in colored[::2] for _, cell in COLOUR.findall(line)]
    assert [cell.rstrip() for cell in cells] == [piece.rstrip() for piece in shown]


def test_neighbours_differ_in_colour_and_are_black_on_light() -> None:
    line = view("である慶應の猫").to_text(colored=True).splitlines()[0]
    shades = [int(shade) for shade, _ in COLOUR.findall(line)]
    assert len(shades) == 5
    assert all(one != other for one, other in pairwise(shades))
    assert len(set(TERMINAL_SHADES)) == len(TERMINAL_SHADES)


@given(TEXTS)
def test_nothing_moves_the_cursor(text: str) -> None:
    shown = "".join(visible(choice.source) for choice in TOKENIZER.explain(text))
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]", shown)


def test_html_says_the_same_and_escapes() -> None:
    found = view('<b>"&猫').to_html()
    assert "<b>" not in found
    shown = re.sub(r"<br><small>(.*?)</small>", "", re.sub(r"</?(span|div)[^>]*>", "", found))
    assert html.unescape(shown) == '<b>"&猫'
    ids = [int(i) for group in re.findall(r"<small>(.*?)</small>", found) for i in group.split()]
    assert ids == TOKENIZER.encode('<b>"&猫')
    assert html.unescape(re.findall(r'title="(.*?)"', found)[-1]) == "only match: 猫 " + str(TOKENIZER.encode("猫")[0])


def test_a_notebook_gets_html_and_text() -> None:
    shown = view("猫")
    assert shown._repr_html_() == shown.to_html()
    assert repr(shown) == shown.to_text()
    assert repr(view("")) == ""
