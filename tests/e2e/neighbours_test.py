#!/usr/bin/env python3
"""Four mail servers on one machine: two of ours, Debian's Postfix and Debian's Exim. Each sends the same letters to
the three others, over TLS and with every extension that both have, and what arrives is compared octet by octet.
"""

import email
import pathlib
import smtplib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from harness import PASSWORDS, PATIENCE_S, Server
from mtas import Exim, Postfix
from ports import free_port

DOMAINS = ["crepes.example", "hamburger.example", "postfix.example", "exim.example"]
ADDRESSES = {domain: f"127.0.0.{21 + number}" for number, domain in enumerate(DOMAINS)}


class Site(Server):
    """One of ours, for a domain and on an address of its own."""

    def __init__(self, domain, port, routes):
        self.domain, self.address, self.port = domain, ADDRESSES[domain], port
        people = {f"{who}@{domain}": secret for who, secret in zip(("alice", "bob", "jürgen"), [*PASSWORDS.values()] * 2)}
        super().__init__(services=["pop3s"], people=people, listen_options=f'smtp = ["{self.address}:{port}"]\n', options=(
            '[queue]\nrelay_networks = ["127.0.0.0/8"]\nretry_first = "1s"\n' + "".join(
                f'[[route]]\ndomain = "{to}"\nto = "{place[0]}:{place[1]}"\ntls = "must"\n'
                for to, place in routes.items())))
        self.config.write_text(self.config.read_text().replace("mail.hamburger.example", f"mail.{domain}", 1))
        self.arguments = ["--trace-peer", "127.0.0.0/8"]

    def add_people(self):
        self.admin("domain", "add", self.domain)
        for address, password in self.people.items():
            self.admin("account", "add", address, "--password-stdin", text=password + "\n")

    def wait_for_message(self, identifier, user="bob"):
        self.wait_for_log(f"message accepted .*message_id={identifier}")
        [found] = [message for message in self.messages(f"{user}@{self.domain}", utf8=True)
                   if f"<{identifier}>".encode() in message]
        return found


def letter(name, origin, header="", body="Do you like ketchup?\r\n", sender="alice", recipient="bob"):
    """A letter that nothing need be added to, so that it arrives as it is behind what each server puts on top."""
    identifier = f"{name}.{origin}"
    return identifier, (
        f"From: <{sender}@{origin}>\r\nTo: <{recipient}@{origin}>\r\nSubject: {name}\r\n"
        f"Date: Thu, 01 Jan 2026 00:00:00 +0000\r\nMessage-ID: <{identifier}>\r\n{header}\r\n{body}").encode()


MIME = "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n"
DOTS = "".join(f"{'.' * (n % 5)}line {n} {'x' * (n * 7 % 900)}  \t\r\n" for n in range(500)) + "..\r\n.\r\n\r\n\r\n"


