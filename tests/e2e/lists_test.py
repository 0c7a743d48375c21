#!/usr/bin/env python3
"""Mailing lists, forwarding and "send later" with the real program: members here, and elsewhere behind a sink."""

import datetime
import email
import email.policy
import pathlib
import smtplib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from harness import ALICE, BOB, PASSWORDS, PATIENCE_S, ServerTest, letter
from smtp_sink import Sink

TEAM = "team@crepes.example"
SMITH, JONES = "smith@elsewhere.example", "jones@elsewhere.example"


def logged_at(line):
    return datetime.datetime.fromisoformat(line.split()[0])


class Lists(ServerTest):
    @classmethod
    def setUpClass(cls):
        cls.sink = Sink(strangers={JONES}).open()
        cls.options = "[queue]\nretry_first = \"1s\"\n" + cls.sink.route
        super().setUpClass()
        cls.server.admin("account", "set", BOB, "--administrator")

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        cls.sink.close()

    def setUp(self):
        super().setUp()
        self.sink.letters.clear()
        self.sink.copies.clear()
        self.server.log.clear()

    def submit(self, text, recipients, options=(), rcpt_options=()):
        with smtplib.SMTP("localhost", self.server.ports["submission"], timeout=PATIENCE_S) as client:
            client.starttls(context=self.server.tls())
            client.login(ALICE, PASSWORDS[ALICE])
            return client.sendmail(ALICE, recipients, text, mail_options=options, rcpt_options=rcpt_options)

    def make_list(self, name, *members):
        self.server.admin("list", "add", name, "--description", "The kitchen team")
        self.addCleanup(self.server.admin, "list", "remove", name)
        self.server.admin("list", "join", name, *members)

    def test_each_member_gets_a_copy(self):
        self.make_list(TEAM, ALICE, BOB, SMITH)
        text = letter(recipient=TEAM)
        self.submit(text, [TEAM], rcpt_options=["NOTIFY=SUCCESS"])
        self.sink.wait_for(lambda sink: sink.copies[SMITH] == 1)
        self.server.wait_for_log(r"delivered .*team@crepes\.example")
        sender, recipients, outside = self.sink.letters[0]
        self.assertEqual((sender, recipients), ("team-bounces@crepes.example", [SMITH]))
        [bobs] = self.server.messages(BOB)
        for copy in (outside, bobs):
            message = email.message_from_bytes(copy, policy=email.policy.default)
            self.assertEqual(message["List-Id"], "The kitchen team <team.crepes.example>")
            self.assertEqual(message["List-Post"], f"<mailto:{TEAM}>")
            self.assertEqual(message["From"], f"Alice <{ALICE}>")
            self.assertEqual(copy.split(b"\r\n\r\n", 1)[1], text.split("\r\n\r\n", 1)[1].encode())
        self.assertTrue(bobs.startswith(b"Return-Path: <team-bounces@crepes.example>\r\n"))
        mine = [email.message_from_bytes(m) for m in self.server.messages(ALICE)]
        told = [m for m in mine if m.get_content_type() == "multipart/report"]
        self.assertEqual(len(mine), 2)
        self.assertEqual(told[0].get_payload()[1].get_payload()[1]["Action"], "delivered")

    def test_strangers_are_refused_at_rcpt(self):
        self.make_list(TEAM, BOB, SMITH)
        with self.assertRaises(smtplib.SMTPRecipientsRefused) as refused:
            self.server.send(letter(), sender="eve@elsewhere.example", recipients=[TEAM])
        self.assertEqual(refused.exception.recipients[TEAM][0], 550)
        self.server.send(letter(), sender=SMITH, recipients=[TEAM])
        self.sink.wait_for(lambda sink: sink.copies[SMITH] == 1)

    def test_what_cannot_be_delivered_is_told_to_the_owners(self):
        self.make_list(TEAM, ALICE, JONES)
        self.server.admin("list", "join", TEAM, BOB, "--owner")
        self.server.admin("list", "set", TEAM, "--suspend-after", "1")
        self.submit(letter(recipient=TEAM), [TEAM])
        self.server.wait_for_log(r"failed .*jones@elsewhere\.example")
        self.server.wait_for_log(r"delivered .*team-bounces@crepes\.example.* counted with 1")
        [told] = self.server.messages(BOB)
        self.assertIn(b"jones@elsewhere.example: 550 5.1.1 nobody of that name", told)
        [copy] = self.server.messages(ALICE)
        self.assertIn(b"List-Id:", copy)
        self.assertRegex(self.server.admin("list", "members", TEAM, "--bouncing"),
                         r"^jones@elsewhere\.example  failed on 1 day, last \S+, suspended\n$")
        self.server.admin("list", "resume", TEAM, JONES)
        self.assertEqual(self.server.admin("list", "members", TEAM, "--bouncing"), "")

    def test_what_other_servers_say_is_counted_or_handed_on(self):
        self.make_list(TEAM, ALICE, SMITH)
        self.server.admin("list", "join", TEAM, BOB, "--owner")
        report = (f"Subject: failed\r\nMIME-Version: 1.0\r\nContent-Type: multipart/report; "
                  f"report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\r\nsorry\r\n--b\r\n"
                  f"Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.elsewhere.example\r\n\r\n"
                  f"Final-Recipient: rfc822; {SMITH}\r\nAction: failed\r\nStatus: 5.2.1\r\n\r\n--b--\r\n")
        self.server.send(report, sender="", recipients=["team-bounces@crepes.example"])
        self.server.wait_for_log(r"counted with 1 of the list's members")
        self.assertIn("failed on 1 day", self.server.admin("list", "members", TEAM, "--bouncing"))
        self.assertEqual(self.server.messages(BOB), [])
        self.server.send("Subject: away\r\n\r\nuntil Monday\r\n", sender="", recipients=["team-bounces@crepes.example"])
        self.server.wait_for_log(r"handed to the list's owners")
        [handed] = self.server.messages(BOB)
        self.assertIn(b"until Monday", handed)

    def test_an_alias_forwards_with_a_sender_of_ours_and_failures_find_back(self):
        self.server.admin("alias", "set", "away@crepes.example", JONES)
        self.server.admin("alias", "set", "near@crepes.example", SMITH)
        self.server.send(letter(), sender="eve@foo.example", recipients=["near@crepes.example"])
        self.sink.wait_for(lambda sink: sink.copies[SMITH] == 1)
        sender = self.sink.letters[0][0]
        self.assertRegex(sender, r"^SRS0=[A-Z2-7]{8}=[A-Z2-7]{2}=foo\.example=eve@crepes\.example$")
        # The server that we forwarded to reports a failure; our own queue reports another one.
        self.server.send("Subject: failed\r\n\r\nsorry\r\n", sender="", recipients=[sender])
        self.sink.wait_for(lambda sink: sink.copies["eve@foo.example"] == 1)
        self.server.send(letter(), sender="eve@foo.example", recipients=["away@crepes.example"])
        self.sink.wait_for(lambda sink: sink.copies["eve@foo.example"] == 2)
        notice = self.sink.letters[-1][2]
        self.assertIn(b"nobody of that name", notice)
        self.assertIn(b"Original-Recipient: rfc822; away@crepes.example", notice)

    def test_a_message_leaves_later(self):
        before = datetime.datetime.now(datetime.timezone.utc)
        release = before.replace(microsecond=before.microsecond // 1000 * 1000) + datetime.timedelta(seconds=2)
        self.submit(letter(), [BOB, SMITH], options=["HOLDFOR=2"])
        self.sink.wait_for(lambda sink: sink.copies[SMITH] == 1)
        for pattern in (r"delivered .*bob@hamburger\.example", r"relayed .*smith@elsewhere\.example"):
            self.assertGreaterEqual(logged_at(self.server.wait_for_log(pattern)), release)
        [message] = self.server.messages(BOB)
        self.assertTrue(message.endswith(b"\r\n\r\n" + letter().split("\r\n\r\n")[1].encode()), message)
        self.submit(letter("Never mind"), [BOB, SMITH], options=["HOLDFOR=86400"])
        self.assertIn("2 recipients", self.server.admin("queue", "list"))
        self.assertEqual(len(self.server.messages(BOB)), 1)
        self.assertIn("2 recipients", self.server.admin("queue", "remove", "--sender", ALICE))
        self.assertEqual(self.server.admin("queue", "list"), "the queue is empty\n")

    def test_told_of_success_into_a_mailbox_here(self):
        self.submit(letter(), [BOB], rcpt_options=["NOTIFY=SUCCESS"])
        self.server.wait_for_log(r"delivered .*bob@hamburger\.example")
        self.assertEqual(len(self.server.messages(BOB)), 1)
        [notice] = self.server.messages(ALICE)
        self.assertIn(b"Action: delivered", notice)


if __name__ == "__main__":
    unittest.main()
