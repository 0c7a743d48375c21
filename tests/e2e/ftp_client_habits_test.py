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


class Tree(ScriptedServer):
    """Lists a folder and what is in it, as facts."""

    def __init__(self):
        super().__init__({}, features=["MLST type*;size*;"])

    def transfer(self, connection, state, verb, name):
        self.listed = name
        return super().transfer(connection, state, verb, name)

    def facts(self):
        return {"": "type=dir; a\r\ntype=file;size=1; b\r\ntype=dir; c\r\n",
                "a": "type=dir; deep\r\ntype=file;size=2; x\r\n"}.get(self.listed, "type=file;size=3; y\r\n")


class Names(ScriptedServer):
    """Lists names, the same of every folder."""

    def obey(self, connection, state, verb, argument):
        if verb == "NLST":
            return self.transfer(connection, state, "LIST", argument)
        return super().obey(connection, state, verb, argument)

    def listing(self):
        return "menu\r\nwine\r\n"


class Habits(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="staffetta-ftp-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.there = self.enterContext(Obliging({"menu": b"crepes"}))

    def ftp(self, *arguments, status=0, text=None):
        program = str(pathlib.Path(harness.PROGRAM).resolve())
        words = [program, "ftp", "-r", "0", *arguments]
        done = harness.run(*words, text=text, cwd=self.folder, environment={"HOME": str(self.folder)})
        if status is not None:
            self.assertEqual(done.returncode, status, f"{arguments}\n{done.stdout}{done.stderr}")
        return done

    # .netrc and -f

    def test_netrc_that_is_not_there(self):
        told = self.ftp("-N", "nowhere", "ls", self.there.url, status=66).stderr
        self.assertIn("nowhere: no such file", told)
        self.assertEqual(self.there.seen, [])
        self.ftp("ls", self.there.url)  # nobody named ~/.netrc

    def test_netrc_that_is_broken(self):
        (self.folder / "broken").write_text("machine a login b\nmachine 127.0.0.1 login\n")
        for words in (["ls", self.there.url], [self.there.url]):
            told = self.ftp("-N", "broken", *words, status=78, text="").stderr
            self.assertIn("broken: line 2: login stands without a value", told)
        self.assertFalse(any(line.startswith("USER") for line in self.there.seen))

    def test_script_that_is_not_there(self):
        self.assertIn("nowhere", self.ftp("-f", "nowhere", self.there.url, status=66).stderr)
        self.assertEqual(self.there.seen, [])

    def test_script_of_a_pipe(self):
        self.assertIn("Bonjour", self.ftp("-f", "/dev/stdin", self.there.url, text="echo Bonjour\n").stdout)

    # RFC 1738 3.2.2: what a URL says of the type

    def test_url_that_asks_for_names(self):
        with Names({"menu": b"crepes"}) as there:
            for words in (["get", there.url + "in/;type=d"], ["get", "-o", "-", there.url + "in;type=D"],
                          ["ls", there.url + "in;type=d"]):
                there.seen.clear()
                self.assertEqual(self.ftp(*words).stdout, "menu\nwine\n", words)
                self.assertTrue(any(line.rstrip("/") == "NLST in" for line in there.seen), there.seen)
                self.assertFalse(any(line.startswith(("RETR", "LIST")) for line in there.seen), there.seen)
            self.ftp("get", "-o", "names", there.url + ";type=d")
            self.assertIn("NLST", there.seen)
            self.assertEqual((self.folder / "names").read_text(), "menu\nwine\n")
            (self.folder / "here").mkdir()
            there.seen.clear()
            self.ftp("get", "-o", "here", there.url + ";type=d", status=64)
            self.ftp("put", "names", there.url + "x;type=d", status=64)
            self.assertFalse(any(line.startswith(("NLST", "STOR")) for line in there.seen), there.seen)
            there.answers["NLST"] = "550 no such folder"
            self.ftp("get", "-o", "names", there.url + ";type=d", status=66)
            self.assertEqual((self.folder / "names").read_text(), "menu\nwine\n")

    def test_type_a_is_said_even_where_it_is_the_default(self):
        for words in (["get", "-o", "m", self.there.url + "menu;type=a"], ["get", "--ascii", "-o", "m", self.there.url + "menu"],
                      ["put", "m", self.there.url + "n;type=a"]):
            self.there.seen.clear()
            self.ftp(*words)
            self.assertEqual([line for line in self.there.seen if line.startswith("TYPE")], ["TYPE A N"], words)
        self.there.seen.clear()
        self.ftp(self.there.url, text="ascii\nget menu a\nget menu b\nquote TYPE I\nget menu c\nbinary\nget menu d\n")
        self.assertEqual([line for line in self.there.seen if line.startswith("TYPE")],
                         ["TYPE A N", "TYPE I", "TYPE A N", "TYPE I"])

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

    # What a line came to

    def test_hosts_that_cannot_be_had(self):
        self.ftp(text="open no-such-host.invalid\n", status=68)
        self.ftp("no-such-host.invalid", text="", status=68)
        self.assertIn("TLS", self.ftp("--tls", "required", self.there.url, text="", status=69).stderr)
        self.assertEqual(self.ftp(text="open no-such-host.invalid && echo well\n", status=68).stdout, "")

    def test_nothing_is_removed_behind_what_failed(self):
        (self.folder / "names").write_text("absent\nmenu\n")
        for line in ("mget absent menu", "fget names", "mput absent names", "mdelete nothing-like-*", "proxy pwd",
                     "source broken", "mget menu absent || mget absent"):
            with self.subTest(line):
                (self.folder / "broken").write_text("get menu\nget absent\n")
                self.there.seen.clear()
                self.there.answers["DELE"] = "250 gone"
                told = self.ftp(self.there.url, text=line + " && rm -f menu\n" + line + " || echo badly\n", status=None)
                self.assertNotEqual(told.returncode, 0)
                self.assertIn("badly", told.stdout)
                self.assertNotIn("DELE menu", self.there.seen)
        self.ftp(self.there.url, text="mget menu && rm -f menu\n")
        self.assertIn("DELE menu", self.there.seen)

    def test_command_that_leaves_some_has_not_got_it(self):
        self.there.files["large"] = b"x" * 1_000_000
        for command in ("head -c 1", "false", "sh -c 'cat >/dev/null; exit 3'"):
            self.ftp(self.there.url, text=f"get -E large |{command}\n", status=74)
            self.assertNotIn("DELE large", self.there.seen)
        self.ftp(self.there.url, text="get large |head -c 1\nget -E large |cat >there\n")
        self.assertIn("DELE large", self.there.seen)

    def test_what_goes_to_standard_output_is_whole_before_it_is_removed(self):
        class Lying(Obliging):
            def reply(self, verb, argument):
                return "213 7" if verb == "SIZE" else super().reply(verb, argument)

        with Lying({"menu": b"crepes"}) as there:
            for command in ("get -E menu -", "get -E menu |cat"):
                told = self.ftp(there.url, text=command + "\n", status=74)
                self.assertIn("the server sent 6 of 7 octets", told.stderr)
                self.assertIn("crepes", told.stdout)
            self.assertNotIn("DELE menu", there.seen)
        self.assertEqual(self.ftp(self.there.url, text="get -E menu -\n").stdout.count("crepes"), 1)
        self.assertIn("DELE menu", self.there.seen)

    def test_files_of_one_name_are_not_sent_over_one_another(self):
        for folder in ("a", "b"):
            (self.folder / folder).mkdir()
            (self.folder / folder / "x").write_text(folder)
        told = self.ftp(self.there.url, text="mput -E a/x b/x\n", status=73)
        self.assertIn("b/x: x is what came from a/x", told.stderr)
        self.assertEqual(self.there.files["x"], b"a")
        self.assertFalse((self.folder / "a/x").exists())
        self.assertEqual((self.folder / "b/x").read_text(), "b")
        (self.folder / "a/x").write_text("a")
        self.assertIn("b/x", self.ftp("put", "a/x", "b/x", self.there.url, status=73).stderr)
        self.assertEqual(self.there.files["x"], b"a")
        self.ftp(self.there.url, text="mput a/x a/x\n")

    def test_slash_behind_a_mirrors_target(self):
        self.ftp(self.there.url, text="mirror pub backup/\nmirror pub/ whole/\n")
        self.ftp("mirror", self.there.url + "pub", "once/")
        self.ftp("mirror", self.there.url, "top/")
        for folder in ("backup/pub", "whole", "once/pub", "top"):
            self.assertEqual(os.listdir(self.folder / folder), ["menu"], folder)
        for line in ("mirror -R backup/pub there/", "mirror -R backup/pub/ there/", "mirror -R backup/pub there"):
            self.there.seen.clear()
            self.ftp(self.there.url, text=line + "\n")
            self.assertIn("LIST there/pub/" if line.endswith("b there/") else "LIST there/", self.there.seen, line)
        self.there.seen.clear()
        self.ftp("mirror", "-R", "backup/pub", self.there.url + "there/")
        self.assertIn("LIST there/pub/", self.there.seen)
        self.assertIn("say where to", self.ftp("mirror", "-R", "..", self.there.url + "there/", status=64).stderr)

    def test_files_of_one_name_do_not_replace_one_another(self):
        told = self.ftp(self.there.url, text="mget -E a/menu b/menu\n", status=73)
        self.assertIn("b/menu: menu is what came from a/menu", told.stderr)
        self.assertEqual([line for line in self.there.seen if line[:4] in ("RETR", "DELE")], ["RETR a/menu", "DELE a/menu"])
        self.ftp(self.there.url, text="runique on\nmget -E a/menu b/menu\n")
        self.assertTrue((self.folder / "menu.2").exists())

    def test_trees_that_have_no_name(self):
        self.ftp(self.there.url, text="mirror pub/\n")
        self.assertEqual(os.listdir(self.folder / "pub"), ["menu"])
        for line in ("mirror ..", "mirror /", "mirror -R ..", "mirror pub/../"):
            self.assertIn("say where to", self.ftp(self.there.url, text=line + "\n", status=64).stderr)

    def test_what_is_in_a_folder_stands_behind_it(self):
        there = self.enterContext(Tree())
        found = self.ftp(there.url, text="find\n").stdout.splitlines()
        self.assertEqual(found[1:], ["a/", "a/deep/", "a/deep/y", "a/x", "b", "c/", "c/y"])
        found = self.ftp(there.url, text="find -d 1\n").stdout.splitlines()
        self.assertEqual(found[1:], ["a/", "b", "c/"])

    def test_types_are_chosen_at_any_time(self):
        self.assertEqual(self.ftp(text="type\nascii\nform telnet\ntype\n").stdout, "I\nA T\n")
        self.ftp("-n", self.there.url, text="ascii\nform telnet\nuser a b\nget menu\n")
        self.assertLess(self.there.seen.index("USER a"), self.there.seen.index("TYPE A T"))
        self.there.seen.clear()
        told = self.ftp(text=f"ascii\nform t\nopen {self.there.url}\nget menu\nverbose on\nform c\nbinary\nform n\n").stdout
        self.assertIn("TYPE A T", self.there.seen)
        self.assertIn("form is carriage-control\n", told)
        self.assertIn("form is non-print, in type ascii or ebcdic\n", told)

    # Jobs

    def test_jobs_that_failed_are_told_by_the_status(self):
        self.there.files["large"] = b"x" * 1_000_000
        for text in ("get absent &\nwait\n", "queue get absent\n", "get absent &\nwait 1 || wait 1 || quit 1\n",
                     "mget absent &\nwait all\n", "queue get absent\nqueue get menu\nwait 2\n"):
            with self.subTest(text):
                self.ftp(self.there.url, text=text, status=66)
        for kill in ("kill 1", "kill all"):
            self.ftp("-T", "10", self.there.url, text=f"get large &\n{kill}\nwait\n")
        self.ftp(self.there.url, text="wait 0\n", status=66)

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
