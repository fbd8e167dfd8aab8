"""neoxja course: the notebooks, to work through."""

import argparse
from pathlib import Path

from neoxja_np.cli.options import Verbs, add_verb
from neoxja_np.learn.course import write_course


def add_to(verbs: Verbs) -> None:
    """The verb and its options."""
    verb = add_verb(verbs, "course", run, (
        "Copy the notebooks of the course into a folder, and say how to start. They explain the "
        "model step by step, in English and, folded, in Japanese; --lang gives one of the two."))
    verb.add_argument("folder", metavar="FOLDER", nargs="?", type=Path,
                      default=Path("neoxja-course"), help="default: neoxja-course")
    verb.add_argument("--lang", choices=["en", "ja"], help="default: both")


def run(options: argparse.Namespace) -> None:
    """Copies, and says what to do next."""
    paths = write_course(options.folder, lang=options.lang)
    if options.lang == "ja":
        print(f"{options.folder} に {len(paths)} 冊のノートブックを書き出しました。"
              "次のように始めてください。\n\n"
              f"    pip install 'neoxja-np[notebooks]'\n    jupyter lab {options.folder}\n\n"
              f"最初の一冊は {paths[0].name} です。")
    else:
        print(f"{len(paths)} notebooks in {options.folder}. To start:\n\n"
              f"    pip install 'neoxja-np[notebooks]'\n    jupyter lab {options.folder}\n\n"
              f"The first is {paths[0].name}.")
