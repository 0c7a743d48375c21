#!/usr/bin/env python3
"""`staffetta mime build`: what it writes is read back by Python's email package and by `mime show`."""

import base64
import email
import email.policy
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from harness import PROGRAM

PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")
PDF = b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"
TEXT = "Viele Grüße\nvon einer Zeile ohne CR\n".encode()
LATIN = "Viele Grüße aus Köln, wo die Brücken über den Rhein führen\n".encode("latin-1")
HTML = b'<p>Look: <img src="cid:logo.png"> and <img src="cid:logo.png2">\n'
HEADER = ["--from", "Alice Müller <alice@crepes.example>", "--to", "bob@hamburger.example, Green <green@hamburger.example>",
          "--subject", "Grüße"]


class MimeBuild(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="staffetta-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        for name, octets in {"logo.png": PNG, "menu.pdf": PDF, "grüße.txt": TEXT, "latin.txt": LATIN, "page.html": HTML}.items():
            (self.folder / name).write_bytes(octets)

    def build(self, *arguments, octets=b"", environment=None):
        return subprocess.run([PROGRAM, "mime", "build", *arguments], input=octets, capture_output=True, timeout=60,
                              cwd=self.folder, env={**os.environ, "LC_ALL": "C.UTF-8", **(environment or {})})

    def built(self, *arguments, **options):
        """The message as octets, and as Python reads it."""
        ran = self.build(*HEADER, *arguments, **options)
        self.assertEqual((ran.returncode, ran.stderr), (0, b""))
        message = email.message_from_bytes(ran.stdout, policy=email.policy.default)
        self.assertEqual([part.defects for part in message.walk() if part.defects], [])
        return ran.stdout, message

    def show(self, octets, *arguments):
        return subprocess.run([PROGRAM, "mime", "show", "-", *arguments], input=octets, capture_output=True,
                              timeout=60, check=True).stdout

    def test_attachments(self):
        octets, message = self.built("--text", "-", "--attach", "logo.png", "--attach", "menu.pdf", "--attach", "grüße.txt",
                                     octets="Schöne Grüße!\n".encode())
        self.assertTrue(octets.isascii() and b"\n" not in octets.replace(b"\r\n", b""))
        self.assertLessEqual(max(map(len, octets.split(b"\r\n"))), 78)
        self.assertIn(b"filename*=utf-8''gr%C3%BC%C3%9Fe.txt", octets)
        self.assertEqual(message["Subject"], "Grüße")
        self.assertEqual(message["From"].addresses[0].display_name, "Alice Müller")
        self.assertEqual([a.addr_spec for a in message["To"].addresses], ["bob@hamburger.example", "green@hamburger.example"])
        self.assertTrue(message["Date"].datetime and message["Message-ID"].endswith("@crepes.example>"))
        self.assertEqual(message.get_body().get_content().strip(), "Schöne Grüße!")

        files = [("image/png", "logo.png", PNG), ("application/pdf", "menu.pdf", PDF), ("text/plain", "grüße.txt", TEXT)]
        self.assertEqual([(part.get_content_type(), part.get_filename(), part.get_payload(decode=True))
                          for part in message.iter_attachments()], files)

        structure = json.loads(self.show(octets, "--json"))
        self.assertEqual(structure["defects"], [])
        self.assertEqual([(p["type"], p["disposition"]["parameters"]["filename"]) for p in structure["parts"][2:]],
                         [(kind, name) for kind, name, _ in files])
        for number, (_, _, content) in enumerate(files, 2):
            self.assertEqual(self.show(octets, "--part", str(number), "--decode"), content)

    def test_inline_pictures(self):
        (self.folder / "logo.png2").write_bytes(PNG)
        octets, message = self.built("--html", "page.html", "--inline", "logo.png", "--inline", "logo.png2")
        self.assertEqual([part.get_content_type() for part in message.walk()],
                         ["multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png", "image/png"])
        html = message.get_body(("html",)).get_content()
        for part in message.walk():
            if part.get_content_type() == "image/png":
                self.assertIn(f'src="cid:{part["Content-ID"].strip("<>")}"', html)
                self.assertEqual(part.get_payload(decode=True), PNG)
        self.assertEqual(json.loads(self.show(octets, "--json"))["defects"], [])

    def test_charset_of_a_text_file(self):
        _, message = self.built("--text", "latin.txt", "--attach", "latin.txt")
        self.assertEqual(message.get_body().get_content().strip(), LATIN.decode("latin-1").strip())
        (attached,) = message.iter_attachments()
        self.assertEqual(attached.get_payload(decode=True), LATIN)
        self.assertEqual(attached.get_content(), LATIN.decode("latin-1"))

    def test_types_without_a_database(self):
        _, message = self.built("--attach", "logo.png", "--attach", "menu.pdf", environment={"MAGIC": "/nonexistent"})
        self.assertEqual([part.get_content_type() for part in message.iter_attachments()], ["image/png", "application/pdf"])

    def test_utf8(self):
        ran = self.build("--from", "Alice Müller <alice@crepes.example>", "--to", "jürgen@bücher.example", "--subject", "Grüße",
                         "--text", "-", "--attach", "grüße.txt", "--utf8", octets=TEXT)
        self.assertEqual((ran.returncode, ran.stderr), (0, b""))
        for line in ("From: Alice Müller <alice@crepes.example>", "To: jürgen@bücher.example", "Subject: Grüße",
                     "Content-Transfer-Encoding: 8bit", 'filename="grüße.txt"'):
            self.assertIn(line, ran.stdout.decode())
        header = email.message_from_string(ran.stdout.decode(), policy=email.policy.SMTPUTF8)
        self.assertEqual(header["To"].addresses[0].addr_spec, "jürgen@bücher.example")
        self.assertEqual(self.show(ran.stdout, "--part", "1", "--decode"), TEXT.replace(b"\n", b"\r\n"))
        self.assertEqual([d for d in json.loads(self.show(ran.stdout, "--json"))["defects"] if d["name"] != "8bit-header"], [])

    def test_a_large_file_is_never_in_memory(self):
        octets = 200 << 20
        with open(self.folder / "film.bin", "wb") as film:
            film.write(os.urandom(1 << 16))
            film.truncate(octets)
        peak = "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True); " \
               "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)"
        with open(self.folder / "message.eml", "wb") as message:
            ran = subprocess.run([sys.executable, "-c", peak, PROGRAM, "mime", "build", *HEADER, "--attach", "film.bin"],
                                 cwd=self.folder, stdout=message, stderr=subprocess.PIPE, timeout=120, check=True)
        self.assertGreater((self.folder / "message.eml").stat().st_size, octets * 4 // 3)
        if "san" not in str(PROGRAM) and "fuzz" not in str(PROGRAM):  # sanitizers keep what was freed
            self.assertLess(int(ran.stderr), 64 << 10)

    def test_mistakes(self):
        to, subject = ["--to", "bob@hamburger.example"], ["--subject", "Hi"]
        for status, arguments, words in [
                (64, ["--from", "alice@crepes.example", *to], "--subject is required"),
                (64, [*HEADER, "--inline", "logo.png"], "--inline requires --html"),
                (65, ["--from", "alice", *to, *subject], '--from: "alice"'),
                (65, ["--from", "a@crepes.example, b@crepes.example", *to, *subject], "one address"),
                (65, ["--from", "alice@crepes.example", "--to", "<bob@hamburger.example", *subject], "--to:"),
                (65, ["--from", "alice@crepes.example", "--to", "jürgen@hamburger.example", *subject], "US-ASCII"),
                (65, [*HEADER, "--html", "grüße.txt", "--inline", "logo.png"], 'shows no "cid:logo.png"'),
                (67, [*HEADER, "--attach", "absent.txt"], "absent.txt: No such file"),
                (74, [*HEADER, "--attach", "."], "directory")]:
            with self.subTest(arguments=arguments):
                ran = self.build(*arguments)
                self.assertEqual((ran.returncode, ran.stdout), (status, b""))
                self.assertIn(words, ran.stderr.decode())
        with open("/dev/full", "wb") as full:
            self.assertEqual(subprocess.run([PROGRAM, "mime", "build", *HEADER], stdout=full, stderr=subprocess.DEVNULL,
                                            timeout=60).returncode, 74)


if __name__ == "__main__":
    unittest.main()
