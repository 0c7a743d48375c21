#!/usr/bin/env python3
"""msmtp sends and mpop fetches: strict TLS, SCRAM, SMTP and POP3 as their author reads the RFCs."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from harness import ALICE, BOB, PASSWORDS, ServerTest, letter, run


class MsmtpAndMpop(ServerTest):
    def msmtp(self, *arguments, auth="on", service="submission", starttls="on"):
        return run("msmtp", "--file=/dev/null", "--host=localhost", f"--port={self.server.ports[service]}",
                   f"--from={ALICE}", "--tls=on", f"--tls-starttls={starttls}",
                   f"--tls-trust-file={self.server.certificate}", f"--auth={auth}", f"--user={ALICE}",
                   f"--passwordeval=echo '{PASSWORDS[ALICE]}'", *arguments, text=letter())

    def test_msmtp_sends(self):
        for auth in ("plain", "login", "scram-sha-1", "scram-sha-256"):
            with self.subTest(auth):
                done = self.msmtp(BOB, auth=auth)
                if "not supported by" in done.stderr and "library" in done.stderr:
                    continue
                self.assert_ran(done)
        self.assertGreaterEqual(len(self.server.messages()), 2)

    def test_msmtp_with_tls_at_once(self):
        self.assert_ran(self.msmtp(BOB, service="submissions", starttls="off"))
        self.assertEqual(len(self.server.messages()), 1)

    def test_msmtp_lists_what_the_server_can(self):
        said = self.assert_ran(self.msmtp("--serverinfo"))
        for feature in ("SIZE", "PIPELINING", "STARTTLS", "AUTH"):
            self.assertIn(feature, said)

    def test_mpop_fetches_and_keeps_then_deletes(self):
        self.server.send(letter())
        box = self.server.folder / "mpop.mbox"
        for keep, left in (("on", 1), ("off", 0)):
            self.assert_ran(self.mpop(box, keep))
            self.assertIn("How about pickles?", box.read_text())
            self.assertEqual(len(self.server.messages()), left)

    def mpop(self, box, keep):
        config = self.server.folder / "mpoprc"
        config.write_text(f"""defaults
auth user
tls on
tls_starttls on
tls_trust_file {self.server.certificate}
account bob
host localhost
port {self.server.ports['pop3']}
user {BOB}
password "{PASSWORDS[BOB]}"
keep {keep}
only_new off
uidls_file {self.server.folder}/uidls-{keep}
delivery mbox {box}
""")
        config.chmod(0o600)
        return run("mpop", f"--file={config}", "bob")


if __name__ == "__main__":
    unittest.main()
