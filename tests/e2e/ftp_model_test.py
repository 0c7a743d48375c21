#!/usr/bin/env python3
"""Random commands from several sessions beside a simple model: what was acknowledged is there, whole, and what was refused,
aborted or cut off has changed nothing. Each name is one session's at a time, so that the model knows what it must hold;
names, sessions and what the server does with them for itself are all at once.
"""

import contextlib
import ftplib
import hashlib
import io
import os
import pathlib
import random
import socket
import struct
import sys
import threading
import unittest
import zlib

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from harness import BOB, PASSWORDS, PATIENCE_S, Server

SEED = int(os.environ.get("STAFFETTA_FTP_SEED", "1"))
ROUNDS = int(os.environ.get("STAFFETTA_FTP_ROUNDS", "300"))  # of each user
USERS = 6
SLOTS = 24
LENGTHS = (0, 1, 10, 1000, 5000, 70_000, 300_000)


def blocks(octets):
    """RFC 959 3.4.2: the last block says that it is the last."""
    pieces = [octets[i:i + 60_000] for i in range(0, len(octets), 60_000)] or [b""]
    return b"".join(struct.pack(">BH", 64 if i == len(pieces) - 1 else 0, len(piece)) + piece
                    for i, piece in enumerate(pieces))


def runs(octets):
    """RFC 959 3.4.3: literal strings alone, and an empty filler string that is the last."""
    pieces = [octets[i:i + 127] for i in range(0, len(octets), 127)]
    return b"".join(bytes([len(piece)]) + piece for piece in pieces) + b"\0\x40\xc0"


ENCODERS = {"S": bytes, "B": blocks, "C": runs, "Z": zlib.compress}


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


class Shared:
    """What the users know together."""

    def __init__(self, server, appends_to_nothing):
        self.server = server
        self.appends_to_nothing = appends_to_nothing  # else it goes on behind a partial that the model does not know
        self.files = {}  # by name
        self.unsure = {}  # of names that nobody uses any more: what may be there
        self.slots = [Slot(f"f{i}") for i in range(SLOTS)]
        self.wrong = []


class Slot:
    """A name, used by whoever has the lock."""

    def __init__(self, name):
        self.first, self.lock, self.generation = name, threading.Lock(), 0

    @property
    def name(self):
        return f"{self.first}.{self.generation}"


