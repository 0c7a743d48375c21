#!/usr/bin/env python3
"""Never lost on the way out: a relay is killed with SIGKILL at random instants and started again.

Many connections send numbered messages for people here and elsewhere and note each 250; a sink takes what is for
elsewhere, and now and then refuses for a while, or takes a message and hangs up before it says so. In the end every
noted message must have reached each of its recipients whole. A copy more is only right where its 250 can have
been lost: the sink hung up, or the relay was killed in between. All of it is done a second time with a file system
that loses what was not synced with the process. STAFFETTA_CRASH_KILLS says how often (4 unless told).
"""

import hashlib
import os
import pathlib
import random
import re
import smtplib
import sys
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
import smtp_sink
from harness import ALICE, BOB, PATIENCE_S, Server

KILLS = int(os.environ.get("STAFFETTA_CRASH_KILLS", "4"))
SEED = int(os.environ.get("STAFFETTA_CRASH_SEED", str(random.randrange(1 << 32))))
CONNECTIONS = 8
FAR = [f"user{number}@far{domain}.example" for domain in range(3) for number in range(3)]


class Copy:
    """One arrival: the digest of what came, the reign of the relay it came in, and whether its 250 was heard: a relay
    that goes on with the dialogue heard it, one that was killed behind what it had written did not."""

    def __init__(self, digest, reign):
        self.digest, self.reign, self.heard = digest, reign, False


class Sink(smtp_sink.Sink):
    extensions = ["PIPELINING", "8BITMIME"]

    def __init__(self):
        super().__init__()
        self.reign = 0  # how often the relay was killed
        self.arrived = {}  # (number, recipient): [Copy]
        self.dice = random.Random(SEED)

    def refusal(self, recipient):
        return "451 4.2.0 later, please" if self.dice.random() < 0.03 else None

    def hangs_up(self):
        return self.dice.random() < 0.02

    def go_on(self, taken):
        for copy in taken or []:
            copy.heard = True

    def take(self, sender, recipients, text):
        header, body = text.split(b"\r\n\r\n", 1)
        number = int(re.search(rb"^X-Number: (\d+)", header, re.MULTILINE)[1])
        digest = hashlib.sha256(body).hexdigest()
        with self.changed:
            copies = [Copy(digest, self.reign) for _ in recipients]
            for recipient, copy in zip(recipients, copies):
                self.arrived.setdefault((number, recipient), []).append(copy)
            self.changed.notify_all()
        return copies


class Loader(threading.Thread):
    """Sends until it is told to end; what it sent and what was acknowledged all loaders share."""

    lock = threading.Lock()
    next_number = 0

    def __init__(self, server, seed, sent, acknowledged, ended):
        super().__init__(daemon=True)
        self.server, self.dice = server, random.Random(seed)
        self.sent, self.acknowledged, self.ended = sent, acknowledged, ended

    def draw(self):
        with Loader.lock:
            Loader.next_number += 1
            number = Loader.next_number
        far = self.dice.sample(FAR, self.dice.randint(1, 4))
        line = f"{number:08d}" * 8
        body = "\r\n".join([line] * (self.dice.choice([200, 4000, 60_000]) // len(line) + 1)) + "\r\n"
        self.sent[number] = hashlib.sha256(body.encode()).hexdigest()
        return number, far, f"X-Number: {number}\r\n\r\n{body}"

    def run(self):
        while not self.ended.is_set():
            try:
                with smtplib.SMTP("127.0.0.1", self.server.ports["smtp"], timeout=PATIENCE_S) as peer:
                    for _ in range(self.dice.randint(1, 30)):
                        if self.ended.is_set():
                            break
                        number, far, text = self.draw()
                        peer.sendmail(ALICE, [*far, BOB], text)
                        with Loader.lock:
                            self.acknowledged[number] = far
            except (KeyError, OSError, smtplib.SMTPException):
                self.ended.wait(0.02)  # the server is away: that is what this is about


class Relaying(unittest.TestCase):
    def test_killed_again_and_again(self):
        self.crash("page cache kept")

    def test_unsynced_octets_lost(self):
        os.environ["STAFFETTA_FORGET_UNSYNCED"] = "1"
        try:
            self.crash("unsynced octets lost")
        finally:
            del os.environ["STAFFETTA_FORGET_UNSYNCED"]

    def crash(self, what):
        print(f"seed {SEED}, {KILLS} kills: {what}", flush=True)
        dice = random.Random(SEED)
        sink = self.enterContext(Sink())
        route = f'to = "127.0.0.1:{sink.port}"\ntls = "never"\n'
        server = Server(options='[queue]\nrelay_networks = ["127.0.0.1"]\nretry_first = "1s"\nretry_longest = "2s"\n'
                        + "".join(f'[[route]]\ndomain = "far{n}.example"\n{route}' for n in range(3)))
        sent, acknowledged, ended = {}, {}, threading.Event()
        with server:
            loaders = [Loader(server, dice.randrange(1 << 32), sent, acknowledged, ended) for _ in range(CONNECTIONS)]
            for loader in loaders:
                loader.start()
            for _ in range(KILLS):
                self.wait_for_arrivals(sink, dice.randint(1, 300))
                server.kill()
                sink.reign += 1
                server.start()
            self.wait_for_arrivals(sink, 50)
            ended.set()
            for loader in loaders:
                loader.join(PATIENCE_S)
            self.wait_for_all(sink, acknowledged)
            self.assertEqual(server.stop(), 0)
            self.assertRegex(server.admin("check"), "^sound: ")
        doubles = self.judge(sink, sent)
        print(f"{len(sent)} sent, {len(acknowledged)} acknowledged, {sum(map(len, sink.arrived.values()))} arrivals, "
              f"{doubles} of them again", flush=True)

    def wait_for_arrivals(self, sink, count):
        with sink.changed:
            goal = len(sink.arrived) + count
            self.assertTrue(sink.changed.wait_for(lambda: len(sink.arrived) >= goal, PATIENCE_S), "no progress")

    def wait_for_all(self, sink, acknowledged):
        wanted = {(number, recipient) for number, far in acknowledged.items() for recipient in far}
        with sink.changed:
            while not wanted <= sink.arrived.keys() and sink.changed.wait(PATIENCE_S):
                pass  # for as long as messages come
            self.assertEqual(sorted(wanted - sink.arrived.keys())[:10], [], "acknowledged, and lost")

    def judge(self, sink, sent):
        doubles = 0
        for (number, recipient), copies in sink.arrived.items():
            for copy in copies:
                self.assertEqual(copy.digest, sent.get(number), f"message {number} is not whole")
            for one, next_one in zip(copies, copies[1:]):
                doubles += 1
                self.assertTrue(not one.heard or one.reign < next_one.reign,
                                f"message {number} came again to {recipient}, though its 250 was heard")
        return doubles


if __name__ == "__main__":
    unittest.main()
