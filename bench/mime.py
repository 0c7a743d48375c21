#!/usr/bin/env python3
"""scripts/bench mime: messages to structure in MB/s, beside GMime and Python's email, over one corpus.

The corpus is made by bench/mime_structure.cc from a fixed seed. Rounds alternate between the three, so
that a noisy machine disturbs all; the table shows each one's best round, since nothing but disturbance
makes a parser slower. GMime is left out when libgmime-3.0-dev is not installed.
"""

import argparse
import email
import pathlib
import subprocess
import sys
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parent.parent
KINDS = ["plain", "alternative", "attachments", "many-parts"]


def staffetta(program, corpus, seconds):
    done = subprocess.run([program, "run", corpus, str(seconds)], check=True, text=True, capture_output=True)
    return {kind: float(rate) for kind, rate in (line.split("\t") for line in done.stdout.splitlines())}


def build_gmime(folder):
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "gmime-3.0"], text=True, capture_output=True)
    if flags.returncode != 0:
        print("==> libgmime-3.0-dev is not installed: GMime is left out", file=sys.stderr)
        return None
    program = folder / "mime_gmime"
    subprocess.run(["clang-16", "-O2", "-o", program, TOP / "bench/mime_gmime.c", *flags.stdout.split()], check=True)
    return program


def gmime(program, corpus, seconds):
    return {kind: float(subprocess.run([program, corpus / kind, str(seconds)], check=True, text=True,
                                       capture_output=True).stdout) for kind in KINDS}


def python_email(corpus, seconds):
    rates = {}
    for kind in KINDS:
        messages = [path.read_bytes() for path in sorted((corpus / kind).glob("*.eml"))]
        octets, best, end = sum(map(len, messages)), 0.0, time.monotonic() + seconds
        while time.monotonic() < end:
            begin = time.monotonic()
            for message in messages:
                email.message_from_bytes(message)
            best = max(best, octets / (time.monotonic() - begin) / 1e6)
        rates[kind] = best
    return rates


def best_of(rounds):
    return {kind: max(rates[kind] for rates in rounds) for kind in rounds[0]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=TOP / "build/release")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=1, help="for each kind in each round")
    options = parser.parse_args()
    program = options.build / "bench/mime_structure"
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        corpus = folder / "corpus"
        subprocess.run([program, "generate", corpus], check=True)
        contestants = {"staffetta": lambda: staffetta(program, corpus, options.seconds)}
        peer = build_gmime(folder)
        if peer:
            contestants["GMime"] = lambda: gmime(peer, corpus, options.seconds)
        contestants["Python email"] = lambda: python_email(corpus, options.seconds)
        rounds = {name: [] for name in contestants}
        for _ in range(options.rounds):
            for name, run in contestants.items():
                rounds[name].append(run())
    results = {name: best_of(of_one) for name, of_one in rounds.items()}
    print("| MB/s to structure | " + " | ".join(results) + (" | times GMime |" if peer else " |"))
    print("|---" * (len(results) + (2 if peer else 1)) + "|")
    for kind in KINDS:
        cells = [f"{results[name][kind]:.0f}" for name in results]
        if peer:
            cells.append(f"{results['staffetta'][kind] / results['GMime'][kind]:.1f}")
        print(f"| {kind} | " + " | ".join(cells) + " |")
    print(f"\nheader to envelope: {results['staffetta']['envelope']:.0f} MB/s")


if __name__ == "__main__":
    main()
