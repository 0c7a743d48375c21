#!/usr/bin/env python3
"""A large mailbox and clients that want all of it at once: the headers of 200,000 messages in constant memory, though
nobody reads them for a while, and a push of thousands of messages, pipelined as mbsync does."""

import pathlib
import re
import socket
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from harness import BOB, PASSWORDS, PATIENCE_S, SERVICES, ServerTest, keep_little_freed, letter

MESSAGES = 200_000
SEED = 1_000  # of them are written; the others are copies
PUSHED = 5_000
IN_FLIGHT = 50
CROWD = 1_500  # sessions that come and go
CROWD_KIB = 4  # that each takes at least
GROWTH_MIB_MAX = 64


class Client:
    """Reads lines, and throws away what it is not asked for."""

    def __init__(self, port):
        self.connection = socket.create_connection(("127.0.0.1", port), timeout=4 * PATIENCE_S)
        self.input = self.connection.makefile("rb", 1 << 16)
        self.input.readline()
        self.tags = 0
        self.command(f'LOGIN {BOB} "{PASSWORDS[BOB]}"')

    def send(self, words):
        self.tags += 1
        self.connection.sendall(f"t{self.tags} ".encode() + words + b"\r\n")
        return f"t{self.tags} ".encode()

    def wait(self, tag, each=None):
        for line in self.input:
            if line.startswith(tag):
                return line
            if each:
                each(line)
        raise AssertionError("the server hung up")

    def command(self, words, each=None):
        line = self.wait(self.send(words.encode()), each)
        assert b" OK " in line, line
        return line


class Large(ServerTest):
    options = "[auth]\nallow_plaintext = true\n"
    services = [*SERVICES, "imap"]

    @classmethod
    def setUpClass(cls):
        keep_little_freed()
        super().setUpClass()

    def open(self):
        client = Client(self.server.ports["imap"])
        self.addCleanup(client.connection.close)
        return client

    def memory_mib(self, field):
        status = pathlib.Path(f"/proc/{self.server.process.pid}/status").read_text()
        return int(re.search(rf"{field}:\s+(\d+)", status).group(1)) / 1024

    def push(self, client, mailbox, count):
        """APPEND after APPEND, IN_FLIGHT of them under way."""
        tags = []
        for number in range(count):
            octets = letter(f"number {number}").encode()
            tags.append(client.send(f"APPEND {mailbox} (\\Seen) {{{len(octets)}+}}\r\n".encode() + octets))
            if len(tags) > IN_FLIGHT:
                self.assertIn(b" OK [APPENDUID ", client.wait(tags.pop(0)))
        for tag in tags:
            self.assertIn(b" OK [APPENDUID ", client.wait(tag))

    def test_headers_of_all_in_constant_memory(self):
        client = self.open()
        self.push(client, "INBOX", SEED)
        client.command("SELECT INBOX")
        count = SEED
        while count < MESSAGES:
            some = min(count, MESSAGES - count)
            client.command(f"COPY 1:{some} INBOX")
            count += some
        client.command("FETCH 1:* (UID)")
        pathlib.Path(f"/proc/{self.server.process.pid}/clear_refs").write_text("5")
        before = self.memory_mib("VmRSS")
        # Another one is served while this one does not read.
        tag = client.send(b"UID FETCH 1:* (UID FLAGS BODY.PEEK[HEADER])")
        self.assertIn(b"FETCH", client.input.readline())
        self.open().command("SELECT INBOX")
        seen = []
        answer = client.wait(tag, lambda line: seen.append(1) if line.startswith(b"* ") else None)
        self.assertIn(b" OK ", answer)
        self.assertEqual(len(seen) + 1, MESSAGES)
        self.assertLess(self.memory_mib("VmHWM") - before, GROWTH_MIB_MAX)

    def test_push_of_thousands(self):
        client = self.open()
        self.push(client, "Archive", PUSHED)
        line = []
        client.command("STATUS Archive (MESSAGES UIDNEXT)", line.append)
        self.assertEqual(line, [f"* STATUS Archive (MESSAGES {PUSHED} UIDNEXT {PUSHED + 1})\r\n".encode()])

    def test_what_a_crowd_took_is_given_back(self):
        first = self.open()
        first.command("SELECT INBOX")
        crowd = []
        for number in range(CROWD):
            # As many addresses as the limit of connections from one asks for.
            source = (f"127.0.1.{1 + number % 10}", 0)
            member = socket.create_connection(("127.0.0.1", self.server.ports["imap"]), PATIENCE_S, source)
            crowd.append((member, member.makefile("rb", 512)))
            member.sendall(f'a LOGIN {BOB} "{PASSWORDS[BOB]}"\r\nb SELECT INBOX\r\nc IDLE\r\n'.encode())
        for member, lines in crowd:
            self.assertTrue(any(line.startswith(b"+ ") for line in lines))
        peak = self.memory_mib("RssAnon")
        stay = crowd[-20:]  # at the end of the heap: nothing goes back by itself
        for member, lines in crowd[:-20]:
            member.close()
            lines.close()
        self.server.wait_for_log("memory given back")
        if self.memory_mib("VmSize") < 1 << 20:  # beyond it is a sanitizer, which has an allocator of its own
            self.assertLess(self.memory_mib("RssAnon"), peak - CROWD * CROWD_KIB / 1024 / 2)
        for member, lines in stay:
            member.close()
            lines.close()


if __name__ == "__main__":
    unittest.main()
