"""Verify certificates: ``python -m kernelstab.certify FILE...``.

Exit code 0 if every file is proved, 2 if any is refused.
"""

import argparse
import json
import sys

from kernelstab._files import streams
from kernelstab.certify.certificate import FORMAT
from kernelstab.certify.verification import verify


def main(arguments=None) -> int:
    """Verify the files named on the command line and say what each one proves."""
    parser = argparse.ArgumentParser(prog="python -m kernelstab.certify", description="Verify certificates.")
    parser.add_argument("files", nargs="+", metavar="FILE")
    parser.add_argument("--json", action="store_true", help="print one JSON object per file")
    parser.add_argument("--budget", type=float, default=1.0, metavar="B",
                        help="multiply the limits on work and memory (default %(default)s)")
    options = parser.parse_args(arguments)
    try:
        results = [(name, verify(name, budget=options.budget)) for name in options.files]
    except ValueError as error:
        parser.error(str(error))
    texts = [json.dumps({"file": name} | result.to_json(), allow_nan=False) if options.json
             else f"{name}\n{report(result)}" for name, result in results]
    with streams():
        try:
            sys.stdout.write("".join(f"{text}\n" for text in texts))
            sys.stdout.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            parser.error(str(error))
    return 0 if all(result.ok for _, result in results) else 2


def report(result) -> str:
    """Return a verification as text: the verdict, the claims with their margins, the quantities."""
    if not result.ok:
        return f"  REFUSED: {result.reason}"
    if result.format != FORMAT:
        return "\n".join([f"  PROVED: {result.slug} of the {result.subject}",
                          *(f"  {d.role:10} {d.text}" for d in result.claims)])
    lines = [f"  PROVED: {result.slug} ({result.scope}, {result.precision} bits)"]
    if result.scope == "recorded":
        lines.append("  recorded: about vectors this file says were returned; nobody computed them again")
    lines += [f"  {d.role:10} {d.label:4} margin >= {d.lower:.6g}   {d.text}" for d in result.claims]
    lines += [f"  {name} = {q.value:.12g} {q.unit}".rstrip() for name, q in result.quantities.items()]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
