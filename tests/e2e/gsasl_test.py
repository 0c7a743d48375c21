#!/usr/bin/env python3
"""GNU SASL's client logs in by every mechanism that we share: SCRAM and channel bindings as others read the RFCs."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from harness import BOB, PASSWORDS, Server, ServerTest, run

WITHOUT_TLS_1_3 = "NORMAL:-VERS-TLS1.3"


class Gsasl(ServerTest):
    def gsasl(self, mechanism, *arguments, user=BOB, password=PASSWORDS[BOB]):
        return run("gsasl", "--smtp", "--verbose", f"--connect=localhost:{self.server.ports['submission']}",
                   f"--x509-ca-file={self.server.certificate}", f"--mechanism={mechanism}",
                   f"--authentication-id={user}", f"--password={password}", *arguments)

    def assert_logs_in(self, done):
        said = self.assert_ran(done) + done.stderr
        self.assertIn("235 2.7.0", said)
        self.assertIn("server trusted", said)  # our signature was right

    def assert_refused(self, done):
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("535 5.7.8", done.stdout + done.stderr)

    def test_channel_bindings(self):
        for mechanism in ("SCRAM-SHA-1-PLUS", "SCRAM-SHA-256-PLUS"):
            with self.subTest(mechanism, binding="tls-exporter"):
                self.assert_logs_in(self.gsasl(mechanism))
            with self.subTest(mechanism, binding="tls-unique"):
                self.assert_logs_in(self.gsasl(mechanism, f"--priority={WITHOUT_TLS_1_3}"))

    def test_scram_without_channel_binding(self):
        for mechanism in ("SCRAM-SHA-1", "SCRAM-SHA-256"):
            with self.subTest(mechanism, tls=True):
                self.assert_logs_in(self.gsasl(mechanism, "--no-cb"))
            with self.subTest(mechanism, tls=False):
                self.assert_logs_in(self.gsasl(mechanism, "--no-starttls"))

    def test_passwords_in_clear_need_tls(self):
        for mechanism in ("PLAIN", "LOGIN"):
            with self.subTest(mechanism, tls=True):
                self.assert_logs_in(self.gsasl(mechanism))
            with self.subTest(mechanism, tls=False):
                done = self.gsasl(mechanism, "--no-starttls")
                self.assertNotEqual(done.returncode, 0)
                self.assertNotIn("235 ", done.stdout + done.stderr)

    def test_acting_for_oneself_and_for_another(self):
        for identity in ("", BOB):
            with self.subTest(identity):
                self.assert_logs_in(self.gsasl("SCRAM-SHA-256", "--no-cb", f"--authorization-id={identity}"))
        self.assert_refused(self.gsasl("SCRAM-SHA-256", "--no-cb", "--authorization-id=alice@crepes.example"))

    def test_wrong_password_and_unknown_user_hear_the_same(self):
        for mechanism in ("PLAIN", "SCRAM-SHA-256-PLUS"):
            with self.subTest(mechanism):
                wrong = self.gsasl(mechanism, password="wrong")
                unknown = self.gsasl(mechanism, user="jones@hamburger.example")
                self.assert_refused(wrong)
                self.assert_refused(unknown)
                self.assertEqual(self.refusal(wrong), self.refusal(unknown))

    @staticmethod
    def refusal(done):
        return [line for line in (done.stdout + done.stderr).splitlines() if line.startswith("535")]


class External(unittest.TestCase):
    """A client certificate instead of a password: its rfc822Name is who it is."""

    def setUp(self):
        self.server = Server()
        self.make_certificates()
        text = self.server.config.read_text()
        self.server.config.write_text(text.replace("[tls]\n", '[tls]\nclient_ca = "ca.pem"\n'))
        self.server.__enter__()
        self.addCleanup(self.server.__exit__, None, None, None)

    def openssl(self, *arguments):
        done = run("openssl", *arguments, cwd=self.server.folder)
        self.assertEqual(done.returncode, 0, done.stderr)

    def make_certificates(self):
        key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
        self.openssl("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=Ours", "-days", "30")
        self.openssl("req", *key, "-keyout", "bob.key", "-out", "bob.csr", "-subj", "/CN=Bob")
        (self.server.folder / "names").write_text(f"subjectAltName=email:{BOB}\n")
        self.openssl("x509", "-req", "-in", "bob.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
                     "-extfile", "names", "-days", "30", "-out", "bob.pem")

    def gsasl(self, *arguments, identity=""):
        return run("gsasl", "--smtp", "--verbose", f"--connect=localhost:{self.server.ports['submission']}",
                   f"--x509-ca-file={self.server.certificate}", "--mechanism=EXTERNAL",
                   f"--authorization-id={identity}", *arguments)

    def test_external(self):
        certificate = (f"--x509-cert-file={self.server.folder}/bob.pem", f"--x509-key-file={self.server.folder}/bob.key")
        for identity in ("", BOB):
            with self.subTest(identity):
                done = self.gsasl(*certificate, identity=identity)
                self.assertIn("235 2.7.0", done.stdout + done.stderr)
        for arguments, identity in ((certificate, "alice@crepes.example"), ((), BOB)):
            with self.subTest(identity, certificate=bool(arguments)):
                done = self.gsasl(*arguments, identity=identity)
                self.assertNotIn("235 ", done.stdout + done.stderr)
                self.assertNotEqual(done.returncode, 0)


if __name__ == "__main__":
    unittest.main()
