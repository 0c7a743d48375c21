#!/usr/bin/env python3
"""`staffetta mime show`: the examples of the course, and its exit statuses."""

import json
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from harness import PROGRAM, staffetta

MESSAGE = (b"From: =?US-ASCII?Q?Keith_Moore?= <moore@cs.utk.edu>\r\nTo: =?ISO-8859-1?Q?Keld_J=F8rn_Simonsen?= <keld@dkuug.dk>\r\n"
           b"Subject: =?ISO-8859-1?B?SWYgeW91IGNhbiByZWFkIHRoaXMgeW8=?=\r\n =?ISO-8859-2?B?dSB1bmRlcnN0YW5kIHRoZSBleGFtcGxlLg==?=\r\n"
           b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; Boundary=StartOfNextPart\r\n\r\n--StartOfNextPart\r\n\r\n"
           b"Dear Bob, here is a picture.\r\n--StartOfNextPart\r\nContent-Type: image/jpeg\r\n"
           b"Content-Transfer-Encoding: base64\r\n\r\nzIE5\r\n--StartOfNextPart--\r\n")


def show(*arguments, octets=MESSAGE):
    return subprocess.run([PROGRAM, "mime", "show", "-", *arguments], input=octets, capture_output=True, timeout=60)


class MimeShow(unittest.TestCase):
    def test_tree(self):
        text = show().stdout.decode()
        self.assertIn("If you can read this you understand the example.", text)
        self.assertIn("Keld Jørn Simonsen", text)
        self.assertIn("image/jpeg", text)

    def test_json(self):
        structure = json.loads(show("--json").stdout)
        self.assertEqual([part["type"] for part in structure["parts"]],
                         ["multipart/mixed", "text/plain", "image/jpeg"])

    def test_part(self):
        self.assertEqual(show("--part", "1").stdout, b"Dear Bob, here is a picture.")
        self.assertEqual(show("--part", "2").stdout, b"zIE5")
        self.assertEqual(show("--part", "2", "--decode").stdout, b"\xcc\x81\x39")
        self.assertIn(b"11001100 10000001 00111001 -> 110011 001000 000100 111001 -> zIE5",
                      show("--part", "2", "--groups").stdout)

    def test_the_course(self):
        """M1 to M6 of the course notes."""
        # M1: a picture in base64. M3: three octets, four characters.
        picture = (b"MIME-Version: 1.0\r\nContent-Transfer-Encoding: base64\r\nContent-Type: image/jpeg\r\n\r\nzIE5\r\n")
        self.assertIn("image/jpeg (base64, 6 octets, 1 line)", show(octets=picture).stdout.decode())
        self.assertEqual(show("--part", "1", "--decode", octets=picture).stdout, bytes([0b11001100, 0b10000001, 0b00111001]))
        self.assertEqual(show("--groups", octets=b"\xcc\x81\x39").stdout.split(b"\n")[0],
                         b"11001100 10000001 00111001 -> 110011 001000 000100 111001 -> zIE5")
        # M2: text, picture, text.
        parts = b"".join(b"--StartOfNextPart\r\nContent-Type: %s\r\n\r\n%s\r\n" % part for part in
                         [(b"text/plain", b"Here it is"), (b"image/jpeg", b"..."), (b"text/plain", b"Do you want more?")])
        mixed = b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; Boundary=StartOfNextPart\r\n\r\n" + parts + \
                b"--StartOfNextPart--\r\n"
        lines = [line.split("(")[0].strip() for line in show(octets=mixed).stdout.decode().splitlines()]
        self.assertEqual(lines[:4], ["multipart/mixed", "1  text/plain", "2  image/jpeg", "3  text/plain"])
        self.assertEqual(show("--part", "3", octets=mixed).stdout, b"Do you want more?")
        # M4: quoted-printable writes an octet outside US-ASCII as three characters.
        quoted = (b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=windows-1252\r\n"
                  b"Content-Transfer-Encoding: quoted-printable\r\n\r\nabc=9Cdef\r\n")
        self.assertEqual(show("--part", "1", "--decode", octets=quoted).stdout, "abcœdef\r\n".encode())
        self.assertEqual(show("--part", "1", octets=quoted.replace(b"=9C", b"=9D")).stdout, b"abc=9Ddef\r\n")
        # M5: encoded words, as written and as read. The notes' second word says "undurstand".
        words = MESSAGE.replace(b"dSB1bmRlcnN0YW5kIHRoZSBleGFtcGxlLg==", b"dSB1bmR1cnN0YW5kIHRoZSBleGFtcGxlLg==")
        for octets, text in ((MESSAGE, "If you can read this you understand the example."),
                             (words, "If you can read this you undurstand the example.")):
            shown = show(octets=octets).stdout.decode()
            self.assertIn(text, shown)
            self.assertIn("Keith Moore <moore@cs.utk.edu>", shown)
            self.assertIn("=?ISO-8859-1?Q?Keld_J=F8rn_Simonsen?=", shown)
        # M6: the five fields, and the seven types.
        for kind in ("text", "multipart", "message", "image", "video", "audio", "application"):
            octets = (f"MIME-Version: 1.0\r\nContent-Type: {kind}/x-test\r\nContent-Transfer-Encoding: 7bit\r\n"
                      "Content-ID: <1@crepes.example>\r\nContent-Description: a test\r\n\r\nx\r\n").encode()
            (part,) = json.loads(show("--json", octets=octets).stdout)["parts"]
            self.assertEqual([part[key] for key in ("type", "encoding", "id", "description")],
                             [f"{kind}/x-test", "7bit", "<1@crepes.example>", "a test"])

    def test_nested_parts(self):
        inner = (b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n\r\none\r\n--a\r\n"
                 b"Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n"
                 b"Content-Transfer-Encoding: base64\r\n\r\ndHdvIG9uZQ==\r\n--b--\r\n--a--\r\n")
        self.assertEqual(show("--part", "2.1", "--decode", octets=inner).stdout, b"two one")
        self.assertEqual(show("--part", "2.1", octets=inner).stdout, b"dHdvIG9uZQ==")

    def test_a_message_larger_than_memory(self):
        """From a file and from a pipe, with less memory to take than the message has octets."""
        octets, memory = 150 << 20, 50 << 20
        if "san" in str(PROGRAM) or "fuzz" in str(PROGRAM):
            memory = resource.RLIM_INFINITY  # sanitizers need more than any message
        header = (b"Subject: large\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
                  b"Content-Transfer-Encoding: base64\r\n\r\nR3LD\r\n")
        with tempfile.NamedTemporaryFile(prefix="staffetta-", dir="/var/tmp") as file:
            file.write(header)
            file.seek(octets)  # a hole: nothing that base64 heeds
            file.write(b"\r\nvMOfZQ==\r\n")
            file.flush()

            def limited(*arguments, **options):
                return subprocess.run([PROGRAM, "mime", "show", *arguments], capture_output=True, timeout=120, check=True,
                                      preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_DATA, (memory, memory)),
                                      **options).stdout

            self.assertEqual(json.loads(limited(file.name, "--json"))["octets"], octets + 12)
            self.assertEqual(limited(file.name, "--part", "1", "--decode").decode(), "Grüße")
            with subprocess.Popen(["cat", file.name], stdout=subprocess.PIPE) as pipe:
                self.assertIn(f"{octets + 12} octets", limited("-", stdin=pipe.stdout).decode())

    def test_mistakes(self):
        self.assertEqual(show("--part", "7").returncode, 67)
        self.assertEqual(show("--part", "x.y").returncode, 65)
        self.assertEqual(show("--decode").returncode, 64)
        self.assertEqual(staffetta("mime", "show", "/nonexistent").returncode, 67)
        self.assertEqual(subprocess.run([PROGRAM, "mime", "show", "-"], input=MESSAGE, capture_output=True,
                                        env={**os.environ, "TMPDIR": "/nonexistent"}).returncode, 67)
        self.assertEqual(show(octets=b"").returncode, 0)


if __name__ == "__main__":
    unittest.main()
