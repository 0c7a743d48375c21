#!/usr/bin/env python3
"""Never lost: a loaded server is killed with SIGKILL at random instants and started again.

Many SMTP connections send numbered messages and note each 250. After the last kill every noted message
must be in its mailbox exactly once and whole, what was not noted at most once and whole, and
`staffetta check` must find nothing. SIGKILL leaves the page cache alone, so all of it is done a second
time with a file system that loses what was not synced with the process. STAFFETTA_CRASH_KILLS says how often (10 unless told); the seed is
printed, though the kernel's timing has its say too.
"""

import hashlib
import os
import pathlib
import poplib
import random
import smtplib
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from harness import ALICE, PATIENCE_S, Server

KILLS = int(os.environ.get("STAFFETTA_CRASH_KILLS", "10"))
SEED = int(os.environ.get("STAFFETTA_CRASH_SEED", str(random.randrange(1 << 32))))
CONNECTIONS = 12
USERS = [f"user{i}@crepes.example" for i in range(3)]
PASSWORD = "crash-password"
poplib._MAXLINE = 100_000


class Loader:
    """Sends until it is told to end; remembers what it sent and what was acknowledged."""

    def __init__(self, server):
        self.server = server
        self.lock = threading.Lock()
        self.ended = threading.Event()
        self.next_number = 1
        self.sent = {}  # number: (digest of the body, recipients)
        self.acknowledged = set()
        self.new_acknowledgement = threading.Condition(self.lock)

    def draw(self, dice):
        with self.lock:
            number = self.next_number
            self.next_number += 1
            recipients = frozenset(dice.sample(USERS, dice.randint(1, len(USERS))))
            # Small ones ride in the journal's commit, the largest stream as extents of their own.
            size = dice.choice([200, 4000, 100_000, 2_500_000] if dice.random() < 0.05 else [200, 4000, 20_000])
            line = f"{number:010d}" * 7
            body = "\r\n".join([line] * (size // len(line) + 1)) + "\r\n"
            self.sent[number] = (hashlib.sha256(body.encode()).hexdigest(), recipients)
        return number, recipients, body

    def run(self, seed):
        dice = random.Random(seed)
        while not self.ended.is_set():
            try:
                with smtplib.SMTP("127.0.0.1", self.server.ports["smtp"], timeout=PATIENCE_S) as peer:
                    for _ in range(dice.randint(1, 50)):
                        if self.ended.is_set():
                            break
                        number, recipients, body = self.draw(dice)
                        peer.sendmail(ALICE, sorted(recipients), f"X-Number: {number}\r\n\r\n{body}")
                        with self.lock:
                            self.acknowledged.add(number)
                            self.new_acknowledgement.notify_all()
            except (KeyError, OSError, smtplib.SMTPException):
                self.ended.wait(0.02)  # the server is away: that is what this is about

    def wait_for_progress(self, count):
        """Returns when `count` more messages have been acknowledged since the call."""
        with self.lock:
            goal = len(self.acknowledged) + count
            if not self.new_acknowledgement.wait_for(lambda: len(self.acknowledged) >= goal, timeout=PATIENCE_S):
                sys.exit("FAILED: no progress")


def verify(server, loader):
    found = {user: {} for user in USERS}
    for user in USERS:
        drop = poplib.POP3("127.0.0.1", server.ports["pop3"], timeout=PATIENCE_S)
        drop.user(user)
        drop.pass_(PASSWORD)
        for index in range(1, drop.stat()[0] + 1):
            lines = drop.retr(index)[1]
            split = lines.index(b"")
            number = int(next(l for l in lines[:split] if l.startswith(b"X-Number: "))[10:])
            digest = hashlib.sha256(b"".join(l + b"\r\n" for l in lines[split + 1:])).hexdigest()
            found[user].setdefault(number, []).append(digest)
        drop.quit()
    faults = []
    for number, (digest, recipients) in loader.sent.items():
        for user in USERS:
            got = found[user].pop(number, [])
            if len(got) > 1:
                faults.append(f"message {number} is {len(got)} times in {user}")
            if any(d != digest for d in got):
                faults.append(f"message {number} in {user} is not whole")
            if got and user not in recipients:
                faults.append(f"message {number} is in {user}, who was no recipient")
            if not got and user in recipients and number in loader.acknowledged:
                faults.append(f"message {number} to {user} was acknowledged and is lost")
    faults += [f"{user} holds message {number} that nobody sent" for user in USERS for number in found[user]]
    return faults


def crash(dice, forgetful):
    server = Server(services=["smtp", "pop3"], options="[auth]\nallow_plaintext = true\n",
                    people={user: PASSWORD for user in USERS})
    if forgetful:
        os.environ["STAFFETTA_FORGET_UNSYNCED"] = "1"
    with server:
        loader = Loader(server)
        threads = [threading.Thread(target=loader.run, args=(dice.randrange(1 << 32),), daemon=True)
                   for _ in range(CONNECTIONS)]
        for thread in threads:
            thread.start()
        for _ in range(KILLS):
            loader.wait_for_progress(dice.randint(1, 400))
            server.kill()
            server.log.clear()
            server.start()
        loader.wait_for_progress(50)
        server.kill()
        loader.ended.set()
        for thread in threads:
            thread.join(PATIENCE_S)
        report = server.admin("check")
        server.start()
        faults = verify(server, loader)
        server.stop()
    os.environ.pop("STAFFETTA_FORGET_UNSYNCED", None)
    what = "unsynced octets lost" if forgetful else "page cache kept"
    print(f"{what}: {len(loader.sent)} sent, {len(loader.acknowledged)} acknowledged; check: {report.strip()}", flush=True)
    return faults


def main():
    print(f"seed {SEED}, {KILLS} kills each", flush=True)
    dice = random.Random(SEED)
    faults = crash(dice, forgetful=False) + crash(dice, forgetful=True)
    for fault in faults[:20]:
        print(f"FAILED: {fault}")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