class User(threading.Thread):
    def __init__(self, shared, number):
        super().__init__()
        self.shared, self.files = shared, shared.files
        self.random = random.Random(SEED * 1000 + number)
        self.number = number

    def run(self):
        try:
            self.connect()
            for i in range(ROUNDS):
                slots = self.random.sample(range(SLOTS), 2)
                with contextlib.ExitStack() as stack:
                    for slot in sorted(slots):
                        stack.enter_context(self.shared.slots[slot].lock)
                    self.play(i, *(self.shared.slots[slot] for slot in slots))
            self.client.close()
        except Exception as error:  # pylint: disable=broad-except
            self.shared.wrong.append((self.number, repr(error)))
            raise

    def connect(self):
        self.client = ftplib.FTP(timeout=PATIENCE_S)
        self.client.connect("127.0.0.1", self.shared.server.ports["ftp"])
        self.client.login(BOB, PASSWORDS[BOB])
        self.client.voidcmd("TYPE I")
        self.mode = "S"

    def set_mode(self, mode):
        if mode != self.mode:
            self.client.voidcmd(f"MODE {mode}")
            self.mode = mode

    def play(self, number, slot, other):
        self.slot = slot
        name = slot.name
        before = self.files.get(name)
        plays = [self.store, self.fetch]
        if self.shared.appends_to_nothing or before is not None:
            plays += [self.append]
        if before is not None:
            plays += [self.remove, self.rename, self.copy, self.combine, self.restart, self.patch, self.hash]
        play = self.random.choice(plays)
        play(name, other.name, before)
        self.expect(self.fetched(slot.name) == self.files.get(slot.name), number, play.__name__, name)

    def expect(self, right, *what):
        if not right:
            self.shared.wrong.append((self.number, *what))

    def some(self):
        length = self.random.choice(LENGTHS)
        return (self.random.randbytes(72) * (length // 72 + 1))[:length]

    def fetched(self, name):
        self.set_mode("S")
        octets = io.BytesIO()
        try:
            self.client.retrbinary(f"RETR {name}", octets.write)
        except ftplib.error_perm:
            return None
        return octets.getvalue()

    # Each does one thing to `name` and to the model.

    def store(self, name, _other, before):
        octets = self.some()
        self.upload("STOR", name, before, octets, b"")

    def append(self, name, _other, before):
        octets = self.some()
        self.upload("APPE", name, before, octets, before or b"")

    def upload(self, verb, name, before, octets, first):
        """In some mode, and to some end."""
        end = self.random.choice([self.whole] * 4 + [self.short, self.broken, self.aborted, self.gone])
        self.set_mode(self.random.choice("SSSBCZ"))
        mode, encoded = self.mode, ENCODERS[self.mode](octets)
        cut = len(encoded) if end == self.whole else self.random.randrange(len(encoded) + 1)
        # In stream mode the connection's end is the file's.
        after = first + (octets[:cut] if mode == "S" else octets)
        connection = self.client.transfercmd(f"{verb} {name}")
        with contextlib.suppress(ConnectionError):
            connection.sendall(encoded[:cut])
        if end == self.gone:
            self.gone(connection, name, before, after)
            return
        done = end(connection)
        self.expect(done or end != self.whole, verb, mode, name)
        now = self.fetched(name)
        self.expect(now == (after if done else before), verb, end.__name__, mode, name)
        if now is not None:
            self.files[name] = now

    def is_positive(self):
        return self.client.getmultiline().startswith("2")

    def whole(self, connection):
        connection.close()
        return self.is_positive()

    def short(self, connection):
        connection.close()
        return self.is_positive()

    def broken(self, connection):
        reset(connection)
        return self.is_positive()

    def aborted(self, connection):
        """RFC 959 4.1.3: the transfer's reply is the first of two."""
        self.client.putcmd("ABOR")
        done = self.is_positive()
        self.expect(self.is_positive(), "ABOR")
        connection.close()
        return done

    def gone(self, connection, name, before, after):
        """Who goes without a word does not hear what became of it; nor is it told when the server has seen that."""
        self.client.file.close()
        reset(self.client.sock)
        reset(connection)
        self.connect()
        self.files.pop(name, None)
        self.shared.unsure[name] = (before, after)
        self.slot.generation += 1

    def fetch(self, name, _other, before):
        self.expect(self.fetched(name) == before, "RETR", name)

    def remove(self, name, _other, _before):
        self.client.delete(name)
        del self.files[name]

    def rename(self, name, other, _before):
        self.client.rename(name, other)
        self.files[other] = self.files.pop(name)

    def copy(self, name, other, before):
        self.client.voidcmd(f"SITE COPY {name} {other}")
        self.files[other] = before

    def combine(self, name, other, before):
        self.client.voidcmd(f"COMB {other} {name}")
        self.files[other] = self.files.get(other, b"") + self.files.pop(name)

    def restart(self, name, _other, before):
        self.set_mode("S")
        offset, octets = self.random.randrange(len(before) + 1), self.some()
        self.client.storbinary(f"STOR {name}", io.BytesIO(octets), rest=offset)
        self.files[name] = before[:offset] + octets

    def patch(self, name, _other, before):
        if before:
            self.set_mode("S")
            offset, octets = self.random.randrange(len(before)), self.random.randbytes(self.random.randrange(1, 500))
            self.client.sendcmd(f"RANG {offset} {offset + len(octets) - 1}")
            self.client.storbinary(f"STOR {name}", io.BytesIO(octets))
            self.files[name] = before[:offset] + octets + before[offset + len(octets):]

    def hash(self, name, _other, before):
        self.expect(hashlib.sha256(before).hexdigest() in self.client.sendcmd(f"HASH {name}").lower(), "HASH", name)


class Model(unittest.TestCase):
    def play(self, options="", appends_to_nothing=True):
        with Server(services=["ftp"], threads=2, options=f"[auth]\nallow_plaintext = true\n{options}") as server:
            shared = Shared(server, appends_to_nothing)
            users = [User(shared, number) for number in range(USERS)]
            for user in users:
                user.start()
            for user in users:
                user.join()
            self.assertEqual(shared.wrong, [], f"STAFFETTA_FTP_SEED={SEED}")
            server.stop()
            self.assertIn("sound: ", server.admin("check"))
            tree = next((server.folder / "data/files/accounts").iterdir())
            there = {path.name: path.read_bytes() for path in tree.iterdir()}
        for name, outcomes in shared.unsure.items():
            self.assertIn(there.pop(name, None), outcomes, f"{name}, STAFFETTA_FTP_SEED={SEED}")
        self.assertEqual(sorted(there), sorted(shared.files))
        self.assertEqual([name for name, octets in there.items() if octets != shared.files[name]], [])

    def test_what_is_acknowledged_is_there(self):
        self.play()

    def test_where_partials_are_kept(self):
        self.play("[files]\nkeep_partials = true\n", appends_to_nothing=False)


if __name__ == "__main__":
    unittest.main()
