#!/usr/bin/env python3
"""Mail from files into accounts and out again: what comes out is octet for octet what went in, on a running
server and on a stopped one. What cannot come along is named, and the rest comes."""

import base64
import mailbox
import os
import pathlib
import shutil
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
import harness
from harness import ALICE, BOB, Server

# A test may run as root, who reads everything: so not with that right.
AS_ANYBODY = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.getuid() == 0 else []


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


NO_NAME = "not a mailbox name: one has no controls, no *, no % and no empty levels"
START = int(time.mktime((2026, 11, 21, 10, 0, 0, 0, 0, 0)))


class Both:
    maxDiff = None
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

    def carry(self, verb, path, account, *options, status=0):
        return self.server.admin(verb, str(path), "--account", account, *options, status=status)

    def carry_some(self, *arguments, status=65):
        """What is said of what was left out; as one who may not read everything."""
        done = harness.run(*AS_ANYBODY, harness.PROGRAM, *arguments, "--config", self.server.config)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stdout, [line.removeprefix("staffetta: left out: ") for line in done.stderr.splitlines()]

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

    def test_what_cannot_come_along_is_named_and_the_rest_comes(self):
        source = self.make_maildir()
        one = [(f"{START + 40}.M1P1.host:2,S", message(40), START)]
        too_long = ".&" + base64.b64encode(("\u53f0" * 90).encode("utf-16-be")).decode().replace("/", ",") + "-"
        write_maildir(source, {".x..y": one, ".a%b": one, too_long: one, ".Closed": one, ".Good": one,
                               ".Other Users.bob@hamburger&AC4-example.Mine": one, ".Half": one})
        (source / ".Closed").chmod(0)
        (source / ".Half" / "new").chmod(0)
        (source / "cur" / f"{START + 1}.M1P1.host:2,S").chmod(0)
        with open(source / "cur" / f"{START + 50}.M1P1.host:2,S", "wb") as huge:
            huge.truncate((1 << 30) + 1)
        try:
            said, left_out = self.carry_some("import", source, "--account", ALICE)
        finally:
            (source / ".Closed").chmod(0o700)
        self.assertEqual(said, "imported 10 messages into 4 mailboxes, 0 were there already\n")
        expected = [f"{source}/{too_long}: a mailbox name that is too long or too deep",
                    f"{source}/.x..y: the folder's name is no mailbox's", f"{source}/.a%b: {NO_NAME}",
                    f"{source}/.Other Users.bob@hamburger&AC4-example.Mine: a name that stands for other people's "
                    "mailboxes",
                    f"{source}/.Closed/cur: Permission denied", f"{source}/.Half/new: Permission denied",
                    f"{source}/cur/{START + 1}.M1P1.host:2,S: Permission denied",
                    f"{source}/cur/{START + 50}.M1P1.host:2,S: more than {1 << 30} octets"]
        self.assertEqual(sorted(left_out), sorted(expected))

    def test_mbox_files_that_cannot_be_read_are_named(self):
        source = self.root / "boxes"
        (source / "closed").mkdir(parents=True)
        (source / "a.mbox").write_text("no mbox\n")
        (source / "secret.mbox").write_bytes(b"From x Thu Jan  1 00:00:00 2026\n" + message(1))
        (source / "b*.mbox").write_bytes(b"From x Thu Jan  1 00:00:00 2026\n" + message(1))
        (source / "line\nadd 1.mbox").write_bytes(b"From x Thu Jan  1 00:00:00 2026\n" + message(1))
        (source / "z.mbox").write_bytes(b"From x Thu Jan  1 00:00:00 2026\nX-Keywords: Fine (no) " +
                                        b"k" * 300 + b"\n" + message(2))
        (source / "linked.mbox").symlink_to(source / "z.mbox")
        (source / "secret.mbox").chmod(0)
        (source / "closed").chmod(0)
        said, left_out = self.carry_some("import", source, "--account", ALICE)
        (source / "closed").chmod(0o700)
        self.assertEqual(said, "imported 1 message into 2 mailboxes, 0 were there already\n")
        self.assertEqual(sorted(left_out),
                         [f"{source}/a.mbox: no message begins at octet 0: a line \"From SENDER DATE\" is expected there",
                          f"{source}/b*.mbox: {NO_NAME}",
                          f"{source}/closed: Permission denied",
                          f"{source}/line?add 1.mbox: {NO_NAME}",
                          f"{source}/secret.mbox: Permission denied"])
        self.carry("export", self.root / "out", ALICE, "--mailbox", "z")
        self.assertEqual((self.root / "out" / ".z" / "dovecot-keywords").read_text(), "0 Fine\n")

    def test_a_quota_ends_it(self):
        self.server.admin("account", "set", ALICE, "--quota-messages", "3")
        said, told = self.carry_some("import", self.make_maildir(), "--account", ALICE, status=75)
        self.assertIn("imported 0 messages into", said)
        self.assertIn("run the command again to go on", told[-1])

    def subscribed(self, account=ALICE):
        self.carry("export", self.root / "subscribed", account)
        return (self.root / "subscribed" / "subscriptions").read_text()

    def test_what_is_made_is_subscribed(self):
        source = self.make_maildir()
        write_maildir(source, {".Lists.Cr&AOo-pes": [(f"{START}.M1P1.host:2,S", message(1), START)], ".Empty": []})
        self.carry("import", source, ALICE)
        text = self.subscribed()
        for line in ("V\t2\n\n", "\nINBOX\n", "\nLists\tCr&AOo-pes\n", "\nEmpty\n", "\nSent\n"):
            self.assertIn(line, text)

    def test_the_file_of_subscriptions_says_which(self):
        source = self.make_maildir()
        write_maildir(source, {".Lists.One": [(f"{START}.M1P1.host:2,S", message(1), START)], ".Two": [], ".Three": []})
        (source / "subscriptions").write_text("V\t2\n\nLists\tOne\nTwo\nGone\n")
        self.carry("import", source, ALICE)
        text = self.subscribed()
        self.assertIn("\nLists\tOne\n", text)
        self.assertIn("\nTwo\n", text)
        self.assertNotIn("Three", text)
        self.assertNotIn("Gone", text)
        self.carry("import", self.root / "subscribed", BOB)
        (self.root / "subscribed" / "subscriptions").unlink()
        self.assertEqual(self.subscribed(BOB), text)

    def test_an_export_goes_through_no_link(self):
        """Root exports into a folder of somebody's, who has put links there and puts more."""
        self.carry("import", self.make_maildir(), ALICE)
        target = self.root / "target"
        elsewhere = self.root / "elsewhere"
        victim = self.root / "victim"
        victim.write_text("0 Secret\n")
        for folder in (target / "cur", target / "tmp", target / ".Archive", elsewhere):
            folder.mkdir(parents=True)
        (target / "tmp" / "draft").symlink_to(victim)
        (target / "dovecot-keywords").symlink_to(victim)
        (target / ".Sent").symlink_to(elsewhere)
        (target / ".Archive" / "cur").symlink_to(elsewhere)
        (target / ".Drafts").write_text("a file\n")
        said, left_out = self.carry_some("export", target, "--account", ALICE)
        self.assertIn("exported 6 messages of 3 mailboxes", said)
        self.assertEqual(left_out, [f'mailbox "Archive": {target}/.Archive/cur: a link is in the way',
                                    f'mailbox "Drafts": {target}/.Drafts: a file is in the way',
                                    f'mailbox "Sent": {target}/.Sent: a link is in the way'])
        self.assertEqual(victim.read_text(), "0 Secret\n")
        self.assertEqual(list(elsewhere.iterdir()), [])
        self.assertEqual((target / "dovecot-keywords").read_text(), "0 Work\n1 $Junk\n")
        self.assertEqual((target / "dovecot-keywords").stat().st_mode & 0o777, 0o600)

    def test_an_export_as_mbox_goes_through_no_link(self):
        self.carry("import", self.make_maildir(), ALICE)
        target = self.root / "target"
        target.mkdir()
        victim = self.root / "victim"
        victim.write_text("kept\n")
        (target / "INBOX.draft").symlink_to(victim)
        (target / "Sent.mbox").symlink_to(victim)
        os.link(victim, target / "Sent.draft")
        self.carry("export", target, ALICE, "--format", "mbox")
        self.assertEqual(victim.read_text(), "kept\n")
        self.assertFalse((target / "Sent.mbox").is_symlink())
        self.assertEqual((target / "Sent.mbox").read_bytes().count(b"\nMessage-ID: "), 3)

    def test_the_store_is_sound_and_the_index_can_be_built_anew(self):
        self.carry("import", self.make_maildir(), ALICE)
        self.assertIn("built anew", self.server.admin("check", "--rebuild-index"))
        self.assertIn("sound", self.server.admin("check"))


