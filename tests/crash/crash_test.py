#!/usr/bin/env python3
"""The promise of a 250, held against SIGKILL.

A loader sends numbered messages over many SMTP connections and notes each 250. The server is killed at
random instants and started again, many times. In the end each noted message is in the mailbox exactly
once and whole, no other is there more than once, and `staffetta check` finds nothing.

STAFFETTA_CRASH_KILLS is how often (6 unless told), STAFFETTA_CRASH_SEED makes the instants repeat as far
as a real machine repeats anything. SIGKILL leaves the kernel's page cache alone: what a power cut takes
is the store's own tests' and the simulator's matter.
"""

import hashlib
import os
import pathlib
import random
import smtplib
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from harness import ALICE, BOB, PATIENCE_S, Server

KILLS = int(os.environ.get("STAFFETTA_CRASH_KILLS", "6"))
SEED = int(os.environ.get("STAFFETTA_CRASH_SEED", random.randrange(1 << 32)))
CONNECTIONS = 8


def message(number):
    """Sizes from 300 octets to 300 KiB, as the number says: inline and in segments of the journal."""
    sizes = random.Random(number)
    octets = int(300 * 1000 ** sizes.random())
    line = f"{number:08} " + "x" * 60 + "\r\n"
    body = line * (octets // len(line) + 1)
    digest = hashlib.sha256(body.encode()).hexdigest()
    return f"From: <{ALICE}>\r\nTo: <{BOB}>\r\nX-Number: {number}\r\nX-Digest: {digest}\r\n\r\n{body}"


class Loader:
    """Threads that send until told to stop, over connections that break whenever the server does."""

    def __init__(self, server):
        self.server = server
        self.lock = threading.Lock()
        self.next = 0
        self.noted = set()  # numbers whose 250 was read
        self.stopping = threading.Event()
        self.up = threading.Event()
        self.progress = threading.Condition(self.lock)
        self.threads = [threading.Thread(target=self.run, daemon=True) for _ in range(CONNECTIONS)]
        for thread in self.threads:
            thread.start()

    def run(self):
        while not self.stopping.is_set():
            if self.up.wait(0.1):
                try:
                    with smtplib.SMTP("127.0.0.1", self.server.ports["smtp"], timeout=PATIENCE_S) as client:
                        self.send_on(client)
                except (OSError, smtplib.SMTPException, KeyError):
                    time.sleep(0.01)  # killed, or just being started

    def send_on(self, client):
        while not self.stopping.is_set() and self.up.is_set():
            with self.lock:
                number = self.next
                self.next += 1
            client.sendmail(ALICE, [BOB], message(number))
            with self.lock:
                self.noted.add(number)
                self.progress.notify_all()

    def wait_for_more(self, count):
        with self.lock:
            wanted = len(self.noted) + count
            if not self.progress.wait_for(lambda: len(self.noted) >= wanted, PATIENCE_S):
                raise AssertionError("the load does not go on")

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join(PATIENCE_S)


class Crash(unittest.TestCase):
    def test_what_was_acknowledged_is_there(self):
        print(f"seed {SEED}, {KILLS} kills", flush=True)
        instants = random.Random(SEED)
        with Server() as server:
            self.assertIsNotNone(server.process)
            loader = Loader(server)
            for kill in range(KILLS):
                loader.up.set()
                loader.wait_for_more(instants.randrange(1, 60))
                time.sleep(instants.random() * 0.05)  # anywhere inside a commit
                loader.up.clear()
                server.kill()
                server.start()
                print(f"kill {kill + 1}: {len(loader.noted)} noted", flush=True)
            loader.up.set()
            loader.wait_for_more(20)
            loader.stop()
            self.judge(server, loader.noted)
            # And after an orderly end the store is as sound.
            self.assertEqual(server.stop(), 0)
            self.assertRegex(server.admin("check"), "^sound: ")

    def judge(self, server, noted):
        self.assertRegex(server.admin("check"), "^sound: ")
        found = {}
        for octets in server.messages():
            header, body = octets.split(b"\r\n\r\n", 1)
            fields = dict(line.split(b": ", 1) for line in header.split(b"\r\n") if b": " in line)
            number = int(fields[b"X-Number"])
            self.assertEqual(hashlib.sha256(body).hexdigest(), fields[b"X-Digest"].decode(), f"{number} is not whole")
            found[number] = found.get(number, 0) + 1
        print(f"{len(noted)} noted, {len(found)} found", flush=True)
        self.assertEqual(sorted(noted - set(found)), [], "acknowledged and lost")
        self.assertEqual([n for n, count in found.items() if count != 1], [], "there more than once")


if __name__ == "__main__":
    unittest.main()
