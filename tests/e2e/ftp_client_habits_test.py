#!/usr/bin/env python3
"""What the FTP client owes to fingers and scripts: going back, names for commands, jobs as their user had it, early words."""

import os
import pathlib
import shutil
import stat
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
import harness  # noqa: E402
from ftp_scripted import ScriptedServer  # noqa: E402


class Obliging(ScriptedServer):
    """Takes MODE, STRU and each form of TYPE, and remembers where CWD leads."""

    where = "/"

    def reply(self, verb, argument):
        if verb in ("MODE", "STRU", "TYPE"):
            return "200 as you like"
        if verb == "CWD":
            self.where = argument
            return "250 there"
        if verb == "PWD":
            return f'257 "{self.where}" is here'
        return super().reply(verb, argument)


class Habits(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="staffetta-ftp-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.there = self.enterContext(Obliging({"menu": b"crepes"}))

    def ftp(self, *arguments, status=0, text=None):
        program = str(pathlib.Path(harness.PROGRAM).resolve())
        words = [program, "ftp", "-r", "0", *arguments]
        done = harness.run(*words, text=text, cwd=self.folder, environment={"HOME": str(self.folder)})
        self.assertEqual(done.returncode, status, f"{arguments}\n{done.stdout}{done.stderr}")
        return done

    # .netrc and -f

    def test_netrc_that_is_not_there(self):
        told = self.ftp("-N", "nowhere", "ls", self.there.url, status=66).stderr
        self.assertIn("nowhere: no such file", told)
        self.assertEqual(self.there.seen, [])
        self.ftp("ls", self.there.url)  # nobody named ~/.netrc

    def test_netrc_that_is_broken(self):
        (self.folder / "broken").write_text("machine a login b\nmachine 127.0.0.1 colour red\n")
        for words in (["ls", self.there.url], [self.there.url]):
            told = self.ftp("-N", "broken", *words, status=78, text="").stderr
            self.assertIn("broken: line 2: colour is no word of this file", told)
        self.assertFalse(any(line.startswith("USER") for line in self.there.seen))

    def test_script_that_is_not_there(self):
        self.assertIn("nowhere", self.ftp("-f", "nowhere", self.there.url, status=66).stderr)
        self.assertEqual(self.there.seen, [])

    def test_script_of_a_pipe(self):
        self.assertIn("Bonjour", self.ftp("-f", "/dev/stdin", self.there.url, text="echo Bonjour\n").stdout)

    # A place here that cannot be written

    def test_place_that_cannot_be_written(self):
        for place, status in (("nowhere/menu", 66), ("/proc/menu", 66)):
            self.ftp(self.there.url, text=f"get menu {place}\n", status=status)
        self.ftp("get", self.there.url + "menu", "-o", "nowhere/menu", status=66)
        self.assertFalse(any(line.startswith("RETR") for line in self.there.seen))

    def test_what_is_refused_leaves_no_file(self):
        (self.folder / "old").write_text("precious")
        os.symlink("nothing", self.folder / "link")
        for place in ("new", "old", "link"):
            self.ftp(self.there.url, text=f"get absent {place}\n", status=66)
        self.assertEqual(sorted(os.listdir(self.folder)), ["link", "old"])
        self.assertEqual((self.folder / "old").read_text(), "precious")

    def test_restart_goes_on_in_a_file_that_is_there(self):
        (self.folder / "short").write_text("c")
        for place in ("new", "short"):
            self.ftp(self.there.url, text=f"restart 2\nget menu {place}\n", status=66)
        self.assertEqual(os.listdir(self.folder), ["short"])
        self.assertFalse(any(line.startswith(("REST", "RETR")) for line in self.there.seen))

    def test_what_comes_replaces_all_of_the_old(self):
        (self.folder / "old").write_text("much longer than crepes")
        os.symlink("new", self.folder / "link")
        for place in ("old", "link"):
            self.ftp(self.there.url, text=f"get menu {place}\n")
            self.assertEqual((self.folder / place).read_text(), "crepes")
        os.mkfifo(self.folder / "pipe")
        with subprocess.Popen(["cat", self.folder / "pipe"], stdout=subprocess.PIPE) as reader:
            self.ftp(self.there.url, text="get menu pipe\n")
            self.assertEqual(reader.stdout.read(), b"crepes")
        self.assertTrue(stat.S_ISFIFO(os.stat(self.folder / "pipe").st_mode))

    # cd -, lcd -, unalias

    def test_going_back(self):
        done = self.ftp(self.there.url, text="cd /a\ncd /b\ncd -\ncd -\ncd -\n")
        self.assertEqual([line for line in self.there.seen if line.startswith("CWD")],
                         ["CWD /a", "CWD /b", "CWD /a", "CWD /b", "CWD /a"])
        self.assertEqual(done.stdout.splitlines()[-3:], ["/a", "/b", "/a"])
        self.assertIn("no folder to go back to", self.ftp(self.there.url, text="cd -\n", status=76).stderr)
        (self.folder / "here").mkdir()
        done = self.ftp(text="lcd here\nlcd -\nlcd -\n")
        self.assertEqual(done.stdout.splitlines(), [str(self.folder / "here"), str(self.folder), str(self.folder / "here")])

    def test_alias_is_taken_away(self):
        told = self.ftp(text="alias a echo Bonjour\na\nunalias a\na\n", status=64)
        self.assertEqual(told.stdout, "Bonjour\n")
        self.assertIn("a: no such alias", self.ftp(text="unalias a\n", status=66).stderr)

    # What fingers type that know lftp, or RFC 959

    def test_words_of_others(self):
        self.there.answers["SITE"] = "200 linked"
        self.there.answers["STAT"] = "211-Status\r\n of it\r\n211 End"
        done = self.ftp(self.there.url, text="type I\ntype a\ntype\nln -s a b\nln a b\nquote STAT\nrstatus\n"
                                             "du -sh\nfind . -maxdepth 1\npget -c -n 2 menu back\n")
        self.assertEqual([line for line in self.there.seen if line.startswith(("SITE", "TYPE"))],
                         ["TYPE I", "TYPE A N", "SITE SYMLINK a b", "SITE SYMLINK a b", "TYPE I", "TYPE A N"])
        self.assertIn("211-Status\n211- of it\n211 End\nStatus\n of it\nEnd\n", done.stdout)
        self.assertTrue((self.folder / "back").exists())
        self.ftp("mirror", "--exclude-glob=m*", self.there.url, "copy")
        self.assertEqual(os.listdir(self.folder / "copy"), [])

    def test_failures_are_told_once(self):
        self.there.answers["SITE"] = "550-Not\r\n550 here"
        done = self.ftp(self.there.url, text="chmod 600 menu\nquote SITE CHMOD 600 menu\n", status=66)
        self.assertEqual(done.stdout.splitlines()[1:], ["Not", "550-Not"])
        self.assertEqual(done.stderr, "550 here\n" * 2)

    # Jobs

    def test_jobs_are_as_their_user_had_it(self):
        words = "type ascii\nform telnet\nstruct record\nmode block\nalias fetch put\n"
        (self.folder / "x").write_text("x")
        for job in ("put x &", "queue put x", "queue fetch x"):
            with self.subTest(job):
                self.there.seen.clear()
                self.ftp(self.there.url, text=words + job + "\nwait\n")
                session = self.there.seen[[i for i, line in enumerate(self.there.seen) if line.startswith("USER")][1]:]
                for line in ("TYPE A T", "STRU R", "MODE B"):
                    self.assertIn(line, session)
                    self.assertLess(session.index(line), session.index("STOR x"))

    def test_what_is_lost_comes_again_as_it_was(self):
        (self.folder / "x").write_text("x" * 1000)
        self.there.cuts = [10]
        self.ftp("--retry", "1", self.there.url, text="struct record\nmode block\nput x\n")
        self.assertEqual([line for line in self.there.seen if line[:4] in ("STRU", "MODE", "STOR")],
                         ["STRU R", "MODE B", "STOR x", "MODE B", "STRU R", "STOR x"])


if __name__ == "__main__":
    unittest.main()
