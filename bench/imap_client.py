"""What the IMAP benchmarks share: a client, generated messages, and mailboxes full of them."""

import random
import socket
import ssl
import subprocess
import sys
import time
import zlib

import peers

APPENDED_AT_ONCE = 1000
PROGRESS_S = 10
RARE = "zyzzyva"  # in the body of every 2,000th message, and in the subject of every 1,000th


def log(text):
    print(f"==> {text}", file=sys.stderr, flush=True)


def append_command(mailbox, messages):
    parts = [f" {{{len(text)}+}}\r\n".encode() + text for text in messages]
    return f"APPEND {mailbox}".encode() + b"".join(parts)


class Client:
    """A connection that sends commands and reads to their tagged OK, keeping no more than is asked for."""

    def __init__(self, port, user=None, tls=False):
        self.connection = socket.create_connection(("127.0.0.1", port), timeout=600)
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls:
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            self.connection = context.wrap_socket(self.connection)
        self.deflate = self.inflate = None
        self.number = 0
        self.read_until(b"* OK")
        if user:
            self.command(f"LOGIN {user} {peers.PASSWORD}")

    def compress(self):
        """RFC 4978: raw deflate both ways from here on."""
        self.command("COMPRESS DEFLATE")
        self.deflate, self.inflate = zlib.compressobj(6, zlib.DEFLATED, -15), zlib.decompressobj(-15)

    def send(self, octets):
        if self.deflate:
            octets = self.deflate.compress(octets) + self.deflate.flush(zlib.Z_SYNC_FLUSH)
        self.connection.sendall(octets)

    def read_until(self, mark):
        """All up to a line's end behind `mark`, or the last 4 KiB of it."""
        kept = b""
        while True:
            piece = self.connection.recv(1 << 20)
            if not piece:
                raise SystemExit(f"hung up: {kept[-200:]}")
            kept += self.inflate.decompress(piece) if self.inflate else piece
            if mark in kept and kept.endswith(b"\n"):
                return kept
            kept = kept[-4096:]

    def command(self, words):
        self.number += 1
        tag = f"tag{self.number} ".encode()
        words = words if isinstance(words, bytes) else words.encode()
        self.send(tag + words + b"\r\n")
        answer = self.read_until(tag)
        if tag + b"OK" not in answer:
            raise SystemExit(f"{words[:60]}: {answer[-200:]}")

    def idle(self):
        self.send(b"idle IDLE\r\n")
        self.read_until(b"+ ")

    def append(self, mailbox, messages):
        self.command(append_command(mailbox, messages))

    def close(self):
        self.connection.close()


class Talker:
    """A connection that costs next to nothing itself, for what is measured: bench/imap_load talks, and says how many
    milliseconds a command took. Its commands are those of Client."""

    def __init__(self, tools, port, user):
        self.process = subprocess.Popen([tools / "imap_load", "talk", "127.0.0.1", str(port), peers.PASSWORD, user],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def commands(self, all_words):
        """One after the other; gives what one took on average."""
        octets = [words if isinstance(words, bytes) else words.encode() for words in all_words]
        self.process.stdin.write(b"%d\n" % len(octets) + b"".join(b"%d\n" % len(one) + one for one in octets))
        self.process.stdin.flush()
        told = self.process.stdout.readline()
        if not told:
            raise SystemExit(f"{octets[0][:60]}: refused")
        return float(told)

    def command(self, words):
        return self.commands([words])

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Words:
    """Messages of a few hundred words, out of a vocabulary with the frequencies of a language."""

    def __init__(self, words_each, seed=7):
        self.dice = random.Random(seed)
        letters = "abcdefghijklmnopqrstuvwxyz"
        self.vocabulary = ["".join(self.dice.choices(letters, k=self.dice.randint(3, 10))) for _ in range(50_000)]
        total, self.weights = 0.0, []
        for rank in range(len(self.vocabulary)):
            total += 1 / (rank + 10)
            self.weights.append(total)
        self.words_each = words_each

    def message(self, number):
        words = self.dice.choices(self.vocabulary, cum_weights=self.weights, k=self.words_each)
        if number % 2000 == 7:
            words[self.words_each // 2] = RARE
        lines = [" ".join(words[i:i + 10]) for i in range(8, len(words), 10)]
        subject = " ".join(words[:8]) + (f" {RARE}" if number % 1000 == 3 else "")
        return "\r\n".join([
            f"Return-Path: <{words[0]}@crepes.example>",
            f"Received: from mx.crepes.example by mail.{peers.DOMAIN} with ESMTPS id {number:08x};",
            "\tThu, 01 Jan 2026 00:00:00 +0000",
            f"From: \"{words[0].title()} {words[1].title()}\" <{words[0]}@crepes.example>",
            f"To: <bob@hamburger.example>, {words[2].title()} <{words[3]}@hamburger.example>",
            f"Subject: {subject}",
            "Date: Thu, 01 Jan 2026 00:00:00 +0000",
            f"Message-ID: <{number}.{words[4]}@crepes.example>",
            f"In-Reply-To: <{number // 2}.x@crepes.example>",
            "MIME-Version: 1.0",
            "Content-Type: text/plain; charset=utf-8",
            "Content-Transfer-Encoding: 7bit",
            "", *lines, ""]).encode()


def fill(server, user, count, words, seed=7):
    """Puts `count` messages into INBOX, a thousand a command; gives messages a second."""
    source = Words(words, seed)
    client = Client(server.imap_port, user)
    took, told = 0.0, time.monotonic()
    for begin in range(0, count, APPENDED_AT_ONCE):
        batch = [source.message(number) for number in range(begin, min(count, begin + APPENDED_AT_ONCE))]
        began = time.monotonic()
        client.append("INBOX", batch)
        took += time.monotonic() - began
        if time.monotonic() - told > PROGRESS_S:
            told = time.monotonic()
            log(f"{server.name}: {begin + len(batch):,} of {count:,}, {(begin + len(batch)) / took:,.0f} a second")
    client.close()
    return count / took
