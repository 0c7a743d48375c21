#!/usr/bin/env python3
"""Two servers, two domains: Alice at crepes.example writes to Bob at hamburger.example, by MX records, by a route,
with TLS, and past every kind of "no"."""

import email
import pathlib
import re
import signal
import smtplib
import socket
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from harness import ALICE, BOB, PASSWORDS, PATIENCE_S, SERVICES, DnsServer, Server, letter, run
from ports import free_port

CREPES, HAMBURGER = "127.0.0.11", "127.0.0.12"  # the two hosts, on one machine
ZONE = f"""
crepes.example          MX 10 mail.crepes.example
mail.crepes.example     A {CREPES}
hamburger.example       MX 10 away.hamburger.example
hamburger.example       MX 20 mail.hamburger.example
away.hamburger.example  A 127.0.0.13
mail.hamburger.example  A {HAMBURGER}
nomail.example          MX 0 .
"""


class Site(Server):
    """One domain's server, listening for mail where its MX record says."""

    def __init__(self, domain, address, port, options):
        self.domain = domain
        people = {who: secret for who, secret in PASSWORDS.items() if who.endswith("@" + domain)}
        super().__init__(people=people, options=f"[queue]\nmx_port = {port}\nretry_first = \"1s\"\n" + options)
        text = self.config.read_text().replace("mail.hamburger.example", f"mail.{domain}", 1)
        self.config.write_text(text.replace('smtp = ["127.0.0.1:0"]', f'smtp = ["{address}:{port}"]'))

    def add_people(self):
        self.admin("domain", "add", self.domain)
        for address, password in self.people.items():
            self.admin("account", "add", address, "--password-stdin", "--administrator", text=password + "\n")

    def submit(self, text, recipients, options=(), sender=None):
        user = sender or next(iter(self.people))
        with smtplib.SMTP("localhost", self.ports["submission"], timeout=PATIENCE_S) as client:
            client.starttls(context=self.tls())
            client.login(user, self.people[user])
            return client.sendmail(user, recipients, text, mail_options=options)


class TwoDomains(unittest.TestCase):
    def setUp(self):
        port = free_port()
        self.enterContext = getattr(self, "enterContext", None) or self.enter
        dns = self.enterContext(DnsServer(ZONE))
        self.crepes = self.enterContext(Site("crepes.example", CREPES, port, dns.options))
        self.hamburger = self.enterContext(Site("hamburger.example", HAMBURGER, port, dns.options))

    def enter(self, context):
        value = context.__enter__()
        self.addCleanup(context.__exit__, None, None, None)
        return value

    def test_alice_writes_and_bob_answers(self):
        self.crepes.submit(letter(), [BOB])
        relayed = self.crepes.wait_for_log(r"relayed .*bob@hamburger\.example")
        self.assertIn("TLSv1.3", relayed)
        [message] = self.hamburger.messages(BOB)
        self.assertIn(b"Do you like ketchup?\r\nHow about pickles?\r\n", message)
        self.assertIn(b"Return-Path: <alice@crepes.example>\r\n", message)
        self.assertRegex(message, rb"Received: from mail\.crepes\.example")
        self.assertEqual(message.count(b"Return-Path:"), 1)
        self.hamburger.submit(letter("Re: Ketchup", "Pickles!\r\n", BOB, ALICE), [ALICE])
        self.hamburger.wait_for_log(r"relayed .*alice@crepes\.example")
        [answer] = self.crepes.messages(ALICE)
        self.assertIn(b"Pickles!\r\n", answer)
        self.assertEqual(self.crepes.admin("queue", "list"), "the queue is empty\n")

    def test_octets_arrive_as_they_were_sent(self):
        body = "".join(f"{'.' * (n % 4)}line {n} è {'x' * (n * 7 % 900)}\r\n" for n in range(3000))
        text = ("Subject: caffè\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
                "Content-Transfer-Encoding: 8bit\r\nFrom: alice@crepes.example\r\n\r\n" + body).encode()
        self.crepes.submit(text, [BOB], options=["BODY=8BITMIME"])
        self.crepes.wait_for_log(r"relayed .*bob@hamburger\.example")
        [message] = self.hamburger.messages(BOB)
        self.assertEqual(message.split(b"\r\n\r\n", 1)[1], body.encode())

    def test_a_stranger_there_comes_back_with_the_remotes_words(self):
        self.crepes.submit(letter(recipient="nobody@hamburger.example"), ["nobody@hamburger.example", BOB])
        self.crepes.wait_for_log(r"failed .*nobody@hamburger\.example")
        self.assertEqual(len(self.hamburger.messages(BOB)), 1)
        [notice] = self.crepes.messages(ALICE)
        report = email.message_from_bytes(notice)
        self.assertEqual(report.get_content_type(), "multipart/report")
        self.assertEqual(report["Return-Path"], "<>")
        status = report.get_payload()[1].get_payload()[1]
        self.assertEqual(status["Action"], "failed")
        self.assertEqual(status["Status"], "5.1.1")
        self.assertIn("550 5.1.1 no such user here", status["Diagnostic-Code"])
        self.assertEqual(status["Remote-MTA"], "dns; mail.hamburger.example")
        trace = self.crepes.admin("trace", re.search(r"queue_id=(\w+)", self.crepes.wait_for_log("failed"))[1])
        self.assertIn("550 5.1.1 no such user here", trace)

    def test_a_domain_that_takes_no_mail(self):
        self.crepes.submit(letter(), ["x@nomail.example", "x@nosuch.example"])
        self.crepes.wait_for_log(r"failed .*x@nomail\.example")
        self.crepes.wait_for_log(r"failed .*x@nosuch\.example")
        notices = b"".join(self.crepes.messages(ALICE))
        self.assertIn(b"Status: 5.1.10", notices)
        self.assertIn(b"Status: 5.1.2", notices)

    def test_waits_for_a_server_that_is_away_and_outlives_a_kill(self):
        self.hamburger.stop()
        self.crepes.submit(letter(), [BOB])
        self.crepes.wait_for_log("destination unreachable")
        listed = self.crepes.admin("queue", "list")
        self.assertIn("bob@hamburger.example  by mx:hamburger.example", listed)
        self.assertIn("1 message for 1 recipient", listed)
        self.crepes.kill()
        self.hamburger.start()
        self.crepes.start()
        self.crepes.wait_for_log(r"relayed .*bob@hamburger\.example")
        self.assertEqual(len(self.hamburger.messages(BOB)), 1)

    def test_an_alias_leads_elsewhere(self):
        self.hamburger.admin("alias", "set", "both@hamburger.example", BOB, ALICE)
        self.crepes.submit(letter(recipient="both@hamburger.example"), ["both@hamburger.example"])
        self.hamburger.wait_for_log(r"relayed .*alice@crepes\.example")
        self.assertEqual(len(self.hamburger.messages(BOB)), 1)
        self.assertEqual(len(self.crepes.messages(ALICE)), 1)

    def test_told_of_success_where_asked(self):
        with smtplib.SMTP("localhost", self.crepes.ports["submission"], timeout=PATIENCE_S) as client:
            client.starttls(context=self.crepes.tls())
            client.login(ALICE, PASSWORDS[ALICE])
            client.sendmail(ALICE, [BOB], letter(), mail_options=["ENVID=QQ1"], rcpt_options=["NOTIFY=SUCCESS"])
        self.crepes.wait_for_log(r"relayed .*bob@hamburger\.example")
        self.hamburger.wait_for_log("message accepted")


