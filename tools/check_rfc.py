#!/usr/bin/env python3
"""Every RFC that src/ cites has a row in docs/protocols/rfc.tsv, and the rows are well formed.

A row is NUMBER, TITLE, STATUS (yes, partial, no) and WHERE (the room), between tabs, in ascending
order of numbers. Cited means `RFC 5321`, also in lists (`RFC 4422, 4616`, `RFC 2034 and 3463` count
for the first), and the section column of a command table ("5321 4.1.1.2").
"""

import pathlib
import re
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent
TABLE = TOP / "docs/protocols/rfc.tsv"


def read_table(faults):
    numbers = []
    for number, line in enumerate(TABLE.read_text().splitlines(), 1):
        cells = line.split("\t")
        if len(cells) != 4 or not cells[0].isdigit() or cells[2] not in ("yes", "partial", "no"):
            faults.append(f"{TABLE.relative_to(TOP)}:{number}: not NUMBER, TITLE, yes|partial|no, WHERE")
            continue
        numbers.append(int(cells[0]))
    if numbers != sorted(set(numbers)):
        faults.append(f"{TABLE.relative_to(TOP)}: rows are not in order, or double")
    return set(numbers)


def cited(path):
    for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
        for match in re.finditer(r"\bRFC[ -]?(\d{3,5})\b", line):
            yield number, int(match[1])
        if path.name == "commands.cc":
            for match in re.finditer(r'"(\d{3,5}) [0-9A-Z.]+"', line):
                yield number, int(match[1])


def main():
    faults = []
    known = read_table(faults)
    for path in sorted([*TOP.glob("src/**/*.h"), *TOP.glob("src/**/*.cc")]):
        for number, rfc in cited(path):
            if rfc not in known:
                faults.append(f"{path.relative_to(TOP)}:{number}: RFC {rfc} has no row in "
                              f"{TABLE.relative_to(TOP)}")
    print("\n".join(faults) or f"RFC references: all cited ones are among the {len(known)} known")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
