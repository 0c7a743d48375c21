#!/usr/bin/env python3
"""`staffetta mime show`: the examples of the course, and its exit statuses."""

import json
import pathlib
import subprocess
import sys
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

    def test_mistakes(self):
        self.assertEqual(show("--part", "7").returncode, 67)
        self.assertEqual(show("--part", "x.y").returncode, 65)
        self.assertEqual(show("--decode").returncode, 64)
        self.assertEqual(staffetta("mime", "show", "/nonexistent").returncode, 67)
        self.assertEqual(show(octets=b"").returncode, 0)


if __name__ == "__main__":
    unittest.main()
