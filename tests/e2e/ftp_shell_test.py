#!/usr/bin/env python3
"""The interactive FTP client at a terminal: what is typed, what is shown, what arrives."""

import os
import pathlib
import shutil
import sys
import tempfile
import unittest

import pexpect

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
import ftp_peers  # noqa: E402
import harness  # noqa: E402


class Terminal(unittest.TestCase):
    columns = 100

    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(ftp_peers.Vsftpd())
        cls.url = cls.server.url.replace("/in/", "/in")

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="staffetta-ftp-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.home = self.folder / "home"
        self.home.mkdir()
        (self.home / ".netrc").write_text("machine localhost login anonymous password x\n"
                                          "macdef sizes\nsize $1\nsize $2\n\n")
        (self.home / ".netrc").chmod(0o600)
        self.child = pexpect.spawn(
            str(pathlib.Path(harness.PROGRAM).resolve()),
            ["ftp", "--insecure", self.url], encoding="utf-8", timeout=harness.PATIENCE_S,
            cwd=self.folder, env={**os.environ, "HOME": str(self.home), "TERM": "xterm", "PAGER": "cat"},
            dimensions=(24, self.columns))
        self.addCleanup(self.child.close, force=True)
        self.expect("ftp> ")

    def expect(self, pattern):
        self.child.expect(pattern)

    def type(self, line, answer):
        self.child.sendline(line)
        self.expect(answer)
        self.expect("ftp> ")

    def test_session(self):
        (self.folder / "letter one.txt").write_text("Bonjour\n")
        self.type('put "letter one.txt" letter', "226")
        self.type("ls", "letter")
        self.type("size letter", "8 letter")
        self.type("get letter -", "Bonjour")
        self.type("rename letter lettre", "250")
        self.type("$ sizes lettre lettre", "8 lettre\r\n(.*\r\n)*8 lettre")
        self.type("hel siz", "size REMOTE")
        self.type("debug on", "debug is on")
        self.type("size lettre", "---> SIZE lettre")
        self.type("nonsense", "no such command")
        self.type("delete lettre", "250")
        self.child.sendline("bye")
        self.expect(pexpect.EOF)

    def test_completion(self):
        (self.folder / "a rather long name").write_text("x")
        self.type('put "a rather long name"', "226")
        self.child.send("size a\t")
        self.expect(r"rather\\ long\\ name")
        self.child.sendline("")
        self.expect("1 a rather long name")

    def test_jobs_and_bookmarks(self):
        (self.folder / "piece").write_bytes(os.urandom(300_000))
        self.type("put piece &", r"\[1\] put piece")
        self.type("wait", r"\[1\] done: put piece")
        self.type("queue get piece again", r"\[2\] get piece again")
        self.type("queue get piece again2", r"\[3\]")
        self.type("wait", r"\[3\] done")
        self.assertEqual((self.folder / "piece").read_bytes(), (self.folder / "again2").read_bytes())
        self.type("pget -n 3 piece parts", "")
        self.assertEqual((self.folder / "piece").read_bytes(), (self.folder / "parts").read_bytes())
        self.type("bookmark add here", "")
        self.type("bookmark", f"here +ftp://localhost:{self.server.port}/in")
        self.type("close", "221")
        self.type("size piece", "not connected")
        self.type("open here", "230")
        self.type("size piece", "300000 piece")


if __name__ == "__main__":
    unittest.main(verbosity=2)
