"""Write one Markdown page per theorem: ``python -m kernelstab.theorems docs/theorems``."""

import sys
from pathlib import Path

from kernelstab import theorems


def main(folder: str) -> None:
    """Write every card into ``folder``; the cards are the documentation pages."""
    for theorem in theorems.all():
        name = theorem.slug.replace("-", "_") + ".md"
        Path(folder, name).write_text(theorem.card(), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
