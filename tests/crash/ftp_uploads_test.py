#!/usr/bin/env python3
"""Never part of a file: a server is killed with SIGKILL while many store files over FTP, and started again.

Each upload that was answered with 226 must be there whole afterwards, or a later one of that name; no file
that is listed may be part of one, nothing may be left of those that were cut off, and `staffetta check`
must find nothing. STAFFETTA_CRASH_KILLS says how often (5 unless told); the seed is printed.
"""

import ftplib
import hashlib
import io
import os
import pathlib
import random
import sys
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from harness import ALICE, BOB, PASSWORDS, PATIENCE_S, Server

KILLS = int(os.environ.get("STAFFETTA_CRASH_KILLS", "5"))
SEED = int(os.environ.get("STAFFETTA_CRASH_SEED", str(random.randrange(1 << 32))))
CLIENTS = 6
NAMES = 8
SIZES = [0, 1, 4000, 70_000, 300_000, 2_000_000]


def body(name, generation, size):
    """Octets that say of themselves which file they are, and whether they are all of it."""
    octets = f"{name} {generation}\n".encode() + random.Random(generation).randbytes(size)
    return octets + hashlib.sha256(octets).digest()


def generation_of(name, octets):
    """The generation of a whole file; None for what is part of one or of two."""
    whole = hashlib.sha256(octets[:-32]).digest() == octets[-32:]
    first, _, number = octets.split(b"\n", 1)[0].partition(b" ")
    return int(number) if whole and first.decode() == name else None


class Uploader(threading.Thread):
    """Stores files of its own names, and of one that all share, until the server is gone."""

    def __init__(self, server, person, number, first_generation):
        super().__init__(daemon=True)
        self.server, self.person, self.number = server, person, number
        self.generation = first_generation
        self.acknowledged = {}  # name: the last generation that was answered with 226
        self.started = {}  # the last that was begun
        self.grew = threading.Event()

    def run(self):
        dice = random.Random(SEED + self.generation)
        try:
            with ftplib.FTP() as client:
                client.connect("127.0.0.1", self.server.ports["ftp"], timeout=PATIENCE_S)
                client.login(self.person, PASSWORDS[self.person])
                while True:
                    self.generation += 1
                    name = f"{self.number}-{dice.randrange(NAMES)}"
                    self.started[name] = self.generation
                    octets = body(name, self.generation, dice.choice(SIZES))
                    client.storbinary(f"STOR {name}", io.BytesIO(octets))
                    self.acknowledged[name] = self.generation
                    self.grew.set()
        except (OSError, EOFError, ftplib.Error):
            pass


class Uploads(unittest.TestCase):
    def check_files(self, server, person, acknowledged):
        with ftplib.FTP() as client:
            client.connect("127.0.0.1", server.ports["ftp"], timeout=PATIENCE_S)
            client.login(person, PASSWORDS[person])
            found = {}
            for name in client.nlst():
                octets = io.BytesIO()
                client.retrbinary(f"RETR {name}", octets.write)
                found[name] = generation_of(name, octets.getvalue())
                self.assertIsNotNone(found[name], f"{person}: {name} is part of a file")
        for name, generation in acknowledged.items():
            self.assertGreaterEqual(found.get(name, -1), generation, f"{person}: {name} is not the last")

    def test_killed_again_and_again(self):
        print(f"seed {SEED}", flush=True)
        dice = random.Random(SEED)
        server = Server(services=["ftp"], options="[auth]\nallow_plaintext = true\n")
        acknowledged = {ALICE: {}, BOB: {}}
        with server:
            for kill in range(KILLS):
                uploaders = [Uploader(server, person, number, (kill + 1) * 1_000_000 + number * 10_000)
                             for number in range(CLIENTS) for person in (ALICE, BOB)]
                for uploader in uploaders:
                    uploader.start()
                for uploader in uploaders:
                    self.assertTrue(uploader.grew.wait(PATIENCE_S), "nothing was stored")
                # From here at an instant that nobody chose: while others store, after one more was stored.
                chosen = dice.choice(uploaders)
                for _ in range(dice.randrange(4)):
                    chosen.grew.clear()
                    self.assertTrue(chosen.grew.wait(PATIENCE_S), "nothing was stored")
                server.kill()
                for uploader in uploaders:
                    uploader.join(PATIENCE_S)
                    acknowledged[uploader.person].update(uploader.acknowledged)
                server.start()
                uploads = server.folder / "data" / "files" / "uploads"
                self.assertEqual(list(uploads.iterdir()), [])
                for person, names in acknowledged.items():
                    self.check_files(server, person, names)
                self.assertRegex(server.admin("check"), "^sound: ")


if __name__ == "__main__":
    unittest.main()
