#!/usr/bin/env python3
"""curl: SMTP, SMTP with TLS, POP3 and POP3 with TLS, as the README shows them."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from harness import ALICE, BOB, EXPECT_S, PASSWORDS, ServerTest, letter, run


class Curl(ServerTest):
    options = "[auth]\nallow_plaintext = true\n"

    def curl(self, *arguments, text=None, status=0):
        return self.assert_ran(
            run("curl", "-sS", "--max-time", EXPECT_S, "--cacert", self.server.certificate, *arguments, text=text), status)

    def port(self, service):
        return self.server.ports[service]

    def as_bob(self):
        return ["-u", f"{BOB}:{PASSWORDS[BOB]}"]

    def test_smtp_then_pop3(self):
        self.curl(f"smtp://127.0.0.1:{self.port('smtp')}/crepes.example", "--mail-from", ALICE, "--mail-rcpt", BOB,
                  "-T", "-", text=letter())
        listing = self.curl(f"pop3://127.0.0.1:{self.port('pop3')}/", *self.as_bob())
        self.assertRegex(listing, r"^1 \d+\r?\n$")
        message = self.curl(f"pop3://127.0.0.1:{self.port('pop3')}/1", *self.as_bob())
        self.assertIn("Do you like ketchup?", message)

    def test_smtps_and_pop3s(self):
        self.curl(f"smtps://localhost:{self.port('submissions')}/", "-u", f"{ALICE}:{PASSWORDS[ALICE]}", "--mail-from",
                  ALICE, "--mail-rcpt", BOB, "-T", "-", text=letter(subject="over TLS"))
        message = self.curl(f"pop3s://localhost:{self.port('pop3s')}/1", *self.as_bob())
        self.assertIn("Subject: over TLS", message)

    def test_starttls_and_stls(self):
        self.curl(f"smtp://localhost:{self.port('submission')}/", "--ssl-reqd", "-u", f"{ALICE}:{PASSWORDS[ALICE]}",
                  "--mail-from", ALICE, "--mail-rcpt", BOB, "-T", "-", text=letter(subject="upgraded"))
        message = self.curl(f"pop3://localhost:{self.port('pop3')}/1", "--ssl-reqd", *self.as_bob())
        self.assertIn("Subject: upgraded", message)

    def test_download_and_delete(self):
        self.server.send(letter())
        self.curl(f"pop3://127.0.0.1:{self.port('pop3')}/1", *self.as_bob(), "-X", "DELE", "-l")
        self.assertEqual(self.server.messages(), [])

    def test_wrong_password_is_refused(self):
        self.curl(f"pop3://127.0.0.1:{self.port('pop3')}/", "-u", f"{BOB}:wrong", status=67)

    def test_sasl_mechanisms(self):
        for mechanism in ("PLAIN", "LOGIN"):
            with self.subTest(mechanism):
                self.curl(f"pop3s://localhost:{self.port('pop3s')}/", *self.as_bob(), "--login-options",
                          f"AUTH={mechanism}")

    def test_metrics(self):
        self.server.send(letter())
        text = self.curl(f"http://127.0.0.1:{self.port('metrics')}/metrics")
        self.assertRegex(text, r'staffetta_messages_total\{[^}]*protocol="smtp"[^}]*\} [1-9]')
        self.assertIn("# TYPE staffetta_commit_seconds histogram", text)
        self.curl("-f", f"http://127.0.0.1:{self.port('metrics')}/other", status=22)
        self.curl("-f", "-d", "x", f"http://127.0.0.1:{self.port('metrics')}/metrics", status=22)


if __name__ == "__main__":
    unittest.main()
