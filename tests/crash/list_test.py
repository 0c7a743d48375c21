#!/usr/bin/env python3
"""Each member exactly once: a server is killed with SIGKILL while it hands a message to the members of a large list.

The members elsewhere are behind a server that is away, so that nothing leaves before the last kill; then it comes
back, and each of them must get one copy, as must the members here. All of it is done a second time with a file
system that loses what was not synced. STAFFETTA_CRASH_KILLS says how often to kill (4 unless told); the seed is
printed, though the kernel's timing has its say too.
"""

import os
import pathlib
import random
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from harness import ALICE, BOB, Server, letter
from smtp_sink import Sink

KILLS = int(os.environ.get("STAFFETTA_CRASH_KILLS", "4"))
SEED = int(os.environ.get("STAFFETTA_CRASH_SEED", str(random.randrange(1 << 32))))
TEAM = "team@crepes.example"
MEMBERS = [f"m{number:05}@far{number % 7}.example" for number in range(18000)]


class KilledInTheMiddle(unittest.TestCase):
    def check(self, forgetful):
        dice = random.Random(SEED)
        if forgetful:
            os.environ["STAFFETTA_FORGET_UNSYNCED"] = "1"
            self.addCleanup(os.environ.pop, "STAFFETTA_FORGET_UNSYNCED")
        sink = Sink()
        options = '[queue]\nretry_first = "1s"\nretry_longest = "1s"\n' + sink.route
        with Server(options=options) as server:
            server.admin("list", "add", TEAM, "--posting", "anybody")
            server.admin("alias", "set", "staff@crepes.example", BOB, MEMBERS[-1])
            server.admin("list", "join", TEAM, ALICE, BOB, "staff@crepes.example")
            for half in MEMBERS[::2], MEMBERS[1::2]:
                server.admin("list", "join", TEAM, *half)
            server.send(letter(recipient=TEAM), sender=MEMBERS[0], recipients=[TEAM])
            for _ in range(KILLS):
                time.sleep(dice.uniform(0, 0.1))  # the instant is the point
                server.kill()
                print("queued at the kill:", server.admin("queue", "list").splitlines()[-1], flush=True)
                server.log.clear()
                server.start()
            with sink:
                sink.wait_for(lambda it: len(it.copies) == len(MEMBERS))
                self.assertEqual(server.stop(), 0)
                self.assertEqual({who: count for who, count in sink.copies.items() if count != 1}, {})
            server.start()
            self.assertEqual(len(server.messages(ALICE)), 1)
            self.assertEqual(len(server.messages(BOB)), 1)
            server.stop()
            self.assertIn("sound", server.admin("check"))

    def test_page_cache_kept(self):
        self.check(forgetful=False)

    def test_unsynced_octets_lost(self):
        self.check(forgetful=True)


if __name__ == "__main__":
    print(f"seed {SEED}, {KILLS} kills each", flush=True)
    unittest.main()
