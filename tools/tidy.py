#!/usr/bin/env python3
"""clang-tidy over every source of src/ that changed since it last passed.

    tools/tidy.py [FILE...]

A source is known by the hash of what the compiler sees of it (its preprocessed text with comments, its command
and the configuration), so what passed once is not looked at again: build/tidy/ holds an empty file for each such
hash. clang-tidy takes ten to twenty seconds a source, nearly all of it in the standard library's headers.
"""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import shlex
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent
BUILD = TOP / "build/debug"
PASSED = TOP / "build/tidy"
TIDY = "clang-tidy-16"


def sources() -> list[str]:
    listed = subprocess.run(["git", "ls-files", "src/*.cc"], cwd=TOP, check=True, capture_output=True, text=True)
    return [name for name in listed.stdout.split() if not name.endswith("_test.cc")]


def compile_commands() -> dict[str, list[str]]:
    """The compiler's arguments for each source, without its launcher and its output."""
    commands = {}
    for entry in json.loads((BUILD / "compile_commands.json").read_text()):
        words = shlex.split(entry["command"])
        if "ccache" in words[0]:
            words = words[1:]
        output = words.index("-o")
        del words[output:output + 2]
        commands[os.path.relpath(entry["file"], TOP)] = words
    return commands


def settings(name: str) -> bytes:
    """Those of the tree, and of the folder that the source lies in."""
    files = (TOP / ".clang-tidy", (TOP / name).parent / ".clang-tidy")
    return b"".join(file.read_bytes() for file in files if file.exists())


def fingerprint(command: list[str], common: bytes) -> str:
    preprocessed = subprocess.run(command + ["-E", "-C"], cwd=BUILD, check=True, capture_output=True).stdout
    return hashlib.sha256(common + "\0".join(command).encode() + b"\0" + preprocessed).hexdigest()


def check(name: str, command: list[str], version: bytes) -> str:
    """What clang-tidy says of one source; nothing when it passes."""
    passed = PASSED / fingerprint(command, version + settings(name))
    if passed.exists():
        return ""
    run = subprocess.run([TIDY, "--quiet", "-p", BUILD, name], cwd=TOP, capture_output=True, text=True)
    if run.returncode == 0:
        passed.touch()
        return ""
    return run.stdout or run.stderr


def main() -> int:
    PASSED.mkdir(parents=True, exist_ok=True)
    version = subprocess.run([TIDY, "--version"], check=True, capture_output=True).stdout
    commands = compile_commands()
    jobs = int(os.environ.get("STAFFETTA_JOBS", os.cpu_count() or 1))
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        wanted = sys.argv[1:] or sources()
        for said in pool.map(lambda name: check(name, commands[name], version), wanted):
            if said:
                failed += 1
                print(said, flush=True)
    print(f"clang-tidy: {len(wanted)} sources, {failed} with findings", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
