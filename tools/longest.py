#!/usr/bin/env python3
"""Prints the longest files and functions, so that everyone sees them grow, and fails beyond the limits.

Files: look at 500 lines, fail at 800. Functions: look at 40, fail over 70. Tests are listed, not failed:
a table of cases is long for good reasons.

BUGS: functions are found by their braces, not by a parser: a block is a function when the text before
its brace has parentheses and is no control statement, type, namespace or initialiser. Lambdas count
into the function around them.
"""

import argparse
import pathlib
import re
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent
FILE_MAX = 800
FUNCTION_MAX = 70

# Comments, strings and character literals may hold braces; raw strings come first.
NOISE = re.compile(
    r'R"([^\s()\\]{0,16})\(.*?\)\1"|//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9A-Za-z_])'(?:\\.|[^'\\\n])+'",
    re.DOTALL,
)
NO_FUNCTION = re.compile(
    r"(^|[\s;{}])(if|for|while|switch|catch|else|do|try|namespace|class|struct|enum|union)\b[^;{}]*$"
)


def blank(match):
    return re.sub(r"[^\n]", " ", match[0])


def functions(text):
    """Yields (first line, line count, signature) of each function body in `text`."""
    text = NOISE.sub(blank, text)
    text = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", blank, text, flags=re.MULTILINE)
    stack = []  # (start of the head, is it a function)
    head = 0
    inside = 0
    for i, char in enumerate(text):
        if char == ";":
            head = i + 1
        elif char == "{":
            signature = text[head:i]
            is_function = inside == 0 and looks_like_function(signature)
            stack.append((head, is_function))
            inside += is_function
            head = i + 1
        elif char == "}":
            if stack:
                start, is_function = stack.pop()
                if is_function:
                    inside -= 1
                    start += len(text[start:i]) - len(text[start:i].lstrip())
                    first = text.count("\n", 0, start) + 1
                    last = text.count("\n", 0, i) + 1
                    name = re.search(r"([\w:~]+(?:\s*operator\S+)?)\s*\(", text[start:i])
                    yield first, last - first + 1, name[1] if name else "?"
            head = i + 1


def looks_like_function(signature):
    signature = signature.strip()
    if "(" not in signature or signature.endswith(("=", ",", "(", "return")):
        return False
    return not NO_FUNCTION.search(signature)


def sources():
    for folder in ("src", "tests", "fuzz", "bench"):
        yield from TOP.glob(f"{folder}/**/*.h")
        yield from TOP.glob(f"{folder}/**/*.cc")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--top", type=int, default=8, help="how many to print of each")
    options = parser.parse_args()
    files, bodies, faults = [], [], []
    for path in sources():
        name = path.relative_to(TOP).as_posix()
        text = path.read_text(errors="replace")
        lines = text.count("\n")
        limited = name.startswith("src/") and not name.endswith("_test.cc")
        files.append((lines, name))
        if limited and lines > FILE_MAX:
            faults.append(f"{name}: {lines} lines, more than {FILE_MAX}")
        for first, count, function in functions(text):
            bodies.append((count, f"{name}:{first} {function}"))
            if limited and count > FUNCTION_MAX:
                faults.append(f"{name}:{first}: {function} has {count} lines, more than {FUNCTION_MAX}")
    for title, entries in (("longest files", files), ("longest functions", bodies)):
        print(f"{title} (of {len(entries)}):")
        for count, name in sorted(entries, reverse=True)[: options.top]:
            print(f"  {count:5} {name}")
    print("\n".join(faults) or "sizes: within the limits")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
