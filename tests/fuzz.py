"""Damaged and hostile files, by the thousand: each is refused in words, or read right.

    python tests/fuzz.py [N] [SEED] [--only NUMBER]

runs N cases in a process of its own, which may take 1 GiB more than it starts with and
10 seconds for a case. It ends at the first case that breaks the contract, of which
``tests/persistence/test_strangers.py`` has the words, and says how to run it alone.

A case is made of the seed and its number, whatever other cases there are.
"""

import argparse
import collections
import faulthandler
import io
import os
import random
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

SECONDS, BYTES = 10, 1 << 30

# Done to a process or a file; what is read is of no harm
_WATCHED = ("os.system", "os.exec", "os.posix_spawn", "os.fork", "subprocess.Popen")
_WATCHED += ("os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.chmod", "os.symlink")
_WATCHED += ("socket.connect", "pickle.find_class", "shutil.rmtree", "ctypes.dlopen")
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class Watch:
    """Remembers what is done to files and processes while a file is read."""

    def __init__(self):
        self.seen, self.on = [], False
        sys.addaudithook(self.see)

    def see(self, event, arguments):
        if not self.on:
            return
        if event == "open":
            _, mode, flags = arguments
            wrote = isinstance(flags, int) and flags & _WRITES
            if wrote or set(str(mode or "")) & set("wax+"):
                self.seen.append((event, *map(str, arguments)))
        elif event in _WATCHED or (event == "import" and "canary" in arguments[0]):
            self.seen.append((event, *map(str, arguments)))

    def __enter__(self):
        self.seen.clear()
        self.on = True

    def __exit__(self, *_):
        self.on = False


class Violation(Exception):
    """A file was neither refused in words nor read right."""


def run_case(seed, number, families, folder, watch):
    """Run a case; return its family and what came of it."""
    rng = random.Random(f"{seed} {number}")
    name, (make, check) = [*families.items()][number % len(families)]
    data, facts = make(rng)
    path = Path(folder) / f"case{number}"
    path.write_bytes(data)
    # Not a signal: code that is compiled does not look for them
    faulthandler.dump_traceback_later(SECONDS, exit=True)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return name, check(path, facts, watch)
    finally:
        faulthandler.cancel_dump_traceback_later()
        path.unlink()
        if left := os.listdir(folder):
            raise Violation(f"files were left: {left}")


def child(numbers, seed):
    """Run cases, a line of output for each."""
    import resource

    sys.dont_write_bytecode = True  # which would be seen as a file that was written
    sys.path.insert(0, str(Path(__file__).parents[1]))
    from tests.fuzz_models import model_families
    from tests.fuzz_vectors import vector_families

    watch = Watch()
    families = {**model_families(Violation), **vector_families(Violation)}
    folder = tempfile.mkdtemp()
    for number in range(len(families)):  # what is imported late
        run_case("warm", number, families, folder, watch)
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + BYTES, used + BYTES))
    for number in numbers:
        try:
            print(number, *run_case(seed, number, families, folder, watch), sep="\t")
        except Violation as error:
            print(number, "", f"violation: {' '.join(str(error).split())}", sep="\t")
        sys.stdout.flush()
    os.rmdir(folder)


def main():
    """Run cases in a process of its own, and print a table of what came of them."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("n", type=int, nargs="?", default=300)
    parser.add_argument("seed", nargs="?", default="0")
    parser.add_argument("--only", type=int, help="the number of one case")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    numbers = range(given.n) if given.only is None else [given.only]
    if given.child:
        child(numbers, given.seed)
        return
    process = subprocess.Popen(
        [sys.executable, __file__, *sys.argv[1:], "--child"],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    table = collections.Counter()
    left, broken = iter(numbers), None
    for line in process.stdout:
        number, family, outcome = line.rstrip("\n").split("\t", 2)
        next(left)
        if outcome.startswith("violation"):
            broken = number, outcome
            process.kill()
            break
        table[family, outcome] += 1
    if process.wait() and broken is None:
        broken = next(left, "?"), f"the process ended with {process.returncode}"
    print_table(table)
    if broken is not None:
        print(f"\ncase {broken[0]}: {broken[1]}", file=sys.stderr)
        print(
            f"python tests/fuzz.py 1 {given.seed} --only {broken[0]}", file=sys.stderr
        )
        sys.exit(1)


def print_table(table):
    """Print how often each outcome came, a line for each family of cases."""
    outcomes = sorted({outcome for _, outcome in table})
    width = max((len(family) for family, _ in table), default=0)
    out = io.StringIO()
    print(" " * width, *outcomes, sep="  ", file=out)
    for family in sorted({family for family, _ in table}):
        counts = (f"{table[family, o]:{len(o)}}" for o in outcomes)
        print(f"{family:{width}}", *counts, sep="  ", file=out)
    totals = (sum(n for (_, p), n in table.items() if p == o) for o in outcomes)
    counts = (f"{n:{len(o)}}" for n, o in zip(totals, outcomes, strict=True))
    print(f"{'all':{width}}", *counts, sep="  ", file=out)
    print(out.getvalue(), end="")


if __name__ == "__main__":
    main()
