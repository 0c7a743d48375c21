#!/usr/bin/env python3
"""Imported once and found: whoever imports mail, serves it or indexes it is killed with SIGKILL, again and again.

Asked for again, an import goes on where it was; in the end every message of the files is there exactly once, an
index that was being built when it was cut off is finished, each search finds what the messages say, and
`staffetta check` finds nothing at any time. STAFFETTA_CRASH_KILLS says how often each is killed (3 unless told);
the seed is printed.
"""

import collections
import imaplib
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from harness import ALICE, BOB, PASSWORDS, PATIENCE_S, PROGRAM, Server

KILLS = int(os.environ.get("STAFFETTA_CRASH_KILLS", "3"))
SEED = int(os.environ.get("STAFFETTA_CRASH_SEED", str(random.randrange(1 << 32))))
MESSAGES = int(os.environ.get("STAFFETTA_CRASH_MESSAGES", "2000"))
imaplib._MAXLINE = 10_000_000


def word(number):
    """A word that stands in one message and nowhere else."""
    return f"w{number}x"


def write_maildir(root):
    """The same number of messages in INBOX and in a folder; one of them twice, which is two messages."""
    for name in ("", ".Archive"):
        for place in ("cur", "new", "tmp"):
            (root / name / place).mkdir(parents=True)
    for number in range(MESSAGES):
        folder = root / (".Archive" if number % 2 else "") / "cur"
        octets = (f"From: Alice <{ALICE}>\nSubject: number {number}\nMessage-ID: <{number}@crepes.example>\n\n"
                  f"Do you like ketchup? {word(number)}\n" + "How about pickles?\n" * (number % 50)).encode()
        (folder / f"{number}.M1P1.host:2,S").write_bytes(octets)
        if number == 10:
            (folder / f"{number}.M2P1.host:2,S").write_bytes(octets)


class Interrupted(unittest.TestCase):
    def setUp(self):
        print(f"seed {SEED}", flush=True)
        self.dice = random.Random(SEED)
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.source = pathlib.Path(self.folder.name) / "source"
        write_maildir(self.source)

    def run_and_kill(self, server, whole_s, *arguments, victim=None):
        """Runs a command and kills it, or `victim` of a running server, at an instant within what all of it takes."""
        with subprocess.Popen([PROGRAM, *arguments, "--config", server.config], stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL) as command:
            try:
                command.wait(self.dice.uniform(0, whole_s))
            except subprocess.TimeoutExpired:
                if victim is None:
                    command.kill()
            if victim is not None:
                victim.kill()
            command.wait(PATIENCE_S)

    def import_all(self, server, account=ALICE):
        """Whatever is not there yet; gives how many messages were there before."""
        said = server.admin("import", str(self.source), "--account", account)
        counts = re.fullmatch(r"imported (\d+) messages? into 2 mailboxes, (\d+) were there already\n", said)
        self.assertIsNotNone(counts, said)
        self.assertEqual(int(counts[1]) + int(counts[2]), MESSAGES + 1)
        return int(counts[2])

    def assert_sound(self, server):
        self.assertRegex(server.admin("check"), "^sound: ")

    def assert_all_there_once(self, server):
        with imaplib.IMAP4("127.0.0.1", server.ports["imap"]) as client:
            client.login(ALICE, PASSWORDS[ALICE])
            found = collections.Counter()
            for name in ("INBOX", "Archive"):
                client.select(name)
                _, answers = client.fetch("1:*", "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
                found.update(int(re.search(rb"number (\d+)", answer[1])[1]) for answer in answers
                             if isinstance(answer, tuple))
            self.assertEqual(found, collections.Counter(range(MESSAGES)) + collections.Counter([10]))
            # Each in the mailbox it stands in, the last one selected.
            for number in self.dice.sample(range(1, MESSAGES, 2), 25):
                self.assertEqual(len(client.search(None, "BODY", word(number))[1][0].split()), 1, number)
            self.assertEqual(client.search(None, "BODY", word(MESSAGES))[1][0], b"")
            self.assertEqual(len(client.search(None, "BODY", "ketchup")[1][0].split()), MESSAGES // 2)

    def timed(self, call):
        began = time.monotonic()
        call()
        return time.monotonic() - began

    def test_into_a_stopped_store(self):
        server = Server(services=["imap"], options="[auth]\nallow_plaintext = true\n")
        self.addCleanup(server.__exit__, None, None, None)
        server.add_people()
        whole_s = self.timed(lambda: self.import_all(server, BOB))
        for _ in range(KILLS):
            self.run_and_kill(server, whole_s, "import", str(self.source), "--account", ALICE)
            self.assert_sound(server)
        self.import_all(server)
        self.assertEqual(self.import_all(server), MESSAGES + 1)
        whole_s = self.timed(lambda: server.admin("check", "--rebuild-index"))
        for _ in range(KILLS):
            self.run_and_kill(server, whole_s, "check", "--rebuild-index")
            self.assert_sound(server)
        server.start()
        self.assert_all_there_once(server)  # with what was left of the index
        server.stop()
        server.admin("check", "--rebuild-index")
        self.assert_sound(server)
        server.start()
        self.assert_all_there_once(server)

    def test_into_a_running_server(self):
        with Server(services=["imap"], options="[auth]\nallow_plaintext = true\n") as server:
            whole_s = self.timed(lambda: self.import_all(server, BOB))
            for _ in range(KILLS):
                self.run_and_kill(server, whole_s, "import", str(self.source), "--account", ALICE, victim=server)
                self.assert_sound(server)
                server.start()
            self.import_all(server)
            self.assert_all_there_once(server)
            # And amid whatever the server does for its index.
            server.kill()
            self.assert_sound(server)
            server.start()
            self.assert_all_there_once(server)


if __name__ == "__main__":
    unittest.main()