class Verified(unittest.TestCase):
    """A route that verifies: encrypted is not enough, the certificate must bear the host's name."""

    def certificate(self, folder, name):
        made = run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                   "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.pem", "-days", "30",
                   "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}")
        self.assertEqual(made.returncode, 0, made.stderr)
        return (folder / f"{name}.pem").read_text(), (folder / f"{name}.key").read_text()

    def test_a_certificate_for_another_name_gets_no_mail(self):
        port = free_port()
        with DnsServer(ZONE) as dns, Site("hamburger.example", HAMBURGER, port, dns.options) as hamburger:
            wrong = hamburger.certificate.read_text()
            right, key = self.certificate(hamburger.folder, "mail.hamburger.example")
            (hamburger.folder / "trusted.pem").write_text(wrong + right)
            options = (f'trusted_authorities = "{hamburger.folder}/trusted.pem"\n[[route]]\ndomain = "hamburger.example"\n'
                       f'to = "mail.hamburger.example:{port}"\ntls = "verify"\n' + dns.options)
            with Site("crepes.example", CREPES, port, options) as crepes:
                crepes.submit(letter(), [BOB])
                crepes.wait_for_log("destination unreachable .*hostname mismatch")
                self.assertEqual(hamburger.messages(BOB), [])
                (hamburger.folder / "key.pem").write_text(key)
                hamburger.certificate.write_text(right)
                hamburger.process.send_signal(signal.SIGHUP)
                hamburger.wait_for_log("certificates reloaded")
                crepes.admin("queue", "retry", "--all")
                crepes.wait_for_log(r"relayed .*bob@hamburger\.example.* over TLSv1\.3")


class NullClient(Server):
    """No domain of its own: everything goes to the hub, as a user of it."""

    def __init__(self, hub):
        super().__init__(people={}, options=(
            '[queue]\nrelay_networks = ["127.0.0.1"]\n'
            f'[[route]]\nto = "127.0.0.1:{hub.ports["submission"]}"\ntls = "must"\n'
            f'username = "{ALICE}"\npassword_file = "hub.secret"\n'))
        self.config.write_text(self.config.read_text().replace("mail.hamburger.example", "null.crepes.example", 1))
        (self.folder / "hub.secret").write_text(PASSWORDS[ALICE] + "\n")

    def add_people(self):
        pass


