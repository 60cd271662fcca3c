"""``python -m kernelstab``: the command line without the installed script."""

import sys

from kernelstab.cli import main

if __name__ == "__main__":
    sys.exit(main())
