#!/usr/bin/env python3
"""By hand: nc as a student types it, openssl s_client for STARTTLS, STLS and implicit TLS."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from harness import ALICE, BOB, EXPECT_S, PASSWORDS, ServerTest, letter, run



class ByHand(ServerTest):
    options = "[auth]\nallow_plaintext = true\n"

    def type_into(self, command, lines):
        """Types each line after what it waits for, as at a keyboard; what was seen."""
        script = f"set timeout {EXPECT_S}\nset stty_init -echo\nlog_user 1\nspawn {command}\n"
        for number, (wanted, line) in enumerate(lines):
            script += f"expect timeout {{ exit {10 + number} }} eof {{ exit {40 + number} }} -re {{{wanted}}}\n"
            if line is not None:
                script += f"send -- {{{line}}}\nsend \"\\n\"\n"
        # nc goes on until its input ends as well.
        script += "catch {send \"\\004\"}\nexpect timeout { exit 9 } eof { exit 0 }\n"
        done = run("expect", "-", text=script)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def test_dialogue_of_the_course(self):
        port = self.server.ports["smtp"]
        self.type_into(f"nc -C 127.0.0.1 {port}", [
            (r"220 [^\n]*\n", "HELO crepes.example"), (r"250 [^\n]*\n", f"MAIL FROM: <{ALICE}>"),
            (r"250 [^\n]*\n", f"RCPT TO: <{BOB}>"), (r"250 [^\n]*\n", "DATA"),
            (r"354 [^\n]*\n", "Do you like ketchup?\nHow about pickles?\n."), (r"250 [^\n]*\n", "QUIT"),
            (r"221 [^\n]*\n", None)])
        port = self.server.ports["pop3"]
        self.type_into(f"nc -C 127.0.0.1 {port}", [
            (r"\+OK [^\n]*\n", f"user {BOB}"), (r"\+OK[^\n]*\n", f"pass {PASSWORDS[BOB]}"), (r"\+OK[^\n]*\n", "stat"),
            (r"\+OK 1 \d+\s", "list"), (r"\n1 \d+\s*\n\.\s", "retr 1"),
            (r"Do you like ketchup\?\s+How about pickles\?\s+\.\s", "dele 1"), (r"\+OK[^\n]*\n", "quit"),
            (r"\+OK[^\n]*\n", None)])
        self.assertEqual(self.server.messages(), [])

    def s_client(self, service, *arguments):
        return f"openssl s_client -quiet -crlf -verify_return_error -CAfile {self.server.certificate} " \
               f"-connect localhost:{self.server.ports[service]} {' '.join(arguments)}"

    def test_starttls(self):
        for version in ("-tls1_2", "-tls1_3"):
            with self.subTest(version):
                self.type_into(self.s_client("smtp", "-starttls smtp -name crepes.example", version), [
                    (r"250 [^\n]*\n", "EHLO crepes.example"), (r"250 [^\n]*\n", f"MAIL FROM:<{ALICE}>"),
                    (r"250 2.1.0[^\n]*\n", f"RCPT TO:<{BOB}>"), (r"250 2.1.5[^\n]*\n", "DATA"),
                    (r"354 [^\n]*\n", "Subject: x\n\nover TLS\n."), (r"250 2.0.0[^\n]*\n", "QUIT"),
                    (r"221 [^\n]*\n", None)])
        messages = self.server.messages()
        self.assertEqual(len(messages), 2)
        self.assertIn(b"with ESMTPS", messages[0])

    def test_stls_and_pop3s(self):
        self.server.send(letter())
        for service, arguments in (("pop3", "-starttls pop3"), ("pop3s", "")):
            with self.subTest(service):
                lines = [(r"\S", f"USER {BOB}")] if arguments else [(r"\+OK [^\n]*\n", f"USER {BOB}")]
                self.type_into(self.s_client(service, arguments), lines + [
                    (r"\+OK[^\n]*\n", f"PASS {PASSWORDS[BOB]}"), (r"\+OK[^\n]*\n", "STAT"),
                    (r"\+OK 1 \d+\s", "QUIT"), (r"\+OK[^\n]*\n", None)])

    def test_old_versions_of_tls_are_refused(self):
        done = run("openssl", "s_client", "-connect", f"localhost:{self.server.ports['pop3s']}", "-tls1_1",
                   "-cipher", "DEFAULT@SECLEVEL=0")
        self.assertNotEqual(done.returncode, 0, done.stdout)


if __name__ == "__main__":
    unittest.main()
