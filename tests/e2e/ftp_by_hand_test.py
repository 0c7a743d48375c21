#!/usr/bin/env python3
"""FTP typed by hand: every command that the program lists, and each answer held against RFC 959's table of replies."""

import pathlib
import re
import socket
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from harness import ALICE, BOB, PASSWORDS, PATIENCE_S, ServerTest, staffetta

HERE = "crepes.example"
TRANSFER = "125 150 226 250 425 426 451"
# RFC 959 5.4, preliminary replies with the last ones; and 202, 331 and 350 where a command asks for more. What other
# documents add to its commands: RFC 1123 4.1.2.12 (554), RFC 2428 4 (503).
REPLIES = {verb: set(codes.split()) for verb, codes in {
    "USER": "230 530 500 501 421 331 332", "PASS": "230 202 530 500 501 503 421 332",
    "ACCT": "230 202 530 500 501 503 421", "CWD": "250 500 501 502 421 530 550", "CDUP": "200 250 500 501 502 421 530 550",
    "SMNT": "202 250 500 501 502 421 530 550", "REIN": "120 220 421 500 502", "QUIT": "221 500",
    "PORT": "200 500 501 421 530 503", "PASV": "227 500 501 502 421 530 503", "MODE": "200 500 501 504 421 530",
    "TYPE": "200 500 501 504 421 530", "STRU": "200 500 501 504 421 530", "ALLO": "200 202 500 501 504 421 530",
    "REST": "500 501 502 421 530 350", "STOR": TRANSFER + " 551 552 532 450 452 553 500 501 421 530 554",
    "STOU": TRANSFER + " 551 552 532 450 452 553 500 501 421 530",
    "RETR": TRANSFER + " 450 550 500 501 421 530 554", "LIST": TRANSFER + " 450 500 501 502 421 530",
    "NLST": TRANSFER + " 450 500 501 502 421 530",
    "APPE": TRANSFER + " 551 552 532 450 550 452 553 500 501 502 421 530",
    "RNFR": "450 550 500 501 502 421 530 350", "RNTO": "250 532 553 500 501 502 503 421 530",
    "DELE": "250 450 550 500 501 502 421 530", "RMD": "250 500 501 502 421 530 550", "MKD": "257 500 501 502 421 530 550",
    "PWD": "257 500 501 502 421 550 530", "ABOR": "225 226 500 501 502 421 530", "SYST": "215 500 501 502 421",
    "STAT": "211 212 213 450 500 501 502 421 530", "HELP": "211 214 500 501 502 421", "SITE": "200 202 214 500 501 530",
    "NOOP": "200 500 421"}.items()}
X_COMMANDS = {"XCUP": "CDUP", "XCWD": "CWD", "XMKD": "MKD", "XPWD": "PWD", "XRMD": "RMD"}  # RFC 1123 4.1.3.1


