"""What the oracle judges by, made anew: floors, tables of first numbers, and which fixture shows which mistake.

    python -m tools.oracle_data             # writes oracle/fixtures/*.floors.json and *.txt, and docs/model-mistakes.md
    python -m tools.oracle_data --check     # measures the floors again and says how far they moved
"""

import argparse
import json
from pathlib import Path

from neoxja_np.oracle.fixture import FOLDER, Fixture, fixture_names, load_fixture
from neoxja_np.oracle.floors import Floors, measure_floors, stored_floors
from neoxja_np.oracle.precision import DTYPES
from neoxja_np.oracle.selftest import kills, to_markdown
from neoxja_np.oracle.tables import first_numbers

ROOT = Path(__file__).resolve().parents[1]
TABLE = ROOT / "docs" / "model-mistakes.md"


def measured(fixture: Fixture) -> dict[str, Floors]:
    """The floors of a fixture in every dtype."""
    return {dtype: measure_floors(fixture.model(), fixture.cases.values(), dtype) for dtype in DTYPES}


def as_json(floors: Floors) -> dict[str, dict[str, list[float]]]:
    """Relative L2 and worst number, to three digits."""
    return {kind: {tap: [float(f"{number:.3g}") for number in pair] for tap, pair in getattr(floors, kind).items()}
            for kind in ("run", "replay")}


def write_floors(fixture: Fixture) -> None:
    """fixtures/NAME.floors.json, a line for each tap."""
    lines = []
    for dtype, floors in measured(fixture).items():
        kinds = [f'   "{kind}": {{\n' + ",\n".join(
            f"    {json.dumps(tap)}: {json.dumps(pair)}" for tap, pair in taps.items()) + "\n   }"
                 for kind, taps in as_json(floors).items()]
        lines.append(f'  "{dtype}": {{\n' + ",\n".join(kinds) + "\n  }")
    text = '{\n "schema": "neoxja-floors",\n "version": 1,\n "floors": {\n' + ",\n".join(lines) + "\n }\n}\n"
    (FOLDER / f"{fixture.name}.floors.json").write_text(text, encoding="utf-8")


def moved(fixture: Fixture) -> float:
    """The largest ratio between the floors as stored and as measured now."""
    ratios = [1.0]
    for dtype, now in measured(fixture).items():
        stored = stored_floors(fixture, dtype)
        for kind in ("run", "replay"):
            for tap, pair in getattr(stored, kind).items():
                new = getattr(now, kind)[tap]
                ratios += [max(a / b, b / a) for a, b in zip(pair, new, strict=True)]
    return max(ratios)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true",
                        help="write nothing; exit status 1 where a floor moved by more than 2")
    options = parser.parse_args()
    fixtures = [load_fixture(name) for name in fixture_names()]
    if options.check:
        ratios = {fixture.name: moved(fixture) for fixture in fixtures}
        print("\n".join(f"{name}: {ratio:.2f}" for name, ratio in ratios.items()))
        raise SystemExit(int(max(ratios.values()) > 2))
    for fixture in fixtures:
        write_floors(fixture)
        (FOLDER / f"{fixture.name}.txt").write_text(first_numbers(fixture), encoding="utf-8")
    TABLE.write_text(to_markdown(kills()), encoding="utf-8")


if __name__ == "__main__":
    main()
