"""Which fixture shows which known mistake, and by how many floors."""

from collections.abc import Iterable, Mapping

from tqdm import tqdm

from neoxja_np.oracle.cases import counted, run
from neoxja_np.oracle.diagnosis import model_mistakes
from neoxja_np.oracle.fixture import Fixture, fixture_names, load_fixture
from neoxja_np.oracle.floors import Floors, deviation, stored_floors
from neoxja_np.oracle.mistakes import MISTAKES, planted

KILLED = 10.0  # floors: a mistake that deviates so much somewhere is killed
Kills = Mapping[str, Mapping[str, tuple[float, float]]]  # mistake: fixture: (any tap, the logits)


def kills(mistakes: Iterable[str] | None = None, *, progress: bool = False) -> Kills:
    """The largest deviation that each mistake makes in each fixture, in floors of float32."""
    names = list(mistakes or model_mistakes())
    found: dict[str, dict[str, tuple[float, float]]] = {name: {} for name in names}
    for label in tqdm(fixture_names(), "fixtures", disable=None if progress else True):
        fixture = load_fixture(label)
        floors = stored_floors(fixture, "float32")
        for name in names:
            found[name][label] = kill(fixture, floors, name)
    return found


def kill(fixture: Fixture, floors: Floors, mistake: str) -> tuple[float, float]:
    """What a mistake does in a fixture's cases: at any tap, and at the logits."""
    model = fixture.model("float64")
    any_tap = logits = 0.0
    for case in fixture.cases.values():
        right = run(model, case)
        with planted((mistake,)):
            wrong = run(model, case)
        off = {tap: deviation(wrong[tap], value, counted(case, tap)).in_floors(floors.run[tap])
               for tap, value in right.items()}
        any_tap, logits = max(any_tap, *off.values()), max(logits, off["logits"])
    return any_tap, logits


def survivors(found: Kills) -> list[str]:
    """The mistakes that no fixture kills and that are not equivalent."""
    return [name for name, of in found.items() if not MISTAKES[name].equivalent
            and max(any_tap for any_tap, _ in of.values()) < KILLED]


def cell(any_tap: float, logits: float) -> str:
    """Floors at any tap and at the logits, to one digit; a dot where nothing is killed."""
    def shown(floors: float) -> str:
        if floors < KILLED:
            return "·"
        if floors == float("inf"):
            return "shape"
        digit, exponent = f"{floors:.0e}".split("e")
        return f"{digit}e{int(exponent)}"
    return f"{shown(any_tap)} / {shown(logits)}"


def to_markdown(found: Kills) -> str:
    """The table of docs/model-mistakes.md."""
    fixtures = list(next(iter(found.values())))
    lines = [
        "# Known mistakes of the model, and which fixture shows them", "",
        "Made by `python -m tools.oracle_data`; `neoxja selftest` measures it anew, and a test "
        "keeps it true. `neoxja explain NAME` says more of each.", "",
        "A cell: by how many floors the mistake deviates, at any activation / at the logits. 4e6 "
        f"is 4,000,000 floors; a dot is less than {KILLED:.0f}, \"shape\" another shape. "
        "Equivalent mistakes show in no output on real tokens.", "",
        "| mistake | what | " + " | ".join(fixtures) + " |",
        "|---|---|" + "---|" * len(fixtures)]
    for name, of in found.items():
        mistake = MISTAKES[name]
        what = mistake.summary + (" (equivalent)" if mistake.equivalent else "")
        cells = " | ".join(cell(*of[label]) for label in fixtures)
        lines.append(f"| {name} | {what} | {cells} |")
    return "\n".join(lines) + "\n"
