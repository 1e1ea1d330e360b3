"""The table of speed.py on a CUDA device; ratios to the loop written by hand there.

python benchmarks/gpu.py [--repeats N] [--documents N]
"""

import argparse

import torch
from speed import print_tables

SYSTEMS = [
    "Hand",
    "HandBfloat16",
    "Sklstm",
    "SklstmBfloat16",
    "SklstmDefaults",
    "SkorchPadded",
    "SkorchPacked",
]


def main():
    """Print the tables, where there is a CUDA device."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--documents", type=int, default=32_000)
    options = parser.parse_args()
    if not torch.cuda.is_available():
        raise SystemExit("No CUDA device was found: nothing to measure.")
    print(f"`python benchmarks/gpu.py --documents {options.documents}`\n")
    print(f"{torch.cuda.get_device_name()}, torch {torch.__version__}.")
    print_tables(SYSTEMS, options.repeats, options.documents, "cuda")


if __name__ == "__main__":
    main()