class Hub(unittest.TestCase):
    def test_a_null_client_hands_everything_to_its_hub(self):
        with Server() as hub, NullClient(hub) as null:
            null.send(letter())
            relayed = null.wait_for_log(r"relayed .*bob@hamburger\.example")
            self.assertIn(" as alice@crepes.example", relayed)
            [message] = hub.messages(BOB)
            self.assertIn(b"with ESMTPSA", message)

    def test_lmtp_as_the_last_step(self):
        with Server() as store:
            route = f'[[route]]\nto = "lmtp:127.0.0.1:{store.ports["lmtp"]}"\n[queue]\nrelay_networks = ["127.0.0.1"]\n'
            with Server(people={}, options=route) as front:
                front.admin("domain", "remove", "hamburger.example")
                front.send(letter(), recipients=[BOB])
                front.wait_for_log(r"delivered .*bob@hamburger\.example")
                [message] = store.messages(BOB)
                self.assertIn(b"with LMTP", message)

    def test_who_waits_goes_the_new_way_when_routes_change(self):
        with socket.socket() as nobody, Server() as store:
            nobody.bind(("127.0.0.1", 0))  # and does not listen
            old = f"127.0.0.1:{nobody.getsockname()[1]}"
            route = f'[[route]]\nto = "{old}"\n[queue]\nrelay_networks = ["127.0.0.1"]\n'
            with Server(people={}, options=route) as front:
                front.admin("domain", "remove", "hamburger.example")
                front.send(letter(), recipients=[BOB])
                front.wait_for_log("destination unreachable")
                front.stop()
                front.config.write_text(front.config.read_text().replace(old, f"lmtp:127.0.0.1:{store.ports['lmtp']}"))
                front.start()
                front.wait_for_log("routes changed recipients_moved=1")
                front.wait_for_log(r"delivered .*bob@hamburger\.example")
                self.assertEqual(len(store.messages(BOB)), 1)
                self.assertNotIn(old, front.admin("queue", "destinations"))

    def test_a_route_that_changes_is_followed_at_sighup(self):
        with socket.socket() as nobody, Server() as store:
            nobody.bind(("127.0.0.1", 0))  # and does not listen
            old = f"127.0.0.1:{nobody.getsockname()[1]}"
            options = f'[[route]]\nto = "{old}"\n[queue]\nrelay_networks = ["127.0.0.1"]\n'
            with Server(people={}, options=options) as front:
                front.admin("domain", "remove", "hamburger.example")
                front.send(letter(), recipients=[BOB])
                front.wait_for_log("destination unreachable")
                text = front.config.read_text()
                front.config.write_text(text + "nonsense = 1\n")
                front.process.send_signal(signal.SIGHUP)
                front.wait_for_log("not reloaded.*nonsense")
                front.config.write_text(
                    text.replace(old, f"lmtp:127.0.0.1:{store.ports['lmtp']}").replace('["127.0.0.1"]', "[]"))
                front.process.send_signal(signal.SIGHUP)
                front.wait_for_log("routes changed recipients_moved=1")
                front.wait_for_log(r"delivered .*bob@hamburger\.example")
                front.wait_for_log("routes and relay settings reloaded")
                self.assertEqual(len(store.messages(BOB)), 1)
                self.assertEqual(front.admin("queue", "list"), "the queue is empty\n")
                with self.assertRaises(smtplib.SMTPRecipientsRefused) as refused:
                    front.send(letter(), recipients=[BOB])
                self.assertEqual(refused.exception.recipients[BOB][0], 550)


BACKUP_ZONE = f"""
hamburger.example       MX 10 mail.hamburger.example
hamburger.example       MX 20 mail.crepes.example
mail.hamburger.example  A {HAMBURGER}
mail.crepes.example     A {CREPES}
"""


class BackupMx(unittest.TestCase):
    """crepes.example takes the mail of hamburger.example while that is away."""

    def test_keeps_mail_until_the_first_host_is_back(self):
        port = free_port()
        with DnsServer(BACKUP_ZONE) as dns:
            options = 'relay_domains = ["hamburger.example"]\nrelay_recipients_file = "there"\n' + dns.options
            backup = Site("crepes.example", CREPES, port, options)
            (backup.config.parent / "there").write_text(f"# who is at hamburger.example\n{BOB}\n")
            with backup, Site("hamburger.example", HAMBURGER, port, dns.options) as first:
                first.stop()
                with smtplib.SMTP(CREPES, port, timeout=PATIENCE_S) as stranger:
                    refused = stranger.sendmail(ALICE, [BOB, "carol@hamburger.example", "x@elsewhere.example"], letter())
                self.assertEqual(refused["carol@hamburger.example"][0], 550)
                self.assertIn(b"5.1.1", refused["carol@hamburger.example"][1])
                self.assertIn(b"5.7.1", refused["x@elsewhere.example"][1])
                backup.wait_for_log("destination unreachable")
                first.start()
                backup.wait_for_log(r"relayed .*bob@hamburger\.example")
                [message] = first.messages(BOB)
                self.assertIn(b"by mail.crepes.example", message)


if __name__ == "__main__":
    unittest.main()
