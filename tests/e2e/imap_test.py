#!/usr/bin/env python3
"""IMAP through real clients: Python's imaplib, curl, and what phones do."""

import imaplib
import pathlib
import re
import socket
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from harness import ALICE, BOB, PASSWORDS, PATIENCE_S, SERVICES, ServerTest, letter, run


class ImapTest(ServerTest):
    options = "[auth]\nallow_plaintext = true\n"
    services = [*SERVICES, "imap", "imaps"]

    def open(self, user=BOB):
        client = imaplib.IMAP4_SSL("localhost", self.server.ports["imaps"], timeout=PATIENCE_S,
                                   ssl_context=self.server.tls())
        self.addCleanup(client.shutdown)
        client.login(user, PASSWORDS[user])
        return client

    def ok(self, answer):
        status, data = answer
        self.assertEqual(status, "OK", data)
        return data


class Imaplib(ImapTest):
    def test_starttls_and_login(self):
        client = imaplib.IMAP4("localhost", self.server.ports["imap"], timeout=PATIENCE_S)
        self.assertIn("STARTTLS", client.capabilities)
        self.ok(client.starttls(self.server.tls()))
        self.assertNotIn("STARTTLS", client.capabilities)
        self.ok(client.authenticate("PLAIN", lambda _: f"\0{BOB}\0{PASSWORDS[BOB]}".encode()))
        client.logout()

    def test_wrong_password(self):
        client = imaplib.IMAP4("localhost", self.server.ports["imap"], timeout=PATIENCE_S)
        with self.assertRaisesRegex(imaplib.IMAP4.error, "AUTHENTICATIONFAILED"):
            client.login(BOB, "wrong")
        client.logout()

    def test_message_arrives_whole(self):
        body = "".join(f"line {n}\r\n" for n in range(20000))
        self.server.send(letter(body=body))
        client = self.open()
        self.assertEqual(self.ok(client.select()), [b"1"])
        (_, message), _ = self.ok(client.fetch("1", "(BODY.PEEK[])"))
        self.assertTrue(message.endswith(body.encode()), message[-200:])
        self.assertEqual(self.server.messages(), [message])
        (_, part), _ = self.ok(client.fetch("1", "(BODY.PEEK[TEXT]<5.4>)"))
        self.assertEqual(part, b"0\r\nl")

    def test_big_append_is_refused_before_it_is_sent(self):
        client = self.open()
        client.send(b"x1 APPEND INBOX {99000000}\r\n")
        self.assertRegex(client.readline(), rb"x1 NO \[TOOBIG\]")
        self.ok(client.noop())


class Idle(ImapTest):
    def setUp(self):
        super().setUp()
        self.socket = socket.create_connection(("127.0.0.1", self.server.ports["imap"]), PATIENCE_S)
        self.addCleanup(self.socket.close)
        self.lines = self.socket.makefile("rb")
        self.lines.readline()

    def say(self, text):
        self.socket.sendall(text.encode())

    def hear(self, pattern):
        """Lines up to one that matches."""
        heard = b""
        while True:
            line = self.lines.readline()
            heard += line
            if not line or re.match(pattern.encode(), line):
                self.assertTrue(line, heard)
                return heard

    def test_delivery_is_told(self):
        self.say(f'a LOGIN {BOB} "{PASSWORDS[BOB]}"\r\nb SELECT INBOX\r\nc IDLE\r\n')
        self.hear(r"\+ ")
        self.server.send(letter())
        self.hear(r"\* 1 EXISTS")
        other = self.open()
        other.select()
        other.store("1", "+FLAGS", r"(\Flagged \Deleted)")
        self.hear(r"\* 1 FETCH .*\\Flagged \\Deleted")
        other.expunge()
        self.hear(r"\* 1 EXPUNGE")
        self.say("DONE\r\nd NOOP\r\n")
        self.hear("c OK")
        self.hear("d OK")

    def test_a_phone_pipelines_amid_idle(self):
        self.say(f'a LOGIN {BOB} "{PASSWORDS[BOB]}"\r\nb SELECT INBOX\r\nc IDLE\r\nDONE\r\nd IDLE\r\nDONE\r\n'
                 "e UID FETCH 1:* FLAGS\r\nf IDLE\r\nDONE\r\ng LOGOUT\r\n")
        heard = self.hear("g OK")
        self.assertEqual(re.findall(rb"^(\w) OK", heard, re.M), [b"a", b"b", b"c", b"d", b"e", b"f", b"g"])

    def test_stop_says_goodbye(self):
        self.say(f'a LOGIN {BOB} "{PASSWORDS[BOB]}"\r\nb SELECT INBOX\r\nc IDLE\r\n')
        self.hear(r"\+ ")
        self.server.stop()
        self.hear(r"\* BYE")
        self.server.start()

    def test_thirty_connections_of_one_person(self):
        clients = [self.open() for _ in range(30)]
        for client in clients:
            self.ok(client.select())


class Curl(ImapTest):
    def curl(self, *arguments):
        return self.assert_ran(run("curl", "-sS", "--max-time", "100", "--cacert", self.server.certificate, "-u",
                                   f"{BOB}:{PASSWORDS[BOB]}", *arguments))

    def test_reads_and_uploads(self):
        self.server.send(letter())
        url = f"imaps://localhost:{self.server.ports['imaps']}"
        self.assertIn("Do you like ketchup?", self.curl(f"{url}/INBOX;MAILINDEX=1"))
        self.assertIn("Subject: Ketchup", self.curl(f"{url}/INBOX;MAILINDEX=1;SECTION=HEADER"))
        draft = self.server.folder / "draft"
        draft.write_bytes(letter(subject="draft").replace("\n", "\r\n").encode())
        self.curl(f"{url}/Drafts", "-T", draft)
        self.assertIn("Subject: draft", self.curl(f"{url}/Drafts;MAILINDEX=1"))
        self.assertIn("INBOX", self.curl(f"imap://localhost:{self.server.ports['imap']}/", "--ssl-reqd"))


if __name__ == "__main__":
    unittest.main()