class Keyboard:
    """A control connection, a line at a time; `seen` remembers the verbs and how each was answered."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE_S)
        self.lines = self.socket.makefile("rb")
        self.seen = {}
        self.greeting = self.reply()

    def reply(self):
        text = self.lines.readline().decode()
        while not re.match(r"\d{3} ", text.splitlines()[-1]):
            line = self.lines.readline().decode()
            if not line:
                raise EOFError(text)
            text += line
        return text

    def type(self, line):
        self.socket.sendall(line.encode() + b"\r\n")
        answer = self.reply()
        self.seen.setdefault(line.split()[0].upper(), []).append(answer[:3])
        return answer

    def passive(self):
        numbers = re.search(r"\((.*)\)", self.type("PASV"))[1].split(",")
        return socket.create_connection(("127.0.0.1", int(numbers[4]) * 256 + int(numbers[5])), PATIENCE_S)

    def last(self, line):
        """The reply that ends a transfer."""
        answer = self.reply()
        self.seen[line.split()[0]].append(answer[:3])
        return answer

    def send(self, line, octets):
        with self.passive() as data:
            first = self.type(line)
            data.sendall(octets)
        return first, self.last(line)

    def fetch(self, line):
        with self.passive() as data:
            self.type(line)
            octets = b"".join(iter(lambda: data.recv(65536), b""))
        return octets, self.last(line)


class ByHand(ServerTest):
    options = f'[auth]\nallow_plaintext = true\n[files]\nsymlinks = "inside"\n[ftp]\nhosts = ["{HERE}"]\n'

    def keyboard(self):
        keyboard = Keyboard(self.server.ports["ftp"])
        self.addCleanup(keyboard.socket.close)
        self.addCleanup(keyboard.lines.close)
        return keyboard

    def check(self, keyboard, rows):
        """`rows`: a line, and what its answer looks like."""
        for line, expected in rows:
            self.assertRegex(keyboard.type(line), rf"(?s)\A{expected}", line)

    def test_each_command(self):
        typed = self.keyboard()
        self.assertRegex(typed.greeting, "^220 ")
        self.before_login(typed)
        self.parameters(typed)
        self.folders(typed)
        self.transfers(typed)
        self.facts(typed)
        self.sites(typed)
        self.check(typed, [("ABOR", "226 "), ("REIN", "220 "), ("PWD", "530 "), ("QUIT", "221 ")])
        self.assertEqual(typed.lines.read(), b"")
        for verb, codes in typed.seen.items():
            table = REPLIES.get(X_COMMANDS.get(verb, verb))
            if table:
                self.assertLessEqual(set(codes), table, verb)
        listed = {row.split()[0] for row in staffetta("--dump-commands", "ftp").stdout.splitlines()}
        sites = {"CHMOD", "COPY", "IDLE", "QUOTA", "SYMLINK", "UMASK", "UTIME", "WHO"}
        self.assertEqual(listed - sites - set(typed.seen), set())

    def before_login(self, typed):
        self.check(typed, [
            ("PASS x", "503 "), ("ACCT x", "503 "), ("PWD", "530 "), ("NONSENSE", "500 "), ("SYST", "215 UNIX"), ("NOOP", "200 "),
            ("HELP", "214-"), ("HELP RETR", "214 "), ("HELP x", "501 "), ("FEAT", r"211-.*\r\n211 "), ("LANG it", "200 "),
            ("LANG en", "200 "), ("LANG fr", "504 "), ("CLNT hand", "200 "), ("CSID Name=hand;", "200 "),
            ("PBSZ 0", "503 "), ("PROT P", "503 "), ("AUTH KERBEROS", "504 "), ("OPTS UTF8 ON", "200 "), ("OPTS x", "501 "),
            (f"HOST {HERE}", "220 "), ("HOST nobody.example", "504 "), ("USER alice", "331 "), ("PASS wrong", "530 "),
            ("USER alice", "331 "), ("HOST x", "503 "), (f"PASS {PASSWORDS[ALICE]}", "230 "), ("ACCT x", "202 "), ("CCC", "533 ")])

    def parameters(self, typed):
        self.check(typed, [
            ("TYPE A", "200 "), ("TYPE A N", "200 "), ("TYPE A T", "200 "), ("TYPE A C", "200 "), ("TYPE E", "200 "),
            ("TYPE L 8", "200 "), ("TYPE L 7", "504 "), ("TYPE X", "501 "), ("TYPE", "501 "), ("TYPE I", "200 "), ("STRU R", "200 "),
            ("STRU P", "200 "), ("STRU X", "501 "), ("STRU F", "200 "), ("MODE B", "200 "), ("MODE C", "200 "), ("MODE Z", "200 "),
            ("MODE X", "501 "), ("MODE S", "200 "), ("OPTS MODE Z LEVEL 9", "200 "), ("ALLO 5", "200 "), ("ALLO 5 R 2", "200 "),
            ("ALLO x", "501 "), ("REST 0", "350 "), ("REST x", "501 "), ("RANG 1 0", "350 "), ("RANG 2 1", "501 "),
            ("PORT 127,0,0,1,255,255", "200 "), ("PORT 127,0,0,1,0,25", "501 "), ("PORT 192,0,2,1,255,255", "501 "),
            ("PORT x", "501 "), ("EPRT |1|127.0.0.1|65535|", "200 "), ("EPRT |3|x|1|", "522 "), ("EPSV 1", "229 "),
            ("EPSV 2", "522 "), ("PASV", "227 "), ("ABOR", "225 "), ("SMNT /", "202 "), ("SMNT /none", "550 ")])

    def folders(self, typed):
        self.check(typed, [
            ("MKD a \"b\"", '257 "/a ""b""" '), ("MKD a \"b\"", "550 "), ("XMKD c", "257 "), ("CWD a \"b\"", "250 "), ("CWD x", "550 "),
            ("PWD", '257 "/a ""b""" '), ("XPWD", "257 "), ("CDUP", "250 "), ("XCWD c", "250 "), ("XCUP", "250 "),
            ("RMD x", "550 "), ("RMD a \"b\"", "250 "), ("XRMD c", "250 "), ("CWD ../..", "250 "), ("PWD", '257 "/" ')])

    def transfers(self, typed):
        self.assertRegex("".join(typed.send("STOR f", b"abcdef")), "^150 .*\r\n226 ")
        self.assertRegex("".join(typed.send("APPE f", b"ghi")), "^150 .*\r\n226 ")
        name = re.search("^150 FILE: (.*)\r\n", typed.send("STOU", b"x")[0])[1]
        self.check(typed, [("DELE " + name, "250 "), ("DELE " + name, "550 "), ("REST 3", "350 ")])
        self.assertEqual(typed.fetch("RETR f")[0], b"defghi")
        self.check(typed, [("RANG 1 2", "350 ")])
        self.assertEqual(typed.fetch("RETR f")[0], b"bc")
        self.check(typed, [("RANG 7 99", "350 ")])
        self.assertEqual(typed.fetch("RETR f")[0], b"hi")
        self.check(typed, [("RANG 99 100", "350 ")])
        self.assertEqual(typed.fetch("RETR f")[0], b"")
        self.check(typed, [("RANG 1 2", "350 ")])
        self.assertRegex(typed.send("STOR f", b"BC")[1], "^226 ")
        self.assertEqual(typed.fetch("RETR f")[0], b"aBCdefghi")
        self.check(typed, [("RETR none", "550 "), ("STOR /none/f", "553 "), ("REST 99", "350 "), ("RETR f", "554 "),
                           ("LIST none", "450 "), ("NLST none", "450 ")])
        self.assertRegex(typed.fetch("LIST")[0], rb"^-rw-r--r-- .* f\r\n$")
        self.assertEqual(typed.fetch("NLST")[0], b"f\r\n")
        self.assertRegex(typed.fetch("MLSD")[0], rb"type=file;.* f\r\n$")
        self.check(typed, [("STAT", "211-.*211 "), ("STAT f", "213-.*213 "), ("STAT /", "212-.*212 "), ("STAT none", "450 "),
                           ("RNTO g", "503 "), ("RNFR none", "550 "), ("RNFR f", "350 "), ("RNTO /none/g", "553 "), ("RNFR f", "350 "),
                           ("RNTO g", "250 ")])
        self.assertRegex("".join(typed.send("STOR part", b"jk")), "226 ")
        self.check(typed, [("COMB g part", "250 "), ("SIZE g", "213 11\r\n")])

    def facts(self, typed):
        self.check(typed, [
            ("MFMT 20010203040506 g", "213 Modify=20010203040506; g\r\n"), ("MDTM g", "213 20010203040506\r\n"),
            ("MDTM none", "550 "), ("MFCT 20000102030405 g", "213 Create=20000102030405; g\r\n"),
            ("MFF Modify=20020304050607;UNIX.mode=0600; g", "213 "), ("MLST g", r"250-.*\r\n .*modify=20020304050607;.* /g\r\n250 "),
            ("AVBL", r"213 \d+\r\n"), ("HASH g", "213 SHA-256 0-10 [0-9a-f]{64} g"), ("XCRC g", "250 [0-9A-F]{8}\r\n"),
            ("XMD5 g", "250 [0-9A-F]{32}\r\n"), ("XSHA g", "250 [0-9A-F]{40}\r\n"), ("XSHA1 g", "250 [0-9A-F]{40}\r\n"),
            ("XSHA256 g 0 5", "250 [0-9A-F]{64}\r\n"), ("XSHA512 g", "250 [0-9A-F]{128}\r\n"), ("SIZE none", "550 ")])

    def sites(self, typed):
        self.check(typed, [
            ("SITE HELP", "214-"), ("SITE NONSENSE", "500 "), ("SITE CHMOD 640 g", "200 "), ("SITE CHMOD 9 g", "501 "),
            ("SITE UMASK", "200 .*022"), ("SITE UMASK 077", "200 .*077"), ("SITE UMASK 9", "501 "),
            ("SITE UTIME 20010203040506 g", "200 "), ("SITE COPY g h", "200 "), ("SITE COPY g", "501 "),
            ("SITE SYMLINK g link", "200 "), ("SIZE link", "213 11\r\n"), ("SITE IDLE", "200 "), ("SITE IDLE 60", "200 "),
            ("SITE IDLE x", "501 "), ("SITE QUOTA", "200-"), ("SITE WHO", "200-")])
        typed.send("STOR secret", b"x")
        self.assertRegex(typed.fetch("LIST secret")[0], rb"^-rw------- ")
        self.check(typed, [("MKD private", "257 "), ("MLST private", "250-.*UNIX.mode=0700;")])

    def test_epsv_all(self):
        typed = self.keyboard()
        self.check(typed, [(f"USER {BOB}", "331 "), (f"PASS {PASSWORDS[BOB]}", "230 "), ("EPSV ALL", "200 "), ("PASV", "503 "),
                           ("PORT 127,0,0,1,255,255", "503 "), ("EPRT |1|127.0.0.1|65535|", "503 "), ("EPSV", "229 ")])


if __name__ == "__main__":
    unittest.main()
