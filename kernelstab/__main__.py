"""``python -m kernelstab`` and the installed command: Ctrl-C ends both with one line, while it loads too."""

import sys


def main() -> int:
    """Load the command line and run it."""
    try:
        from kernelstab import cli

        return cli.main()
    except KeyboardInterrupt:
        sys.stderr.write("kernelstab: interrupted\n")
        return 130


if __name__ == "__main__":
    sys.exit(main())
