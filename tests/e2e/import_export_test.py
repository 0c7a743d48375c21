#!/usr/bin/env python3
"""Mail from files into accounts and out again: what comes out is octet for octet what went in, on a running
server and on a stopped one."""

import mailbox
import os
import pathlib
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from harness import ALICE, BOB, Server


def message(number):
    return (f"From: Alice <{ALICE}>\nTo: {BOB}\nSubject: message {number}\n"
            f"Message-ID: <{number}@crepes.example>\n\nDo you like ketchup?\n\nFrom me, number {number}\n").encode()


def write_maildir(root, folders):
    """folders: name -> list of (unique name and flags, octets, time)."""
    for name, messages in folders.items():
        folder = root / name if name else root
        for place in ("cur", "new", "tmp"):
            (folder / place).mkdir(parents=True)
        for file, octets, moment in messages:
            path = folder / ("cur" if ":2," in file else "new") / file
            path.write_bytes(octets)
            os.utime(path, (moment, moment))


def tree(root):
    """Every file below: its name, octets and time."""
    return {str(path.relative_to(root)): (path.read_bytes(), int(path.stat().st_mtime) if "cur" in path.parts else 0)
            for path in sorted(root.rglob("*")) if path.is_file()}


START = int(time.mktime((2026, 11, 21, 10, 0, 0, 0, 0, 0)))


class Both:
    """The tests; the two classes below run them on a running and on a stopped server."""

    running = True

    def setUp(self):
        self.server = Server()
        if self.running:
            self.server.__enter__()
        else:
            self.server.add_people()
        self.folder = tempfile.TemporaryDirectory()
        self.root = pathlib.Path(self.folder.name)

    def tearDown(self):
        self.server.__exit__(None, None, None)
        self.folder.cleanup()

    def carry(self, verb, path, account, *options):
        return self.server.admin(verb, str(path), "--account", account, *options)

    def make_maildir(self):
        source = self.root / "source"
        write_maildir(source, {
            "": [(f"{START + i}.M{i}P1.host:2,{flags}", message(i), START + i)
                 for i, flags in enumerate(["", "S", "RS", "FSab", "DT"])] +
                [(f"{START + 9}.M9P1.host", message(9), START + 9)],
            ".Sent": [(f"{START + i}.M{i}P1.host:2,S", message(i), START + i) for i in range(20, 23)],
        })
        (source / "dovecot-keywords").write_text("0 Work\n1 $Junk\n")
        return source

    def test_leads_nowhere_else(self):
        """Who imports may read more than whose mail it is; and a FIFO would be waited for without end."""
        source = self.make_maildir()
        secret = self.root / "secret"
        secret.write_text("Subject: somebody else's\n\nsecret\n")
        write_maildir(self.root / "elsewhere", {"": [("1.M1P1.host:2,S", message(1), START)]})
        (source / "cur" / "2.M2P2.host:2,S").symlink_to(secret)
        (source / "cur" / "3.M3P3.host:2,S").mkdir()
        os.mkfifo(source / "new" / "4.M4P4.host")
        (source / ".Linked").symlink_to(self.root / "elsewhere")
        self.assertEqual(self.carry("import", source, ALICE),
                         "imported 9 messages into 2 mailboxes, 0 were there already\n")

    def test_what_comes_out_goes_in_again(self):
        said = self.carry("import", self.make_maildir(), ALICE)
        self.assertEqual(said, "imported 9 messages into 2 mailboxes, 0 were there already\n")
        self.carry("export", self.root / "first", ALICE)
        self.carry("import", self.root / "first", BOB)
        self.carry("export", self.root / "second", BOB)
        first = tree(self.root / "first")
        self.assertEqual(first, tree(self.root / "second"))
        octets = {content for content, _ in first.values()}
        self.assertTrue({message(i) for i in [0, 1, 2, 3, 4, 9, 20, 21, 22]} <= octets)
        names = sorted(name for name in first if name.startswith("cur/"))
        self.assertEqual([name.split(":2,")[1] for name in names], ["", "S", "RS", "FSab", "DT", ""])
        self.assertIn("Work", (self.root / "first" / "dovecot-keywords").read_text())

    def test_a_second_run_skips_what_is_there(self):
        source = self.make_maildir()
        (source / "cur" / f"{START + 9}.M10P1.twice:2,").write_bytes(message(9))
        self.assertIn("imported 10 messages", self.carry("import", source, ALICE))
        (source / "cur" / f"{START + 30}.M30P1.host:2,").write_bytes(message(30))
        self.assertEqual(self.carry("import", source, ALICE),
                         "imported 1 message into 2 mailboxes, 10 were there already\n")
        self.carry("export", self.root / "out", ALICE)
        self.assertIn("exported 0 messages", self.carry("export", self.root / "out", ALICE))

    def test_mbox(self):
        box = mailbox.mbox(self.root / "old.mbox")
        for number in range(3):
            one = mailbox.mboxMessage(message(number))
            one.set_from(ALICE, time.gmtime(START + number))
            one.set_flags(["", "RO", "ROAF"][number])
            box.add(one)
        box.close()
        self.assertIn("imported 3 messages into 1 mailbox,",
                      self.carry("import", self.root / "old.mbox", ALICE, "--mailbox", "Archive"))
        self.carry("export", self.root / "first", ALICE, "--format", "mbox", "--mailbox", "Archive")
        self.carry("import", self.root / "first", BOB, "--format", "mbox")
        self.carry("export", self.root / "second", BOB, "--format", "mbox", "--mailbox", "Archive")
        text = (self.root / "first" / "Archive.mbox").read_bytes()
        self.assertEqual(text, (self.root / "second" / "Archive.mbox").read_bytes())
        again = mailbox.mbox(self.root / "first" / "Archive.mbox")
        self.assertEqual([set(one.get_flags()) for one in again], [{"O"}, {"R", "O"}, {"R", "O", "A", "F"}])
        again.close()
        self.assertIn(b"\n>From me, number 2\n", text)

    def test_folders_are_made(self):
        source = self.root / "source"
        write_maildir(source, {"": [], ".Lists.Cr&AOo-pes": [(f"{START}.M1P1.host:2,S", message(1), START)]})
        self.carry("import", source, ALICE)
        self.carry("export", self.root / "out", ALICE, "--mailbox", "Lists/Crêpes")
        self.assertEqual([path.read_bytes() for path in (self.root / "out").rglob("cur/*")], [message(1)])
        self.assertTrue((self.root / "out" / ".Lists.Cr&AOo-pes" / "maildirfolder").exists())

    def test_wrong_sources_are_told(self):
        self.assertIn("there is no such account",
                      self.server.admin("import", str(self.make_maildir()), "--account", "nobody@crepes.example",
                                        status=67))
        self.assertIn("there is no such file",
                      self.server.admin("import", str(self.root / "absent"), "--account", ALICE, status=67))
        text = self.root / "text"
        text.write_text("no mbox\n")
        self.assertIn("no message begins at octet 0",
                      self.server.admin("import", str(text), "--account", ALICE, status=65))

    def test_the_store_is_sound_and_the_index_can_be_built_anew(self):
        self.carry("import", self.make_maildir(), ALICE)
        self.assertIn("built anew", self.server.admin("check", "--rebuild-index"))
        self.assertIn("sound", self.server.admin("check"))


class OnARunningServer(Both, unittest.TestCase):
    running = True


class OnAStoppedServer(Both, unittest.TestCase):
    running = False


if __name__ == "__main__":
    unittest.main()
