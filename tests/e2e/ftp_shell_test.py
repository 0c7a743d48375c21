#!/usr/bin/env python3
"""The interactive FTP client at a terminal: what is typed, what is shown, what arrives."""

import os
import pathlib
import shutil
import sys
import tempfile
import threading
import unittest
from unittest import mock

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
        self.type("ascii", "type is ascii")
        self.type("status", "fail-exit off")
        self.child.sendline("macdef twice")
        self.expect("an empty one ends it")
        self.child.sendline("size lettre\nsize lettre\n")
        self.expect("ftp> ")
        self.type("binary", "type is binary")
        self.type("$ twice", "8 lettre\r\n(.*\r\n)*8 lettre")
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
        self.child.send('size "a\t')
        self.expect('rather long name" ')
        self.child.sendline("")
        self.expect("1 a rather long name")
        self.expect("ftp> ")
        (self.folder / "local-file").write_text("x")
        (self.folder / "local-folder").mkdir()
        self.type("mkdir stage", "257")
        for typed, completed in (("get a* loc\ti\t", "al-f.*le "), ("put local-file st\t", "age/"), ("lcd loc\t", "al-folder/"),
                                 ("mirror -R local-fo\t", "lder/"), ("mirror -R local-folder st\t", "age/"),
                                 ("mirror st\t", "age/"), ("mirror stage loc\t", "al-f"), ("mget -O local-fo\t", "lder/")):
            self.child.send(typed)
            self.expect(completed)
            self.child.send("\x15")  # takes the line back
        self.child.send("bell off; modt\t")
        self.expect("ime ")  # what was missing of it
        self.child.sendline("a*")
        self.expect("ftp> ")

    def test_jobs_and_bookmarks(self):
        (self.folder / "piece").write_bytes(os.urandom(300_000))
        # That a job is done is told by `wait`, or by a prompt before it: whoever comes first.
        self.child.sendline("put piece &")
        self.expect(r"\[1\] put piece")
        self.type("wait", r"\[1\] done: put piece")
        self.child.sendline("queue get piece again")
        self.expect(r"\[2\] get piece again")
        self.child.sendline("queue get piece again2")
        self.expect(r"\[3\] get piece again2")
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

    def test_pipe_to_nowhere_is_no_shell(self):
        (self.folder / "script").write_text("touch stolen\n")
        self.type("put script", "226")
        for line in ("get script |", "get script | ", "ls . |", "ls |"):
            self.type(line, r"no command stands behind \|")
        self.assertFalse((self.folder / "stolen").exists())

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
        self.child.sendline("mirror menu")  # typed ahead: no answer
        self.expect("y this one, n not this one")
        self.expect(r"rm menu \[y/n/a/p/q/\?\] ")
        self.child.sendline("n")
        self.expect("ftp> ")
        self.type("find menu", "menu/carte/")
        self.type("rm -x menu", "usage: rm")
        self.type("rm -rf menu", "3 files and 2 folders removed")

    def test_words_of_listings(self):
        (self.folder / "letter").write_text("x")
        self.type("put letter", "226")
        self.type("ls |tr a-z A-Z", "LETTER")
        self.type("ls -l letter |tr a-z A-Z", "LETTER")
        self.type("ls -a -l . listed", "226")
        self.assertIn("letter", (self.folder / "listed").read_text())
        self.type("ls a b c", "usage: ls")
        self.type("cat letter letter |wc -c", "2\r\n")

    def test_listing_in_columns(self):
        for name in ("plat a", "plat b", ".hidden"):
            (self.folder / name).write_text("x" * len(name))
            self.type(f'put "{name}"', "226")
        self.type("cls plat*", r"plat a +plat b\r\n")
        self.type("cls -1r plat*", r"plat b\r\nplat a\r\n")
        self.type("cls -a .h*", r"\.hidden\r\n")
        self.type("cls -lS plat* .h* |cat", r" 6  \d{4}-\d\d-\d\d \d\d:\d\d  plat a\r\n")
        self.type("cls -x", "usage: cls")

    def test_what_is_missing_is_asked_for(self):
        (self.folder / "letter").write_text("x")
        self.child.sendline("put")
        self.expect(r"\(local\) ")
        self.child.sendline("letter carte")
        self.expect("226")
        self.expect("ftp> ")
        self.child.sendline("rename carte")
        self.expect(r"\(to\) ")
        self.child.sendline("'la carte'")
        self.expect("250")
        self.child.sendline("delete")
        self.expect(r"\(remote\) ")
        self.child.sendline("")
        self.expect("usage: delete")
        self.expect("ftp> ")
        self.type("size 'la carte'", "1 la carte")

    def test_many_at_once(self):
        (self.folder / "in").mkdir()
        for name in ("one.txt", "two.txt"):
            (self.folder / name).write_text(name)
        self.type("prompt off", "")
        self.type("mkdir menus", "257")
        self.type("mput -O menus *.txt", "226(.*\r\n)*.*226")
        self.type("mget -E -O in menus/one.txt", "226")
        self.assertEqual((self.folder / "in" / "one.txt").read_text(), "one.txt")
        self.type("size menus/one.txt", "550")
        self.type("mmv menus/*.txt .", "250")
        self.type("glob echo *.txt", r"echo two\.txt|two\.txt\r\n")
        self.type("mrm *.txt", "250")
        self.type("size two.txt", "550")

    def test_names_of_the_server_are_no_commands(self):
        (self.folder / "menu").write_text("Bonjour\n")
        self.type("mkdir traps", "257")
        self.type("cd traps", "250")
        for name in ("a", "|touch stolen"):
            self.type(f"put menu './{name}'", "226")
        self.type("glob cat *", r"Bonjour(.*\r\n)*Bonjour")
        self.type("glob ! echo *", "takes no names of the server")
        self.assertFalse((self.folder / "stolen").exists())

    def test_queue_is_in_the_users_hands(self):
        (self.folder / "large").write_bytes(bytes(3_000_000))
        self.type("put large", "226")
        # The first one takes minutes, so that the others wait until it is killed.
        self.type("set rate 20k", "")
        self.type("queue get large first", r"\[1\]")
        self.type("unset rate", "")
        for number, name in enumerate(("a", "b", "c"), 2):
            self.type(f"queue get large {name}", rf"\[{number}\]")
        self.type("queue -m 4", r"waiting[^\r]*large c\r\n[^\r]*waiting[^\r]*large a\r\n")
        self.type("queue -d 2", "")
        self.type("queue -m 9", "no such job waits")
        self.child.sendline("kill 1")
        self.type("wait all", "done: get large b")
        self.type("jobs", r"done[^\r]*large c\r\n")
        self.assertEqual({name for name in os.listdir(self.folder) if len(name) == 1}, {"b", "c"})

    def test_killed_job_does_not_wait_for_its_rate(self):
        (self.folder / "large").write_bytes(bytes(3_000_000))
        self.type("set rate 1", "")  # the next piece would come in a day
        self.type("put large there &", r"\[1\]")
        begun = False
        while not begun:
            self.child.sendline("jobs")
            begun = self.child.expect([r"running +128\.0 KiB", r"\[1\] (?!running +128\.0 KiB)[^\r\n]*\r\n"]) == 0
            self.expect("ftp> ")
        self.type("kill 1", "")
        self.type("wait", r"\[1\] killed: put large there\r\n.*aborted")
        self.type("jobs", r"\[1\] killed ")

    def test_end_waits_for_jobs_until_nobody_does(self):
        (self.folder / "large").write_bytes(bytes(3_000_000))
        self.type("put large", "226")
        self.type("set rate 50k", "")
        self.type("get large copy &", r"\[1\]")
        self.type("queue get large another", r"\[2\]")
        self.child.sendline("wait")
        self.expect("wait")
        self.child.sendintr()  # once for both
        self.expect("ftp> ")
        self.child.sendline("bye")
        self.expect("Waiting for 2 jobs to end")
        self.child.sendintr()
        self.expect(r"\[1\] killed(.*\r\n)*.*\[2\] killed")
        self.expect(pexpect.EOF)

    def test_names_of_lftp(self):
        self.type("set net:max-retries 5", "")
        self.type("set retries", r"retries +5")
        self.type("set ftp:passive-mode no", "passive is off")
        self.type("set ftp:ssl-force true", "")
        self.type("set tls", "required")
        self.type(f"open -u anonymous,x -p {self.server.port} -e 'pwd; echo there' localhost", r"there\r\n")

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
    test_words_of_listings = test_listing_in_columns = None
    test_what_is_missing_is_asked_for = test_many_at_once = test_queue_is_in_the_users_hands = None
    test_end_waits_for_jobs_until_nobody_does = test_names_of_lftp = None
    test_killed_job_does_not_wait_for_its_rate = None

    def test_errors_break_between_words(self):
        self.type("set tls required", "")
        self.type("set verify on", "")
        self.child.sendline(f"open localhost {self.server.port}")
        self.expect(r"\(n\)ot\? ")
        self.child.sendline("n")
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
        # Not in each of them: what is left is not known before something moved, nor where nothing moves.
        self.assertIn("left", "".join(lines))


