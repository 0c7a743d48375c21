#!/usr/bin/env python3
"""swaks, the mail administrator's knife: STARTTLS, implicit TLS, every mechanism, LMTP, pipelining."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from harness import ALICE, BOB, EXPECT_S, PASSWORDS, ServerTest, run


class Swaks(ServerTest):
    def swaks(self, service, *arguments, status=0):
        done = run("swaks", "--server", "127.0.0.1", "--port", self.server.ports[service], "--from", ALICE, "--to", BOB,
                   "--timeout", f"{EXPECT_S}s", *arguments)
        self.assert_ran(done, status)
        return done.stdout

    def login(self):
        return ["-au", ALICE, "-ap", PASSWORDS[ALICE]]

    def test_plain_delivery(self):
        self.swaks("smtp", "--helo", "crepes.example", "--body", "from swaks")
        (message,) = self.server.messages()
        self.assertIn(b"from swaks", message)
        self.assertIn(b"with ESMTP", message)

    def test_starttls_with_each_mechanism(self):
        for mechanism in ("PLAIN", "LOGIN"):
            with self.subTest(mechanism):
                said = self.swaks("submission", "-tls", "--auth", mechanism, *self.login())
                self.assertIn("235", said)
        self.assertEqual(len(self.server.messages()), 2)

    def test_tls_at_once(self):
        self.swaks("submissions", "-tlsc", "--auth", "PLAIN", *self.login())
        self.assertEqual(len(self.server.messages()), 1)

    def test_no_password_in_clear(self):
        said = self.swaks("submission", "--auth", "PLAIN", *self.login(), status=28)
        self.assertNotIn("AUTH PLAIN", said.split("EHLO")[1])

    def test_pipelining(self):
        self.swaks("smtp", "--pipeline")
        self.assertEqual(len(self.server.messages()), 1)

    def test_lmtp(self):
        self.swaks("lmtp", "--protocol", "LMTP")
        self.assertEqual(len(self.server.messages()), 1)

    def test_unknown_recipient(self):
        done = run("swaks", "--server", "127.0.0.1", "--port", self.server.ports["smtp"], "--from", ALICE, "--to",
                   "nobody@hamburger.example")
        self.assertEqual(done.returncode, 24, done.stdout)
        self.assertIn("550 5.1.1", done.stdout)


if __name__ == "__main__":
    unittest.main()