class OnARunningServer(Both, unittest.TestCase):
    running = True


class OnAStoppedServer(Both, unittest.TestCase):
    running = False

    @unittest.skipUnless(os.getuid() == 0, "only root becomes somebody else")
    def test_the_files_are_roots_and_the_store_its_users(self):
        self.server.folder.chmod(0o755)
        text = self.server.config.read_text()
        self.server.config.write_text(text.replace('data = "data"', 'user = "nobody"\ndata = "data"'))
        data = self.server.folder / "data"
        for path in [data, *data.rglob("*")]:
            shutil.chown(path, "nobody")
        source = self.make_maildir()
        self.assertEqual(source.parent.stat().st_mode & 0o777, 0o700)
        self.assertEqual(self.carry("import", source, ALICE),
                         "imported 9 messages into 2 mailboxes, 0 were there already\n")
        self.assertEqual({path.owner() for path in [data, *data.rglob("*")]}, {"nobody"})
        copy = self.root / "copy"
        self.carry("export", copy, ALICE)
        self.assertEqual({path.owner() for path in [copy, *copy.rglob("*")]}, {"root"})
        self.server.start()

    def test_somebody_else_has_the_store_open(self):
        source = self.make_maildir()
        self.server.start()
        (self.server.folder / "data" / "control.sock").unlink()
        self.carry("import", source, ALICE, status=75)


if __name__ == "__main__":
    unittest.main()