class Neighbours(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        places = {domain: (address, free_port()) for domain, address in ADDRESSES.items()}
        cls.servers = {}
        routes = {mine: {to: place for to, place in places.items() if to != mine} for mine in DOMAINS}
        for domain in DOMAINS[:2]:
            cls.enter(Site(domain, places[domain][1], routes[domain]))
        # Ours have a certificate each; theirs borrow one, which nobody verifies between mail servers.
        lender = cls.servers["crepes.example"].folder
        for kind, domain in ((Postfix, "postfix.example"), (Exim, "exim.example")):
            mta = kind(domain, *places[domain], certificate=lender / "cert.pem", key=lender / "key.pem")
            mta.routes = routes[domain]
            cls.enter(mta)

    @classmethod
    def enter(cls, server):
        cls.servers[server.domain] = server.__enter__()
        cls.addClassCleanup(server.__exit__, None, None, None)

    def send(self, origin, text, recipients, sender="alice", options=(), rcpt_options=()):
        server = self.servers[origin]
        with smtplib.SMTP(server.address, server.port, timeout=PATIENCE_S) as client:
            refused = client.sendmail(f"{sender}@{origin}", recipients, text, options, rcpt_options)
            self.assertEqual(refused, {})

    def exchange(self, name, options=(), user="bob", **parts):
        """From everyone to everyone else in one transaction each, then at each what has come."""
        letters = {origin: letter(name, origin, **parts) for origin in DOMAINS}
        for origin, (_, text) in letters.items():
            self.send(origin, text, [f"{user}@{to}" for to in DOMAINS if to != origin], options=options,
                      sender=parts.get("sender", "alice"))
        for origin, (identifier, text) in letters.items():
            for to in DOMAINS:
                if to != origin:
                    with self.subTest(origin=origin, to=to):
                        self.compare(self.find(to, identifier, user), text)

    def find(self, domain, identifier, user):
        server = self.servers[domain]
        if isinstance(server, Site):
            return server.wait_for_message(identifier, user)
        return server.wait_for_message(f"<{identifier}>".encode())

    def compare(self, arrived, sent):
        self.assertEqual(arrived[-len(sent):], sent)
        trace = arrived[:-len(sent)]
        self.assertTrue(trace.endswith(b"\r\n"), trace)
        for line in trace.split(b"\r\n"):
            self.assertRegex(line, rb"(?i)^(|\s.*|(Received|Return-path|X-Original-To|Delivered-To|Envelope-to):.*)$")

    def test_plain_text_with_dots(self):
        self.exchange("dots", body=DOTS)

    def test_eight_bits(self):
        self.exchange("octets", header=MIME, body="Un caffè, per favore.\r\n" * 50, options=["BODY=8BITMIME"])

    def test_the_longest_lines(self):
        self.exchange("lines", body=("x" * 998 + "\r\n") * 20)

    def test_a_megabyte(self):
        self.exchange("large", body="0123456789abcdef" * 4 + "\r\n" + ("y" * 74 + "\r\n") * 14_000)

    def test_addresses_beyond_ascii(self):
        self.exchange("weit", header=MIME, body="Grüße\r\n", sender="jürgen", recipient="jürgen", user="jürgen",
                      options=["SMTPUTF8", "BODY=8BITMIME"])

    def test_what_was_used(self):
        """Ours say and hear everything that the other has."""
        identifier, text = letter("used", "crepes.example", header=MIME, body="è\r\n")
        self.send("crepes.example", text, ["bob@exim.example", "bob@postfix.example", "bob@hamburger.example"],
                  options=["BODY=8BITMIME", "RET=HDRS", "ENVID=used+2B1"], rcpt_options=["NOTIFY=FAILURE"])
        for domain in DOMAINS[1:]:
            self.find(domain, identifier, "bob")
        crepes = self.servers["crepes.example"]
        for pattern in (r"to-\w+ C: STARTTLS", r"to-\w+ S: 250.CHUNKING", r"to-\w+ S: 250.PIPELINING",
                        r"to-\w+ C: BDAT \d+ LAST", r"to-\w+ C: RCPT TO:<bob@exim\.example> NOTIFY=FAILURE",
                        r"C: MAIL FROM:<alice@crepes\.example> SIZE=\d+ BODY=8BITMIME RET=HDRS ENVID=used\+2B1",
                        r"relayed .*bob@exim\.example.* over TLSv1\.3", r"relayed .*bob@postfix\.example.* over TLSv1\.3"):
            crepes.wait_for_log(pattern)

    def test_told_of_success_by_everyone(self):
        for origin in DOMAINS[:2]:
            for to in DOMAINS[2:]:
                with self.subTest(origin=origin, to=to):
                    self.success(origin, to)

    def success(self, origin, to):
        envelope_id = f"success.{origin}.{to}"
        _, text = letter("success", origin)
        self.send(origin, text, [f"bob@{to}"], options=[f"ENVID={envelope_id}", "RET=HDRS"],
                  rcpt_options=["NOTIFY=SUCCESS,FAILURE", f"ORCPT=rfc822;Bob@{to}"])
        server = self.servers[origin]
        report = self.report_about(server, origin, envelope_id)
        status = report.get_payload()[1].get_payload()
        self.assertEqual(status[0]["Original-Envelope-Id"], envelope_id)
        self.assertIn(status[1]["Action"], ("delivered", "relayed"))
        self.assertIn(f"bob@{to}", status[1]["Final-Recipient"])
        self.assertIn(f"Bob@{to}", status[1]["Original-Recipient"])

    def report_about(self, server, origin, envelope_id):
        """Reports have no identifier that could be known before: each message that comes is a reason to look."""
        def come():
            return sum("message accepted" in line or " failed " in line for line in server.log)

        while True:
            before = come()
            for message in server.messages(f"alice@{origin}"):
                if envelope_id.encode() in message:
                    return email.message_from_bytes(message)
            with server.log_grew:
                self.assertTrue(server.log_grew.wait_for(lambda: come() > before, PATIENCE_S), "no report came")

    def test_a_stranger_comes_back(self):
        origin = "crepes.example"
        _, text = letter("stranger", origin)
        self.send(origin, text, ["nobody@hamburger.example"], options=["ENVID=stranger1", "RET=FULL"])
        report = self.report_about(self.servers[origin], origin, "stranger1")
        self.assertEqual(report.get_payload()[1].get_payload()[1]["Status"], "5.1.1")
        self.assertIn("Do you like ketchup?", report.get_payload()[2].as_string())


if __name__ == "__main__":
    unittest.main()
