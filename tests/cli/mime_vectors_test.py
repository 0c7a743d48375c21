#!/usr/bin/env python3
"""`staffetta mime show --json` against what other parsers made of their own messages.

mail-parser tells the octets of every part, with LF and with CRLF, which must be ours too. mime4j tells the tree and the
decoded bodies; the messages where ours are others are named in docs/decisions/mime-structure.md, each with its reason, and
no other may differ. The mail gem has messages only, which are read without a defect but those that they were made for.
Skipped where the vectors are absent.
"""

import base64
import json
import os
import pathlib
import quopri
import re
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
VECTORS = TOP.parent / "shared/vectors/mime"
PROGRAM = os.environ.get("STAFFETTA", TOP / "build/debug/staffetta")

# Printed with "__" for spaces, as RFC 2822 does; begun with mbox's line; in UTF-8.
GEM_DEFECTS = {"example13": {"missing-blank-line"}, "example14": {"mbox-from-line"}, "utf8_headers": {"8bit-header"}}


def show(octets, *arguments):
    return subprocess.run([PROGRAM, "mime", "show", "-", *arguments], input=octets, check=True, capture_output=True,
                          timeout=60).stdout


def structure(path):
    return json.loads(show(path.read_bytes(), "--json"))["parts"]


def compare_mail_parser(path, expected, line_end):
    theirs = json.loads(path.with_suffix(expected).read_text())["parts"]
    octets = path.read_bytes().replace(b"\n", line_end)
    ours = {(*part["header"], part["body"][1]) for part in json.loads(show(octets, "--json"))["parts"]}
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


def decoded(path, number):
    """A part's octets without its transfer encoding, by Python's decoders."""
    octets = path.read_bytes()
    parts = structure(path)
    by_number = {part["part"]: part for part in parts if part["part"] == "" or "message" not in part}
    # A message without parts is its own part 1, and one inside another bears the other's number.
    own = {(part["part"] + ".1").lstrip("."): part for part in parts if "message" in part}
    part = by_number.get(number) or own.get(number)
    if part is None:
        return b""  # mime4j writes an empty file for a part that its own tree does not have
    body = octets[slice(*part["body"])]
    return {"base64": base64.b64decode, "quoted-printable": quopri.decodestring}.get(part.get("encoding"), bytes)(body)


def other_bodies():
    """The messages of mime4j with a body that is not ours; those with another tree left out."""
    for path in sorted((VECTORS / "mime4j").glob("*_decoded_*")):
        name, number = path.stem.split("_decoded_")
        number = ".".join(number.split("_")[1:])
        if name not in argued("-") and decoded(path.with_name(name + ".msg"), number) != path.read_bytes():
            yield name


def argued(bullet):
    page = (TOP / "docs/decisions/mime-structure.md").read_text()
    return set(re.findall(rf"^{re.escape(bullet)} `([A-Za-z0-9-]+)`", page, re.MULTILINE))


def compare(what, differing, bullet):
    yield from (f"{name}: {what} other than mime4j's, and no reason given" for name in sorted(differing - argued(bullet)))
    yield from (f"{name}: the page says that its {what} differs, and it does not" for name in sorted(argued(bullet) - differing))


def main():
    if not VECTORS.is_dir():
        print("no vectors here")
        return 77
    faults, differing = [], set()
    messages = sorted((VECTORS / "mail-parser/eml/rfc").glob("*.eml"))
    for path in messages:
        for expected, line_end in ((".json", b"\n"), (".crlf.json", b"\r\n")):
            if compare_mail_parser(path, expected, line_end):
                faults.append(f"{path.name}: other octets than mail-parser ({expected})")
    trees = [path for path in sorted((VECTORS / "mime4j").glob("*.xml")) if "_decoded" not in path.name]
    for path in trees:
        if their_tree(path) != our_tree(structure(path.with_suffix(".msg")))[0]:
            differing.add(path.stem)
    faults += [*compare("tree", differing, "-"), *compare("body", set(other_bodies()), "*")]
    for path in sorted((VECTORS / "mail-gem").glob("*/*.eml")):
        found = {defect["name"] for defect in json.loads(show(path.read_bytes(), "--json"))["defects"]}
        if found != GEM_DEFECTS.get(path.stem, set()):
            faults.append(f"{path.name}: {found}")
    print("\n".join(faults) or f"{len(messages)} messages of mail-parser, {len(trees)} of mime4j")
    return 1 if faults or not messages or not trees else 0


if __name__ == "__main__":
    sys.exit(main())
