#!/usr/bin/env python3
"""The sender's domain (course notes, S5), asked of a real name server by the real program. A PROXY header makes us
a stranger: whoever comes from this machine is trusted."""

import pathlib
import socket
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from harness import BOB, PATIENCE_S, DnsServer, Server

ZONE = """
microsoft.com      MX 10 mail.microsoft.com
plain.example      A 192.0.2.7
nomail.example     MX 0 .
broken.example     SERVFAIL
lost.example       A 192.0.2.9
lost.example       DROP 1
long.example       MX 10 mail.long.example
long.example       TRUNCATE
"""


class Dialogue:
    """By hand, from 192.0.2.1."""

    def __init__(self, port, proxy="PROXY TCP4 192.0.2.1 192.0.2.25 40000 25\r\n"):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
        self.lines = self.socket.makefile("r", newline="\r\n")
        self.socket.sendall(proxy.encode())
        self.greeting = self.lines.readline()

    def ask(self, line):
        self.socket.sendall(f"{line}\r\n".encode())
        return self.lines.readline().rstrip("\r\n")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.lines.close()
        self.socket.close()


class SenderDomain(unittest.TestCase):
    def test_course_s5(self):
        with DnsServer(ZONE) as dns, Server(options=dns.options, listen_options='proxies = ["127.0.0.1"]\n') as server, \
                Dialogue(server.ports["smtp"]) as peer:
            self.assertRegex(peer.greeting, "^220 ")
            self.assertRegex(peer.ask("HELO mail.microsoft.com"), "^250 ")
            for sender, reply in [
                    ("pippo@micosoft.com", "550 5.1.8 the sender's domain does not exist"),
                    ("pippo@broken.example", "451 4.1.8 the sender's domain cannot be looked up now"),
                    ("pippo@nomail.example", "550 5.7.27 the sender's domain takes no mail, not even a bounce"),
                    ("pippo@Microsoft.com", "250 2.1.0 sender ok"),
                    ("pippo@plain.example", "250 2.1.0 sender ok"),
                    ("pippo@lost.example", "250 2.1.0 sender ok"),
                    ("pippo@long.example", "250 2.1.0 sender ok"),
                    ("alice@crepes.example", "250 2.1.0 sender ok")]:  # ours
                with self.subTest(sender):
                    self.assertEqual(peer.ask(f"MAIL FROM:<{sender}>"), reply)
                    peer.ask("RSET")
            peer.ask("MAIL FROM:<pippo@microsoft.com>")
            self.assertRegex(peer.ask(f"RCPT TO:<{BOB}>"), "^250 ")
            asked = dns.questions()
            self.assertIn("MX micosoft.com", asked)
            self.assertIn("MX long.example tcp", asked)
            self.assertNotIn("MX crepes.example", asked)

    def test_no_name_server_is_no_verdict(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
            silent.bind(("127.0.0.1", 0))
            options = f'[dns]\nservers = ["127.0.0.1:{silent.getsockname()[1]}"]\n'
            with Server(options=options, listen_options='proxies = ["127.0.0.1"]\n') as server, \
                    Dialogue(server.ports["smtp"]) as peer:
                peer.ask("HELO mail.microsoft.com")
                self.assertRegex(peer.ask("MAIL FROM:<pippo@microsoft.com>"), "^451 4.1.8 ")

    def test_it_can_be_switched_off(self):
        with DnsServer(ZONE) as dns, Server(options=dns.options + "[smtp]\ncheck_sender_domain = false\n",
                                            listen_options='proxies = ["127.0.0.1"]\n') as server, \
                Dialogue(server.ports["smtp"]) as peer:
            peer.ask("HELO mail.microsoft.com")
            self.assertEqual(peer.ask("MAIL FROM:<pippo@micosoft.com>"), "250 2.1.0 sender ok")
            self.assertEqual(dns.questions(), [])


if __name__ == "__main__":
    unittest.main()