class Strangers(unittest.TestCase):
    """Servers whose certificates prove nothing."""

    question = r"Trust it: \(o\)nce, \(a\)lways, or \(n\)ot\? "

    def setUp(self):
        self.server = self.enterContext(ftp_peers.Vsftpd())
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="staffetta-ftp-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.known = self.folder / ".staffetta-ftp-known"
        (self.folder / "letter").write_bytes(os.urandom(300_000))

    def start(self):
        child = pexpect.spawn(
            str(pathlib.Path(harness.PROGRAM).resolve()), ["ftp", "-a", self.server.url], encoding="utf-8",
            timeout=harness.PATIENCE_S, cwd=self.folder, dimensions=(24, 80),
            env={**os.environ, "HOME": str(self.folder), "TERM": "xterm", "PAGER": "cat", "SHELL": "/bin/sh"})
        self.addCleanup(child.close, force=True)
        return child

    def fingerprint(self):
        told = harness.run("openssl", "x509", "-in", self.server.certificate, "-noout", "-fingerprint", "-sha256").stdout
        return told.strip().split("=")[1]

    def type(self, child, line, *answers):
        child.sendline(line)
        for answer in (*answers, "ftp> "):
            child.expect(answer)

    def test_trust_once(self):
        child = self.start()
        child.expect(f"The certificate of localhost:{self.server.port} does not prove its name:\\s+self-signed\\s+certificate.")
        child.expect("SHA-256 fingerprint is\r\n +([0-9A-F:]+)\r\n +([0-9A-F:]+)\r\n")
        self.assertEqual("".join(child.match.groups()), self.fingerprint())
        child.expect(self.question)
        child.sendline("perhaps")
        child.expect(self.question)
        child.sendline("n")
        child.expect("--cacert")
        child.expect("ftp> ")
        child.sendline(f"open {self.server.url}")
        child.expect(self.question)
        self.type(child, "o", "trusted by its fingerprint", "230")
        # Data connections, those beside it, and those of jobs are the same server's.
        self.type(child, "put letter", "226")
        self.type(child, "pget -n 3 letter parts")
        self.type(child, "get letter again &")
        self.type(child, "wait", "done: get letter again")
        for name in ("parts", "again"):
            self.assertEqual((self.folder / name).read_bytes(), (self.folder / "letter").read_bytes())
        self.type(child, "close", "221")
        self.type(child, f"open {self.server.url}", "trusted by its fingerprint", "230")
        self.type(child, "set verify off")
        self.type(child, f"open {self.server.url}", "NOT PROVEN")
        self.assertFalse(self.known.exists())

    def test_trust_always_but_nobody_else(self):
        child = self.start()
        child.expect(self.question)
        child.sendline("always")
        child.expect("ftp> ")
        child.sendline("bye")
        child.expect(pexpect.EOF)
        self.assertEqual(self.known.read_text(), f"localhost:{self.server.port} {self.fingerprint()}\n")
        child = self.start()
        self.assertEqual(child.expect(["trusted by its fingerprint", self.question]), 0)
        child.expect("ftp> ")
        # One-shot commands go by what is proven.
        with mock.patch.dict(os.environ, HOME=str(self.folder)):
            self.assertEqual(harness.staffetta("ftp", "ls", self.server.url).returncode, 77)
        kept = self.known.read_text()
        # Another last digit, whatever the last one is.
        self.known.write_text(f"{kept[:-2]}{'1' if kept[-2] == '0' else '0'}\n")
        child = self.start()
        self.assertEqual(child.expect([r"THIS\s+IS\s+NOT\s+THE\s+CERTIFICATE\s+THAT\s+WAS\s+TRUSTED", self.question]), 0)
        child.expect(r"remove\s+the\s+line\s+of\s+localhost")
        self.assertEqual(child.expect(["ftp> ", "230"]), 0)


