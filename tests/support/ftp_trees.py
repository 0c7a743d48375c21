"""Trees of files for tests of FTP clients, and their hashes."""

import hashlib
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
