#!/usr/bin/env python3
"""Holds the include table of docs/architecture/overview.md against src/.

Each row of the table under "## Rooms" names the files it speaks of (folders, or patterns such as
`smtp/grammar*`) and the rooms that they may include. The row with the longest pattern that matches a
file decides. Tests may include anything. Libraries whose headers are heavy or whose types must not
spread stay in the rooms, or the single files, that CONFINED names.
"""

import fnmatch
import pathlib
import re
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent
TABLE = TOP / "docs/architecture/overview.md"

# Header prefix -> the files of src/ that may include it.
CONFINED = {
    "toml++/": ["app/config_section.h"],
    "CLI/": ["app/command_parts.h"],
    "rocksdb/": ["store/*"],
    "openssl/": ["net/*", "store/*", "account/*", "files/*", "agent/*", "app/*"],
    "argon2": ["account/*"],
    "idn2": ["account/*", "smtp/*"],
    "histedit.h": ["agent/line_editor.cc"],
    "magic.h": ["app/sniff.cc"],
    "iconv": ["mime/*"],
    "uchardet": ["mime/*"],
    "zlib.h": ["base/deflate.cc"],
    "xxhash.h": ["mail/word_table.cc"],
    "sys/socket": ["net/*", "app/dialogue.cc", "app/process.cc"],
    "netinet/": ["net/*"],
    "sys/epoll": ["net/*"],
    "regex": [],
    "iostream": [],
}


def read_table():
    """[(pattern, set of rooms or None for all)], longest pattern first."""
    text = TABLE.read_text()
    section = text.split("\n## Rooms\n", 1)[1].split("\n## ", 1)[0]
    rows = []
    for line in section.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        patterns = re.findall(r"`([^`]+)`", cells[0])
        if len(cells) != 3 or not patterns:
            continue
        allowed = None if cells[2] == "all" else set(re.findall(r"[a-z0-9]+", cells[2]))
        for pattern in patterns:
            rows.append((pattern + "*" if pattern.endswith("/") else pattern, allowed))
    return sorted(rows, key=lambda row: -len(row[0]))


def find_faults(src, rows):
    rooms = {path.name for path in src.iterdir() if path.is_dir()}
    for path in sorted([*src.rglob("*.h"), *src.rglob("*.cc")]):
        name = path.relative_to(src).as_posix()
        if name.endswith("_test.cc"):
            continue
        row = next((row for row in rows if fnmatch.fnmatch(name, row[0])), None)
        if row is None:
            yield f"src/{name}: no row of {TABLE.relative_to(TOP)} speaks of it"
            continue
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            match = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
            if not match:
                continue
            fault = judge(name, match[1], match[2], row, rooms)
            if fault:
                yield f"src/{name}:{number}: {fault}"


def judge(name, bracket, header, row, rooms):
    """Why `name` may not include `header`, or None."""
    if bracket == "<":
        for prefix, allowed in CONFINED.items():
            if header.startswith(prefix):
                if not any(fnmatch.fnmatch(name, pattern) for pattern in allowed):
                    return f"<{header}> belongs into {' or '.join(allowed) or 'no file at all'}"
        return None
    room = header.split("/", 1)[0]
    own = name.split("/", 1)[0]
    if room not in rooms:
        return f'"{header}" is no room\'s header: write "room/name.h"'
    if room == own or row[1] is None or room in row[1]:
        return None
    return f'"{header}": {row[0]} may include {", ".join(sorted(row[1])) or "nothing"} only'


def main():
    src = pathlib.Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else TOP / "src"
    faults = list(find_faults(src, read_table()))
    print("\n".join(faults) or "includes: every file keeps to the table")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
