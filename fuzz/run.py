"""Forge certificates, weights files and matrices, and see that none is believed that should not be.

    python fuzz/run.py --count 1000 --seed 0

Forged certificates start from the stored ones in ``tests/certify/golden``, get one to three changes and a
digest that fits. A child process with a limit on memory reads each input; the parent ends it after ten
seconds. What is accepted is judged by ``oracle.py``, which does not use the verifier. Exit code 1 after a
false acceptance, a crash or a hang. Every input has a number: ``--first NUMBER --count 1`` makes it again.
"""

import argparse
import collections
import json
import random
import resource
import select
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
GOLDEN = HERE.parent / "tests" / "certify" / "golden"
SECONDS, MEMORY = 10, 1 << 30
NOT_TRUE = ("false", "crashed", "hung")


def child(seed):
    """Answer the numbers on the standard input with one line each."""
    import forge
    import oracle

    with open("/proc/self/statm") as pages:
        used = int(pages.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY,) * 2)
    golden = {path.stem: json.loads(path.read_text()) for path in sorted(GOLDEN.glob("*.json"))}
    with tempfile.TemporaryDirectory() as folder:
        for line in sys.stdin:
            rng = random.Random(f"{seed} {int(line)}")
            make = rng.choices((forge.certificate, forge.weights, forge.matrix), (18, 1, 1))[0]
            kind, thing = make(rng, golden, Path(folder))
            try:
                found = getattr(oracle, make.__name__)(thing)
            except Exception as error:                   # nothing but a refusal may come back
                found = f"crashed: {error!r:.200}"
            print(json.dumps([kind, found]), flush=True)


class Child:
    """The process that reads the inputs; it is started again when it ends."""

    def __init__(self, seed):
        self.seed, self.process = seed, None

    def ask(self, number):
        """Return the kind of the input and what became of it."""
        if self.process is None:
            self.process = subprocess.Popen(
                [sys.executable, __file__, "--child", "--seed", str(self.seed)], text=True, bufsize=1,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            self.ask(-1)                     # loads what is needed, without the limit of time
        self.process.stdin.write(f"{number}\n")
        seconds = None if number < 0 else SECONDS
        ready, _, _ = select.select([self.process.stdout], [], [], seconds)
        line = self.process.stdout.readline() if ready else ""
        if line == "null\n":              # accepted; the oracle takes its time
            line = self.process.stdout.readline()
        if line:
            return json.loads(line)
        self.process.kill()
        code = self.process.wait()
        self.process = None
        return "input", "hung" if not ready else f"crashed: exit code {code}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, default=1000, help="number of inputs (default %(default)s)")
    parser.add_argument("--first", type=int, default=0, help="number of the first (default %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="(default %(default)s)")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        child(options.seed)
        return 0
    reader, counts = Child(options.seed), collections.Counter()
    for number in range(options.first, options.first + options.count):
        kind, found = reader.ask(number)
        word = found.partition(":")[0]
        counts[word] += 1
        if word in NOT_TRUE:
            print(f"number {number}, {kind}: {found}", flush=True)
        if (number + 1) % 1000 == 0:
            print(f"{number + 1}: {dict(counts)}", flush=True)
    print(f"{options.count} inputs: " + ", ".join(f"{n} {word}" for word, n in counts.most_common()))
    return int(any(counts[word] for word in NOT_TRUE))


if __name__ == "__main__":
    sys.exit(main())
