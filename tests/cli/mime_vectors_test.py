#!/usr/bin/env python3
"""`staffetta mime show --json` against what other parsers made of their own messages.

mail-parser tells the octets of every part, which must be ours too. mime4j tells the tree; the messages where ours is
another are named in docs/decisions/mime-structure.md, each with its reason, and no other may differ. Skipped where the
vectors are absent.
"""

import json
import os
import pathlib
import re
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
VECTORS = TOP.parent / "shared/vectors/mime"
PROGRAM = os.environ.get("STAFFETTA", TOP / "build/debug/staffetta")


def structure(path):
    done = subprocess.run([PROGRAM, "mime", "show", path, "--json"], check=True, capture_output=True, timeout=60)
    return json.loads(done.stdout)["parts"]


def compare_mail_parser(path):
    theirs = json.loads(path.with_suffix(".json").read_text())["parts"]
    ours = {(*part["header"], part["body"][1]) for part in structure(path)}
    return [part for part in theirs
            if (part["offset_header"], part["offset_body"], part["offset_end"]) not in ours]


def their_tree(path):
    """mime4j's XML as brackets: [message], M(multipart), L for a leaf."""
    out = ""
    for closes, name in re.findall(r"<(/?)(message|multipart|body-part|body)>", path.read_text("latin-1")):
        out += {"message": "[]", "multipart": "()", "body-part": ", ", "body": "L "}[name][bool(closes)]
    return out.replace("(", "M(").replace(" ", "")


def our_tree(parts, index=0):
    """The same of ours, and the index behind the last part used: parts stand in order of appearance."""
    part, children = parts[index], ""
    index += 1
    while index < len(parts) and part["body"][0] <= parts[index]["header"][0] and parts[index]["body"][1] <= part["body"][1]:
        is_multipart = part["type"].startswith("multipart/")
        tree, index = our_tree(parts, index)
        children += ("," if is_multipart else "") + tree
    text = f"M({children})" if part["type"].startswith("multipart/") and children else children or "L"
    return f"[{text}]" if "message" in part else text, index


def argued():
    page = (TOP / "docs/decisions/mime-structure.md").read_text()
    return set(re.findall(r"^- `([a-z0-9-]+)`", page, re.MULTILINE))


def main():
    if not VECTORS.is_dir():
        print("no vectors here")
        return 77
    faults, differing = [], set()
    messages = sorted((VECTORS / "mail-parser/eml/rfc").glob("*.eml"))
    for path in messages:
        if compare_mail_parser(path):
            faults.append(f"{path.name}: other octets than mail-parser")
    trees = [path for path in sorted((VECTORS / "mime4j").glob("*.xml")) if "_decoded" not in path.name]
    for path in trees:
        if their_tree(path) != our_tree(structure(path.with_suffix(".msg")))[0]:
            differing.add(path.stem)
    faults += [f"{name}: another tree than mime4j's, and no reason given" for name in sorted(differing - argued())]
    faults += [f"{name}: the page says that it differs, and it does not" for name in sorted(argued() - differing)]
    print("\n".join(faults) or f"{len(messages)} messages of mail-parser, {len(trees)} of mime4j")
    return 1 if faults or not messages or not trees else 0


if __name__ == "__main__":
    sys.exit(main())
