#!/usr/bin/env python3
"""Python's smtplib and poplib: the whole path, and what only a library can check in detail."""

import pathlib
import poplib
import smtplib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from harness import ALICE, BOB, PASSWORDS, PATIENCE_S, ServerTest, letter


class Python(ServerTest):
    options = "[auth]\nallow_plaintext = true\n"

    def submission(self):
        client = smtplib.SMTP("localhost", self.server.ports["submission"], timeout=PATIENCE_S)
        client.starttls(context=self.server.tls())
        client.login(ALICE, PASSWORDS[ALICE])
        return client

    def test_message_arrives_whole(self):
        body = "".join(f"line {n}\r\n.{n}\r\n" for n in range(5000))
        self.server.send(letter(body=body))
        (message,) = self.server.messages()
        self.assertTrue(message.startswith(b"Return-Path: <alice@crepes.example>\r\nReceived: from "), message[:200])
        self.assertTrue(message.endswith(body.encode()), message[-200:])

    def test_extensions_are_announced(self):
        with smtplib.SMTP("127.0.0.1", self.server.ports["smtp"], timeout=PATIENCE_S) as client:
            client.ehlo("crepes.example")
            for extension in ("pipelining", "size", "8bitmime", "smtputf8", "chunking", "starttls",
                              "enhancedstatuscodes"):
                self.assertTrue(client.has_extn(extension), extension)

    def test_submission_after_starttls(self):
        with self.submission() as client:
            self.assertEqual(client.sendmail(ALICE, [BOB], letter()), {})
        (message,) = self.server.messages()
        self.assertIn(b"ESMTPSA", message)
        self.assertIn(b"\r\nMessage-ID: <", message)
        self.assertIn(b"\r\nDate: ", message)

    def test_submission_with_tls_at_once(self):
        with smtplib.SMTP_SSL("localhost", self.server.ports["submissions"], timeout=PATIENCE_S,
                              context=self.server.tls()) as client:
            client.login(ALICE, PASSWORDS[ALICE])
            client.sendmail(ALICE, [BOB], letter())
        self.assertEqual(len(self.server.messages()), 1)

    def test_bcc_is_taken_off_on_submission(self):
        with self.submission() as client:
            client.sendmail(ALICE, [BOB], "Bcc: secret@crepes.example\r\n" + letter())
        (message,) = self.server.messages()
        self.assertNotIn(b"secret@", message)

    def test_sender_must_be_ones_own(self):
        with self.submission() as client:
            with self.assertRaises(smtplib.SMTPSenderRefused):
                client.sendmail(BOB, [BOB], letter())

    def test_wrong_password_is_535(self):
        with smtplib.SMTP("localhost", self.server.ports["submission"], timeout=PATIENCE_S) as client:
            client.starttls(context=self.server.tls())
            with self.assertRaises(smtplib.SMTPAuthenticationError) as refused:
                client.login(ALICE, "wrong")
            self.assertEqual(refused.exception.smtp_code, 535)

    def test_submission_without_login_is_refused(self):
        with smtplib.SMTP("localhost", self.server.ports["submission"], timeout=PATIENCE_S) as client:
            client.ehlo()
            self.assertEqual(client.mail(ALICE)[0], 530)

    def test_relaying_is_denied(self):
        with smtplib.SMTP("127.0.0.1", self.server.ports["smtp"], timeout=PATIENCE_S) as client:
            client.ehlo()
            client.mail("pippo@microsoft.example")
            code, text = client.rcpt("ribaudo@katamail.example")
            self.assertEqual((code, text[:5]), (550, b"5.7.1"))
            self.assertEqual(client.rcpt("nobody@hamburger.example")[0], 550)
            self.assertEqual(client.rcpt(BOB)[0], 250)

    def test_several_recipients_get_one_message_each(self):
        self.server.send(letter(), recipients=[BOB, ALICE])
        self.assertEqual(len(self.server.messages(BOB)), 1)
        self.assertEqual(len(self.server.messages(ALICE)), 1)

    def test_lmtp_answers_for_each_recipient(self):
        with smtplib.LMTP("127.0.0.1", self.server.ports["lmtp"]) as client:
            refused = client.sendmail("green@elsewhere.example", [BOB, "nobody@hamburger.example"], letter())
        self.assertEqual(list(refused), ["nobody@hamburger.example"])
        self.assertEqual(len(self.server.messages()), 1)

    def test_smtputf8(self):
        with smtplib.SMTP("127.0.0.1", self.server.ports["smtp"], timeout=PATIENCE_S) as client:
            client.ehlo()
            client.sendmail("jörg@crêpes.example", [BOB], letter(subject="Crêpes").encode(),
                            mail_options=["SMTPUTF8", "BODY=8BITMIME"])
        (message,) = self.server.messages(utf8=True)
        self.assertIn("Crêpes".encode(), message)
        # RFC 6856 1.2: who did not say UTF8 gets a surrogate in US-ASCII.
        (surrogate,) = self.server.messages()
        self.assertIn(b"Subject: =?utf-8?Q?Cr=C3=AApes?=", surrogate)
        self.assertTrue(surrogate.isascii())

    def test_pop3_keeps_and_deletes(self):
        for number in range(3):
            self.server.send(letter(subject=str(number)))
        drop = self.server.open_maildrop()
        before = drop.uidl()[1]
        self.assertEqual(drop.stat()[0], 3)
        self.assertIn(b"Subject: 1", b"\n".join(drop.top(2, 0)[1]))
        drop.dele(2)
        drop.quit()
        drop = self.server.open_maildrop()
        self.assertEqual([line.split()[1] for line in drop.uidl()[1]],
                         [before[0].split()[1], before[2].split()[1]])
        drop.quit()

    def test_pop3_without_quit_deletes_nothing(self):
        self.server.send(letter())
        drop = self.server.open_maildrop()
        drop.dele(1)
        drop.close()
        self.assertEqual(len(self.server.messages()), 1)

    def test_pop3_stls(self):
        drop = poplib.POP3("localhost", self.server.ports["pop3"], timeout=PATIENCE_S)
        self.assertIn("STLS", drop.capa())
        drop.stls(context=self.server.tls())
        drop.user(BOB)
        drop.pass_(PASSWORDS[BOB])
        self.assertEqual(drop.stat(), (0, 0))
        drop.quit()

    def test_message_of_30_mib_streams(self):
        body = ("x" * 998 + "\r\n") * (30 * 1024)
        self.server.send(letter(body=body))
        (message,) = self.server.messages()
        self.assertTrue(message.endswith(body.encode()))


if __name__ == "__main__":
    unittest.main()
