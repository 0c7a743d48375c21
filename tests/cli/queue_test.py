#!/usr/bin/env python3
"""`staffetta queue` on a stopped server's empty store: what it says, and what it refuses to guess."""

import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from harness import staffetta


class Empty(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="staffetta-", dir="/tmp")
        self.config = pathlib.Path(self.folder.name) / "staffetta.toml"
        self.config.write_text('hostname = "mail.crepes.example"\ndata = "data"\n[listen]\n')

    def tearDown(self):
        self.folder.cleanup()

    def queue(self, *arguments):
        return staffetta("queue", *arguments, "--config", self.config)

    def test_lists_nothing(self):
        listed = self.queue("list")
        self.assertEqual((listed.returncode, listed.stdout), (0, "the queue is empty\n"))
        self.assertEqual(self.queue("list", "--json").stdout.split(), ["[]"])
        self.assertEqual(self.queue("destinations").stdout, "nobody waits\n")

    def test_acts_on_nothing_that_was_not_named(self):
        for action in ("retry", "hold", "release", "remove", "bounce"):
            vague = self.queue(action)
            self.assertEqual(vague.returncode, 65)
            self.assertIn("say which messages", vague.stderr)
            self.assertEqual(self.queue(action, "--all").stdout, "0 recipients\n")
            gone = self.queue(action, "nosuchid")
            self.assertEqual(gone.returncode, 67)
            self.assertIn("nosuchid", gone.stderr)

    def test_says_where_else_to_look(self):
        shown = self.queue("show", "nosuchid")
        self.assertEqual(shown.returncode, 67)
        self.assertIn("staffetta trace nosuchid", shown.stderr)

    def test_wants_an_age(self):
        wrong = self.queue("list", "--older-than", "soon")
        self.assertEqual(wrong.returncode, 65)
        self.assertIn('"soon" is no age', wrong.stderr)


if __name__ == "__main__":
    unittest.main()
