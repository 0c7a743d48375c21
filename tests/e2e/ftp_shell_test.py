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
from ftp_scripted import ScriptedServer  # noqa: E402


class Terminal(unittest.TestCase):
    columns = 100

    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(ftp_peers.Vsftpd())
        cls.url = cls.server.url.replace("/in/", "/in")

    @staticmethod
    def start(url, folder, home, columns):
        return pexpect.spawn(
            str(pathlib.Path(harness.PROGRAM).resolve()), ["ftp", "--insecure", url], encoding="utf-8",
            timeout=harness.PATIENCE_S, cwd=folder, dimensions=(24, columns),
            env={**os.environ, "HOME": str(home), "TERM": "xterm", "PAGER": "cat", "SHELL": "/bin/sh"})

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="staffetta-ftp-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.home = self.folder / "home"
        self.home.mkdir()
        (self.home / ".netrc").write_text("machine localhost login anonymous password x\n"
                                          "macdef sizes\nsize $1\nsize $2\n\n")
        (self.home / ".netrc").chmod(0o600)
        self.child = self.start(self.url, self.folder, self.home, self.columns)
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
        self.expect("ftp> ")
        self.child.send("bell off; modt\t")
        self.expect("ime ")  # what was missing of it
        self.child.sendline("a*")
        self.expect("ftp> ")

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
        self.type("bookmark", f"here +ftp://localhost:{self.server.port}/%2Fin")
        self.type("close", "221")
        self.type("size piece", "not connected")
        self.type("open here", "230")
        self.type("size piece", "300000 piece")

    def test_settings(self):
        self.type("set retries 5", "")
        self.type("set retries", r"retries +5")
        self.type("unset retries", "")
        self.type("set retries", r"retries +3")
        self.type("set nonsense 1", "no such setting")
        self.type("status", r"passive +on")
        self.type("passive off", "passive is off")
        self.type("status", r"sendport +on")
        self.child.sendline('set prompt "%n %m:%/> "')
        self.expect("anonymous localhost:/in> ")

    def test_second_word_is_a_pipe(self):
        (self.folder / "letter").write_text("Bonjour\n")
        self.type("put letter", "226")
        self.type("get letter |tr a-z A-Z", "BONJOUR")
        self.type("!echo one  two", "one two")
        self.type("ls . |sed s/letter/found/", "found")

    def test_interrupt(self):
        (self.folder / "large").write_bytes(bytes(2_000_000))
        self.type("put large", "226")
        self.type("set rate 50k", "")
        self.child.sendline("get large copy")
        self.expect("150")
        self.child.sendintr()
        self.expect("aborted")
        self.expect("ftp> ")
        self.type("size large", "2000000 large")  # still in step

    def test_line_that_is_given_up(self):
        self.child.send("delete al")
        self.expect("delete al")
        self.child.sendintr()
        self.expect(r"\^C\r\nftp> ")
        self.type("size x", "550")

    def test_listing_stands_between_its_replies(self):
        (self.folder / "letter").write_text("x")
        self.type("put letter", "226")
        self.type("ls letter", r"150 [^\r]*\r\n[^\r]*letter\r\n226 ")

    def test_tree(self):
        (self.folder / "menu" / "carte").mkdir(parents=True)
        for number in range(3):
            (self.folder / "menu" / "carte" / f"plat {number}.txt").write_text("crepes\n")
        self.type("mirror -R menu", r"3 files 100%.*\r\n3 copied \(21\), 0 unchanged, 1 folder made")
        self.type("find menu -name *2.txt", r"menu/carte/plat 2\.txt\r\n")
        self.type("lls menu", "carte")
        self.child.sendline("rm -r menu")
        self.expect(r"rm menu \[y/n/a/p/q/\?\] ")
        self.child.sendline("n")
        self.expect("ftp> ")
        self.type("find menu", "menu/carte/")
        self.type("rm -x menu", "usage: rm")
        self.type("rm -rf menu", "3 files and 2 folders removed")

    def test_edit(self):
        (self.folder / "letter").write_text("Bonjour\n")
        self.type("put letter", "226")
        self.type("set editor 'sed -i s/jour/soir/'", "")
        self.type("edit letter", "226")
        self.type("get letter -", "Bonsoir")


class Narrow(Terminal):
    """The same in a narrow terminal: lines that are drawn in place must not wrap."""

    columns = 44
    test_session = test_completion = test_jobs_and_bookmarks = None
    test_settings = test_second_word_is_a_pipe = test_interrupt = test_edit = None
    test_line_that_is_given_up = test_listing_stands_between_its_replies = test_tree = None

    def test_errors_break_between_words(self):
        self.type("set tls required", "")
        self.type("set verify on", "")
        self.child.sendline(f"open localhost {self.server.port}")
        self.expect("without proof\r\n")
        said = self.child.before[self.child.before.index("TLS handshake"):]
        for line in said.split("\r\n"):
            self.assertLess(len(line), self.columns, said)
        self.assertIn("goes on", said.replace("\r\n", " "))

    def test_meter_does_not_wrap(self):
        (self.folder / "a rather long name.bin").write_bytes(bytes(400_000))
        self.child.sendline("set rate 400k")
        self.expect("ftp> ")
        self.child.sendline('put "a rather long name.bin" x')
        self.expect("226")
        drawn = self.child.before.split("\r")
        lines = [line.removeprefix("\x1b[K") for line in drawn if "%" in line]
        self.assertTrue(lines)
        for line in lines:
            self.assertLess(len(line.split("\x1b")[0]), self.columns, line)
            self.assertIn("left", line)


class Hostile(unittest.TestCase):
    def test_second_interrupt_hangs_up(self):
        class Silent(ScriptedServer):
            def obey(self, connection, state, verb, argument):
                return verb == "STAT" or super().obey(connection, state, verb, argument)

        with Silent() as server, tempfile.TemporaryDirectory() as folder:
            child = Terminal.start(server.url.replace("ftp://", "ftp://bob:x@"), folder, folder, 80)
            self.addCleanup(child.close, force=True)
            child.expect("ftp> ")
            child.sendline("debug on")
            child.expect("ftp> ")
            child.sendline("rstatus")
            child.expect("---> STAT")
            child.sendintr()
            child.sendintr()
            child.expect("hung up")
            child.expect("ftp> ")
            child.sendline("size x")  # connects again
            child.expect("connecting again")


    def test_listing_does_not_command_the_terminal(self):
        answers = {"PWD": '257 "/blue\x1b[34m"', "FEAT": "211-All\r\n green\x1b[32m\r\n211 End"}
        with ScriptedServer({"red\x1b[31m": b"x", "bell\x07": b""}, answers) as server, \
                tempfile.TemporaryDirectory() as folder:
            child = Terminal.start(server.url, folder, folder, 80)
            self.addCleanup(child.close, force=True)
            child.expect("Name .*: ")
            child.sendline("bob")
            child.expect("Password: ")
            child.sendline("x")
            child.expect("ftp> ")
            child.sendline("ls")
            child.expect("red.*\r\n.*bell.*\r\n")
            self.assertIn("red?[31m", child.match[0])
            self.assertIn("bell?", child.match[0])
            child.sendline("features")
            child.expect(r"GREEN\?\[32M\r\n")
            child.sendline("pwd")
            child.expect(r"/blue\?\[34m\r\n")
            child.sendline("set prompt %/=")
            child.expect(r"/blue\?\[34m=")


if __name__ == "__main__":
    unittest.main(verbosity=2)
