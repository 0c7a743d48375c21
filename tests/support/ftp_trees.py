"""Trees of files for tests of FTP clients, and their hashes."""

import hashlib
import itertools
import os
import pathlib


def digest(folder):
    """{path below: SHA-256}, folders with None."""
    return {str(p.relative_to(folder)): None if p.is_dir() else hashlib.sha256(p.read_bytes()).hexdigest()
            for p in sorted(pathlib.Path(folder).rglob("*"))}


def make_tree(folder, files=40):
    """`files` files of many sizes in folders with spaces; an empty file and an empty folder."""
    for i in range(files):
        path = folder / f"course {i % 4}" / f"step {i % 13}" / f"file {i}.bin"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes((i * j) % 251 for j in range(i % 100 * 97)))
    (folder / "empty folder").mkdir()
    (folder / "empty").write_bytes(b"")


# What people, programs and other systems call their files; bytes, since not all of it is text.
ODD_NAMES = {
    "spaces": [b" in front", b"  two in front", b"at the end ", b"two at the end  ", b"dou  ble", b" ", b"   ", b"a b c",
               b" -x", b"- ", b". ", b".. ", "\u00a0no break\u00a0".encode(), "\u3000wide".encode()],
    "options": [b"-", b"--", b"-a", b"-la", b"-R", b"--help", b"-1", b"-rf *"],
    "patterns": [b"*", b"?", b"[abc]", b"[", b"]", b"{a,b}", b"{", b"}", b"**", b"a*b?c", b"[!a]", b"x[1-3].txt"],
    "quotes": [b"'", b'"', b'""', b"it's", b'say "hi"', b"`id`", b"$HOME", b"$(id)", b"^", b"!", b"#", b"%41", b"%", b"%2F",
               b"%s%n", b"&", b"<", b">", b"<DIR>", b"=", b"@", b":", b",", b"+"],
    "backslashes": [b"\\", b"a\\b", b"\\\\", b"\\n", b"a\\ b", b"\\*", b"\\-"],
    "commands": [b";", b"a;1", b"README.TXT;4", b"a;b;c", b"~", b"~root", b"a~", b"|", b"|cmd", b"|touch x", b"a|b", b"->",
                 b"a -> b", b" -> ", b"-> a", b"QUIT", b"con", b"NUL"],
    "letters": ["\U0001f600".encode(), "\U0001f469\u200d\U0001f373".encode(), "caf\u00e9".encode(), "日本語".encode(),
                "עברית".encode(), "\u202egnp.exe".encode(), "\ufeffmark".encode(), "\ufb01".encode(), "İıß".encode(),
                "\u00e9t\u00e9".encode(), b"A", b"a"],
    "decomposed": ["e\u0301te\u0301".encode(), "na\u0308ive".encode(), "A\u030angstrom".encode(), "\u212b".encode()],
    "latin-1": [b"caf\xe9", b"\xe9\xe8", b"\x80\x9f", b"\xc0\xaf", b"\xed\xa0\x80"],
    "telnet": [b"\xff", b"\xff\xff", b"a\xffb", b"\xff\xf4\xff\xf2"],
    "controls": [b"a\tb", b"\tin front", b"at the end\t", b"\x01", b"\x1b[31mred", b"bell\x07", b"\x7f", b"\x0b",
                 "\u009bcsi".encode(), "\u0085line".encode()],
    "listings": [b"Jan 12 2004", b"Jan  1 00:00", b"2026-01-01", b"12 Jan 2004 x", b"4096 Nov 21 13:40 name", b"13:40",
                 b" 4096 Nov 21 13:40 name", b"2004", b"04-27-00  09:09PM       <DIR>          licensed", b"-rw-r--r--",
                 b"-rw-r--r-- 1 u g 1 Jan 1 2000 x", b"drwxr-xr-x", b"drwxr-xr-x 2 u g 4096 Jan 1 2000 folder", b"total 12",
                 b"type=file;size=1; x", b"Type=dir; x", b"226 Done", b"226-Done", b"150", b"0",
                 b"+i8388621.48594,m825718503,r,s280,"],
    "dots": [b".profile", b"...", b"..x", b".a.", b"-.", b"a."],
    "long": [b"x" * 255, "é".encode() * 127 + b"x", b" " + b"z" * 254, b"w" * 254 + b" "],
}
# The first day there was, leap days, what 31 bits end with, and what is yet to come.
ODD_TIMES = [0, 1, 86_399, 315_532_800, 951_782_400, 1_000_000_000, 1_583_020_799, 1_600_000_000, 2_147_483_647, 4_000_000_000]


def make_odd_tree(folder, kinds, refused, count, times=ODD_TIMES):
    """`count` names, of files and folders; names of which `refused(name)` says that the server cannot have them are left out.

    They stand alone and, as far as `count` goes, joined in pairs.
    """
    top = os.fsencode(folder)
    names = [name for kind in kinds for name in ODD_NAMES[kind]]
    pairs = (one + b"," + other for gap in range(1, len(names)) for one, other in zip(names, names[gap:]))
    chosen = dict.fromkeys(name for name in itertools.chain(names, pairs) if len(name) <= 255 and not refused(name))

    for name in (b"files", b"folders"):
        os.makedirs(os.path.join(top, name))

    def put(path, number):
        with open(path, "wb") as file:
            file.write(bytes((number * j) % 251 for j in range(number % 37 * 31)))
        os.utime(path, (times[number % len(times)],) * 2)

    # Two of three names are a file's, every other one a folder's as well, and half of those folders have a file in them.
    for number, name in enumerate(itertools.islice(chosen, count)):
        if number % 3:
            put(os.path.join(top, b"files", name), number)
        if number % 2:
            os.mkdir(os.path.join(top, b"folders", name))
        if number % 4 == 1 or number % 6 == 0:
            os.makedirs(os.path.join(top, b"folders", name), exist_ok=True)
            put(os.path.join(top, b"folders", name, name), number)
    deep = os.path.join(top, *([b" deep-"] * 30))
    os.makedirs(deep)
    put(os.path.join(deep, b"bottom"), 36)
    os.symlink("nowhere -> x", os.path.join(top, b"dangling"))
    os.symlink(".", os.path.join(top, b"loop -> loop"))


def dated_digest(folder):
    """{path below: SHA-256 and time}, folders with None; links are left out, as a mirror does."""
    found = {}
    for path in sorted(pathlib.Path(folder).rglob("*")):
        if not path.is_symlink():
            name = os.fsencode(path.relative_to(folder))
            found[name] = None if path.is_dir() else (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime)
    return found
