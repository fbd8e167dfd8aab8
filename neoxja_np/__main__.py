"""python -m neoxja_np, the same as the command neoxja."""

import sys

from neoxja_np.cli import main

if __name__ == "__main__":
    sys.exit(main())
