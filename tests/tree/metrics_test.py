#!/usr/bin/env python3
"""Metrics and their page: every name in src/ stands in docs/guide/watching.md and no other does."""

import pathlib
import re
import unittest


class Names(unittest.TestCase):
    def test_are_those_of_the_page(self):
        sources = [path for room in pathlib.Path("src").iterdir() for path in room.rglob("*.[ch]*")
                   if not path.name.endswith("_test.cc")]
        used = {name for path in sources for name in re.findall(r'"(staffetta_[a-z_]+)"', path.read_text())}
        self.assertGreater(len(used), 15)
        page = pathlib.Path("docs/guide/watching.md").read_text()
        self.assertEqual(used, set(re.findall(r"^\| `(staffetta_[a-z_]+)`", page, re.MULTILINE)))


if __name__ == "__main__":
    unittest.main()
