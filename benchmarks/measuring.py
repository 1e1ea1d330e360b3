"""What the benchmarks of speed share: processes of their own, memory, spreads."""

import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np


def memory(name):
    """Return VmRSS (memory now) or VmHWM (the most so far) of this process, in MiB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(name))


def forget_peak():
    """Let VmHWM be the most from now on; return the memory now, in MiB."""
    Path("/proc/self/clear_refs").write_text("5")
    return memory("VmRSS")


def in_a_process(script, *job):
    """Return what ``script --measure JOB`` prints, run in a process of its own."""
    command = [sys.executable, script, "--measure", json.dumps(job)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return json.loads(done.stdout.splitlines()[-1])


def alternate(steps, n_repeats, n_first=0):
    """Return the seconds of each step, run by turns; ``n_first`` turns do not count."""
    taken = {name: [] for name in steps}
    for i in range(-n_first, n_repeats):
        for name, step in steps.items():
            started = time.perf_counter()
            step()
            if i >= 0:
                taken[name].append(time.perf_counter() - started)
    return taken


def middle(values, form="{:.2f}"):
    """Return the median and, in brackets, the range."""
    low, median, high = (form.format(v) for v in np.percentile(values, (0, 50, 100)))
    return f"{median} ({low}-{high})"


def print_row(*cells):
    """Print a row of a Markdown table."""
    print("| " + " | ".join(map(str, cells)) + " |", flush=True)


def print_head(*cells):
    """Print the head of a Markdown table."""
    print_row(*cells)
    print("|" + "---|" * len(cells))
