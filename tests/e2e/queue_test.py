#!/usr/bin/env python3
"""`staffetta queue` on a running server with a destination that nobody answers for: where is my message, and why?"""

import json
import pathlib
import smtplib
import socket
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from harness import ALICE, BOB, PATIENCE_S, Server, letter


class Queue(unittest.TestCase):
    def setUp(self):
        nobody = socket.socket()
        self.addCleanup(nobody.close)
        nobody.bind(("127.0.0.1", 0))  # and does not listen
        self.place = f"127.0.0.1:{nobody.getsockname()[1]}"
        self.server = Server(options='[queue]\nrelay_networks = ["127.0.0.1"]\n'
                             f'[[route]]\ndomain = "away.example"\nto = "{self.place}"\n')
        self.server.__enter__()
        self.addCleanup(self.server.__exit__, None, None, None)

    def queue(self, *arguments, status=0):
        return self.server.admin("queue", *arguments, status=status)

    def listed(self, *arguments):
        return json.loads(self.queue("list", "--json", *arguments))

    def test_tells_where_a_message_is_and_why(self):
        self.server.send(letter(), recipients=["smith@away.example", "jones@away.example"])
        self.server.wait_for_log("destination unreachable")
        [smith, jones] = self.listed()
        self.assertEqual((smith["recipient"], jones["recipient"]), ("smith@away.example", "jones@away.example"))
        self.assertEqual(smith["state"], "waiting")
        shown = self.queue("show", smith["queue_id"])
        self.assertIn("Connection refused", shown)
        self.assertIn("next attempt in", shown)
        self.assertIn("2 recipients  unreachable for", self.queue("destinations"))
        self.assertEqual(len(self.listed("--recipient", "smith@away.example")), 1)
        self.assertEqual(len(self.listed("--sender", "@crepes.example")), 2)
        self.assertEqual(len(self.listed("--sender", BOB)), 0)
        self.assertEqual(len(self.listed("--destination", f"smtp:{self.place}")), 2)
        self.assertEqual(len(self.listed("--older-than", "1h")), 0)

    def test_holds_releases_and_returns(self):
        self.server.send(letter(), recipients=["smith@away.example", "jones@away.example"])
        self.server.wait_for_log("destination unreachable")
        self.assertEqual(self.queue("hold", "--recipient", "smith@away.example"), "1 recipient\n")
        self.assertEqual([one["recipient"] for one in self.listed("--held")], ["smith@away.example"])
        self.assertEqual(self.queue("bounce", "--recipient", "jones@away.example"), "1 recipient\n")
        [notice] = self.wait_for_messages(ALICE, 1)
        self.assertIn(b"returned by the administrator", notice)
        self.assertEqual(self.queue("release", "--all"), "1 recipient\n")
        self.assertEqual(self.queue("remove", "--all"), "1 recipient\n")
        self.assertEqual(self.queue("list"), "the queue is empty\n")

    def wait_for_messages(self, user, count):
        """A notice is no event of the log; the queue that is done with its message is what to wait for."""
        while any(one["state"] == "returned" for one in self.listed()):
            pass
        messages = self.server.messages(user)
        self.assertEqual(len(messages), count)
        return messages

    def test_shows_the_begin_of_a_long_queue(self):
        with smtplib.SMTP("127.0.0.1", self.server.ports["smtp"], timeout=PATIENCE_S) as client:
            for number in range(11):
                client.sendmail(ALICE, [f"member{number}-{i}@away.example" for i in range(100)], letter())
        end = self.queue("list")[-300:]
        self.assertIn("... and 100 recipients more", end)
        self.assertTrue(end.endswith("11 messages for 1100 recipients\n"), end)
        self.assertEqual(len(self.listed()), 1100)


if __name__ == "__main__":
    unittest.main()
