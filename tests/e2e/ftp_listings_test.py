#!/usr/bin/env python3
"""`mirror --delete` and listings that do not say all: what is not known to be gone stays."""

import os
import pathlib
import shutil
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
import ftp_peers  # noqa: E402
import harness  # noqa: E402
from ftp_scripted import ScriptedServer  # noqa: E402

FACTS = ["MLST type*;size*;modify*;"]


class Framed(ScriptedServer):
    """Lists its files, and what a test adds before and behind them."""

    before = behind = ""

    def listing(self):
        return self.before + super().listing() + self.behind

    def facts(self):
        return self.before + super().facts() + self.behind


class Home(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="staffetta-ftp-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.copy = self.folder / "copy"
        self.copy.mkdir()
        (self.copy / "precious").write_text("x")

    def ftp(self, *arguments, status=0, text=None):
        program = pathlib.Path(harness.PROGRAM).resolve()
        done = harness.run(program, "ftp", *arguments, text=text, cwd=self.folder, environment={"HOME": str(self.folder)})
        self.assertEqual(done.returncode, status, f"{arguments}\n{done.stdout}{done.stderr}")
        return done


class Mirrored(Home):
    def serve(self, before="", behind="", features=()):
        there = self.enterContext(Framed({"menu": b"crepes"}, features=features))
        there.before, there.behind = before, behind
        return there

    def test_nothing_is_removed_where_a_line_cannot_be_read(self):
        for features, line in (((), "ls: precious: Permission denied"), ((), "?????????? ? ? ? ? ? precious"),
                               (FACTS, "precious"), (FACTS, "size=1; precious")):
            with self.subTest(line):
                there = self.serve(behind=line + "\r\n" + line + " again\r\n", features=features)
                told = self.ftp("mirror", "--delete", there.url, "copy", status=74).stderr
                self.assertIn("cannot be read: " + line, told)
                self.assertEqual(told.count("cannot be read: "), 1)
                self.assertIn("nothing was removed", told)
                self.assertEqual((self.copy / "precious").read_text(), "x")
                self.assertEqual((self.copy / "menu").read_text(), "crepes")

    def test_nothing_is_removed_where_the_listing_is_cut(self):
        for features, line in (((), "-rw-r--r-- 1 a b 1 Jan  1  2024 prec"), (FACTS, "type=file;size=1; prec"),
                               ((), "-rw-r--r-- 1 a b"), (FACTS, "type=fi")):
            with self.subTest(line):
                there = self.serve(behind=line, features=features)
                told = self.ftp("mirror", "--delete", there.url, "copy", status=74).stderr
                self.assertIn("cannot be read: " + line, told)
                self.assertEqual((self.copy / "precious").read_text(), "x")

    def test_what_stands_around_files_hides_none(self):
        for before, behind in (("total 12\r\n", ""), ("\r\nDirectory USERS:[ANON]\r\n\r\n", "\r\nTotal of 1 file\r\n")):
            (self.copy / "surplus").write_text("x")
            there = self.serve(before, behind)
            self.ftp("mirror", "--delete", there.url, "copy")
            self.assertEqual(os.listdir(self.copy), ["menu"])

    def test_what_a_link_leads_to_stays(self):
        (self.copy / "linked" / "in").mkdir(parents=True)
        (self.copy / "linked" / "in" / "file").write_text("x")
        (self.copy / "linked.not").write_text("x")
        there = self.serve(behind="lrwxrwxrwx 1 a b 5 Jan  1  2024 precious -> menu\r\n"
                                  "lrwxrwxrwx 1 a b 5 Jan  1  2024 linked -> elsewhere\r\n")
        self.assertIn("1 removed, 0 failed, 2 links left out", self.ftp("mirror", "--delete", there.url, "copy").stdout)
        self.assertEqual((self.copy / "precious").read_text(), "x")
        self.assertEqual((self.copy / "linked" / "in" / "file").read_text(), "x")
        self.assertFalse((self.copy / "linked.not").exists())


class Hidden(Home):
    """vsftpd says 226 of a folder that is not there, and of one that it may not read."""

    @classmethod
    def setUpClass(cls):
        cls.there = cls.enterClassContext(ftp_peers.Vsftpd())
        folder = cls.there.home / "in" / "menus"
        (folder / "closed").mkdir(parents=True)
        (folder / "crepes").write_text("x")
        (folder / "empty").mkdir()

    def mirror(self, name, status):
        return self.ftp("--cacert", self.there.certificate, "mirror", "--delete", self.there.url + name, "copy",
                        status=status).stderr

    def test_folder_that_is_not_there(self):
        self.assertIn("failed to open directory", self.mirror("menu", 66))
        self.assertEqual((self.copy / "precious").read_text(), "x")

    def test_folder_that_may_not_be_read(self):
        closed = self.there.home / "in" / "menus" / "closed"
        closed.chmod(0)
        self.addCleanup(closed.chmod, 0o755)
        (self.copy / "closed").mkdir()
        (self.copy / "closed" / "precious").write_text("x")
        self.mirror("menus/closed", 66)
        self.assertEqual((self.copy / "precious").read_text(), "x")
        self.assertIn("nothing was removed", self.mirror("menus", 74))
        self.assertEqual((self.copy / "closed" / "precious").read_text(), "x")

    def test_folder_that_is_empty(self):
        self.mirror("menus/empty", 0)
        self.assertEqual(os.listdir(self.copy), [])


if __name__ == "__main__":
    unittest.main()