class ByHand(unittest.TestCase):
    """BSD's verbs of the connection (open, ftp, user, account, close, disconnect), each word typed."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="staffetta-ftp-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def start(self, *options):
        child = pexpect.spawn(
            str(pathlib.Path(harness.PROGRAM).resolve()), ["ftp", "--insecure", *options], encoding="utf-8",
            timeout=harness.PATIENCE_S, cwd=self.folder, dimensions=(24, 100),
            env={**os.environ, "HOME": str(self.folder), "USER": "somebody", "TERM": "xterm"})
        self.addCleanup(child.close, force=True)
        child.expect("ftp> ")
        return child

    @staticmethod
    def play(child, *exchange):
        """What is typed and what must be shown then, by turns."""
        for line, answer in zip(exchange[::2], exchange[1::2]):
            child.sendline(line)
            child.expect(answer)

    def test_secrets_are_given_up(self):
        with ScriptedServer() as server:
            child = self.start()
            self.play(child, f"open localhost {server.port}", "Name", "bob", "Password: ")
            child.sendintr()
            child.expect("no password was given")
            self.play(child, "user bob", "Password: ")
            child.sendeof()
            child.expect("no password was given")
            child.expect("ftp> ")
            self.assertNotIn("PASS", "".join(server.seen))
            self.play(child, "user bob secret", "230 ")

    def test_two_servers_one_after_the_other(self):
        first = self.enterContext(ftp_peers.Proftpd())
        second = self.enterContext(ftp_peers.Vsftpd())
        child = self.start()
        self.play(child, "size x", "not connected", "close", "ftp> ", "user", r"\(name\) ", "nobody", "not connected")
        child.expect("ftp> ")
        self.play(child, "open", r"\(host\|url\|bookmark\) ", f"localhost {first.port}", r"Name \(somebody\): ",
                  ftp_peers.USER, "Password: ", ftp_peers.PASSWORD, "230 ")
        self.assertNotIn(ftp_peers.PASSWORD, child.before)  # nor is it shown as it is typed
        child.expect("ftp> ")
        self.play(child, "macdef here", "an empty one", "pwd\n", "ftp> ", "$ here", "/\r\n", "mkdir in/a", "257 ",
                  "close", "221 ", "$ here", "no such macro", "pwd", "not connected", "close", "ftp> ")
        self.play(child, "ftp", r"\(host\|url\) ", f"localhost {second.port}", r"Name \(somebody\): ", "anonymous",
                  "Password: ", "alice@", "230 ", "status", "localhost", "cd in", "250 ", "disconnect", "221 ",
                  "disconnect", "ftp> ")
        self.play(child, f"ftp localhost {first.port}", "Name", ftp_peers.USER, "Password: ", "wrong", "530 ",
                  f"user {ftp_peers.USER}", "Password: ", ftp_peers.PASSWORD, "230 ", "ls in", " a\r\n", "bye", "221 ")
        child.expect(pexpect.EOF)

    def test_user_where_nobody_logs_in_by_itself(self):
        server = self.enterContext(ftp_peers.Proftpd())
        child = self.start("-n")
        self.play(child, f"open localhost {server.port}", "220 ", "pwd", "530 ", "user", r"\(name\) ",
                  f"{ftp_peers.USER} '{ftp_peers.PASSWORD}'", "230 ", "pwd", "/\r\n", "bye", "221 ")
        child.expect(pexpect.EOF)

    def test_account_is_asked_for(self):
        class Accounting(ScriptedServer):
            named = False

            def reply(self, verb, argument):
                self.named = self.named or verb == "ACCT"
                wanted = {"PASS": "230 in" if self.named else "332 which account?", "ACCT": "230 in"}
                return wanted.get(verb) or super().reply(verb, argument)

        for opening in (("open localhost {0}", "Name", "bob", "Password: ", "secret"), ("open -u bob,secret localhost {0}",)):
            with self.subTest(opening), Accounting() as server:
                child = self.start()
                *said, last = (word.format(server.port) for word in opening)
                self.play(child, *said)
                self.play(child, last, "Account: ", "kitchen", "230 in")
                self.assertIn("ACCT kitchen", server.seen)
        with Accounting() as server:
            child = self.start("-n")
            self.play(child, f"open 127.0.0.1 {server.port}", "ftp> ", "user bob secret", "Account: ", "kitchen", "230 ",
                      "close", "221 ")
        with ScriptedServer(answers={"ACCT": "202 superfluous"}) as server:
            child = self.start("-n")
            self.play(child, f"open 127.0.0.1 {server.port}", "ftp> ", "user bob secret kitchen", "202 ", "close", "221 ")
            self.assertEqual(server.seen[server.seen.index("PASS secret") + 1], "ACCT kitchen")


class Stopped(unittest.TestCase):
    """Control-Z, the shell, and back: the line can be edited as before."""

    def test_prompt_after_a_stop(self):
        with tempfile.TemporaryDirectory() as folder:
            program = pathlib.Path(harness.PROGRAM).resolve()
            child = pexpect.spawn("/bin/bash", ["--norc"], encoding="utf-8", timeout=harness.PATIENCE_S, cwd=folder,
                                  env={**os.environ, "HOME": folder, "TERM": "xterm", "PS1": "sh> "})
            self.addCleanup(child.close, force=True)
            child.expect("sh> ")
            child.sendline(f"{program} ftp")
            child.expect("ftp> ")
            child.send("\x1a")
            child.expect("Stopped")
            child.expect("sh> ")
            child.sendline("fg")
            child.expect("ftp> ")
            child.send("echo xone\x1b[D\x1b[D\x1b[D\x7f\r")  # three to the left, and away with the x
            child.expect(r"\r\none\r\n")
            child.expect("ftp> ")
            child.sendline("bye")
            child.expect("sh> ")


class Letters(unittest.TestCase):
    def test_letters_beyond_ascii(self):
        """Typed and completed in a C locale as well: names are UTF-8 (RFC 2640)."""
        with ScriptedServer({"été": b"soleil", "\u6599\u7406": b"x"}) as server, tempfile.TemporaryDirectory() as folder, \
                mock.patch.dict(os.environ, {"LC_ALL": "C"}):
            child = Terminal.start(server.url.replace("ftp://", "ftp://bob:x@"), folder, folder, 80)
            self.addCleanup(child.close, force=True)
            child.expect("ftp> ")
            child.sendline("size été")
            child.expect("6 été\r\n")
            child.expect("ftp> ")
            child.send("size é\t")
            child.expect("té ")
            child.sendline("")
            child.expect("6 été\r\n")
            child.expect("ftp> ")
            child.sendline("cls")
            child.expect("été {3}\u6599\u7406\r\n")


class Hostile(unittest.TestCase):
    def test_meter_says_that_nothing_comes(self):
        class Stalling(ScriptedServer):
            go_on = threading.Event()

            def transfer(self, connection, state, verb, name):
                self.say(connection, "150 here it comes")
                data, _ = state["door"].accept()
                with data:
                    data.sendall(b"x" * 1000)
                    self.go_on.wait(harness.PATIENCE_S)
                self.say(connection, "226 done")
                return True

        with Stalling({"large": bytes(2000)}) as server, tempfile.TemporaryDirectory() as folder:
            child = Terminal.start(server.url.replace("ftp://", "ftp://bob:x@"), folder, folder, 80)
            self.addCleanup(child.close, force=True)
            child.expect("ftp> ")
            child.sendline("set retries 0")
            child.expect("ftp> ")
            child.sendline("get large")
            child.expect(r"50% .*1000 of 2\.0 KiB  stalled 0:0\d")
            Stalling.go_on.set()
            child.expect("the server sent 1000 of 2000 octets")

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
            child.expect("once more hangs up")
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
