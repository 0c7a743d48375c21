#!/usr/bin/env python3
"""staffetta ftp and files that must not be taken for whole: uploads that end early, parts of several versions, servers
that do not go on where they are told to. What is said in between stays in step."""

import ftplib
import hashlib
import io
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest

import pexpect

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
import ftp_peers  # noqa: E402
import harness  # noqa: E402
from ftp_client_suite import OwnServer  # noqa: E402
from ftp_scripted import ScriptedServer  # noqa: E402

OLD = b"old crepes\n" * 1000
LARGE = os.urandom(3_000_000)
PROGRAM = pathlib.Path(harness.PROGRAM).resolve()


class InFolder(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="staffetta-ftp-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def ftp(self, *arguments, status=0, text=None):
        done = harness.run(PROGRAM, "ftp", *arguments, text=text, cwd=self.folder,
                           environment={"HOME": str(self.folder)})
        self.assertEqual(done.returncode, status, f"{arguments}\n{done.stdout}{done.stderr}")
        return done

    def start(self, *arguments):
        """A child, whose dialogue has come as far as 150."""
        child = subprocess.Popen([PROGRAM, "ftp", "-d", *arguments], cwd=self.folder, stderr=subprocess.PIPE, text=True)
        said = ""
        for line in child.stderr:
            said += line
            if line.startswith("150"):
                return child
        self.fail(said)


class EndedEarly:
    """An upload to our server that is ended here: what was there stays."""

    def setUp(self):
        super().setUp()
        (self.folder / "large").write_bytes(LARGE)
        (self.folder / "tree").mkdir()
        (self.folder / "tree" / "file").write_bytes(LARGE)

    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(OwnServer())
        cls.words = ["--cacert", str(cls.server.certificate)] if cls.tls else ["--tls", "never"]

    def store(self, name):
        with ftplib.FTP() as client:
            self.enter(client).storbinary("STOR " + name, io.BytesIO(OLD))

    def enter(self, client):
        client.connect("127.0.0.1", self.server.server.ports["ftp"], timeout=harness.PATIENCE_S)
        client.login(harness.BOB, harness.PASSWORDS[harness.BOB])
        return client

    def assert_old(self, name="file"):
        octets = io.BytesIO()
        with ftplib.FTP() as client:
            self.enter(client).retrbinary("RETR " + name, octets.write)
        self.assertEqual(len(octets.getvalue()), len(OLD))
        self.assertEqual(octets.getvalue(), OLD)

    def prompt(self, line):
        child = pexpect.spawn(str(PROGRAM), ["ftp", "-d", "-T", "100k", *self.words, self.server.url], encoding="utf-8",
                              timeout=harness.PATIENCE_S, cwd=self.folder, dimensions=(24, 200),
                              env={**os.environ, "HOME": str(self.folder), "TERM": "xterm"})
        self.addCleanup(child.close, force=True)
        child.expect("ftp> ")
        child.sendline(line)
        return child

    def interrupted(self, line):
        self.store("file")
        child = self.prompt(line)
        child.expect("---> (STOR|APPE) ")  # behind a mirror's listing
        child.expect("\n150 ")
        child.sendintr()
        child.expect("---> ABOR")
        child.expect("ftp> ")
        self.assert_old()
        child.sendline("size file")
        child.expect(f"{len(OLD)} file")

    def test_put(self):
        self.interrupted("put large file")

    def test_append(self):
        self.interrupted("append large file")

    def test_reput(self):
        (self.folder / "large").write_bytes(OLD + LARGE)
        self.interrupted("reput large file")

    def test_mirror(self):
        self.interrupted("mirror -R tree .")

    def test_job(self):
        self.store("file")
        child = self.prompt("put large file &")
        kept = pathlib.Path(self.server.server.folder) / "data" / "files"
        while not any(path.is_file() and path.stat().st_size > len(OLD) for path in kept.rglob("*")):
            self.assertTrue(child.isalive())  # a job shows no dialogue
        child.sendline("kill 1")
        child.sendline("wait")
        child.sendline("echo waited")
        child.expect("\nwaited")
        self.assert_old()

    def test_local_failure(self):
        self.store("file")
        self.ftp(*self.words, "put", "/proc/self/mem", self.server.url + "file", status=74)
        self.assert_old()

    def test_file_that_becomes_shorter(self):
        self.store("file")
        child = self.start(*self.words, "-T", "300k", "put", "large", self.server.url + "file")
        os.truncate(self.folder / "large", 400_000)
        said = child.communicate()[1]
        self.assertEqual(child.returncode, 74, said)
        self.assertIn("large became shorter while it was sent", said)
        self.assert_old()


class EndedInClear(EndedEarly, InFolder):
    tls = False


class EndedWithTls(EndedEarly, InFolder):
    tls = True


class AtPeers(InFolder):
    """ABOR comes before the end of the data: whatever they make of that, the session goes on."""

    def goes_on(self, kind, tls):
        if kind is ftp_peers.PureFtpd and os.geteuid() != 0:
            self.skipTest("pure-ftpd runs for root only")
        server = self.enterContext(kind())
        (self.folder / "large").write_bytes(LARGE)
        words = ["--cacert", str(server.certificate)] if tls else ["--tls", "never"]
        words += ["-a"] if kind is ftp_peers.Vsftpd else []
        child = pexpect.spawn(str(PROGRAM), ["ftp", "-d", "-T", "100k", *words, server.url], encoding="utf-8",
                              timeout=harness.PATIENCE_S, cwd=self.folder, dimensions=(24, 200),
                              env={**os.environ, "HOME": str(self.folder), "TERM": "xterm"})
        self.addCleanup(child.close, force=True)
        child.expect("ftp> ")
        for _ in range(2):
            child.sendline("put large file")
            child.expect("\n150 ")
            child.sendintr()
            child.expect("---> ABOR")
            child.expect("the transfer was aborted")
            child.expect("ftp> ")
            child.sendline("quote SYST")
            child.expect("215 ")
            child.expect("ftp> ")

    def test_vsftpd(self):
        self.goes_on(ftp_peers.Vsftpd, False)

    def test_vsftpd_with_tls(self):
        self.goes_on(ftp_peers.Vsftpd, True)

    def test_proftpd(self):
        self.goes_on(ftp_peers.Proftpd, False)

    def test_proftpd_with_tls(self):
        self.goes_on(ftp_peers.Proftpd, True)

    def test_pure_ftpd(self):
        self.goes_on(ftp_peers.PureFtpd, False)

    def test_pure_ftpd_with_tls(self):
        self.goes_on(ftp_peers.PureFtpd, True)


class Deaf(ScriptedServer):
    """Says 350 to REST, and does not heed it."""

    def reply(self, verb, argument):
        return "350 go on" if verb == "REST" else super().reply(verb, argument)


class Endless(ScriptedServer):
    """Its names are short, its paths are not."""

    def reply(self, verb, argument):
        if verb == "MLSD":
            self.files = {f"{number}": b"x" for number in range(12_000)} if argument else {}
        return super().reply(verb, argument)

    def facts(self):
        return super().facts() or f"type=dir; {'n' * 60_000}\r\n"


class Replaced(ScriptedServer):
    """Its file is another one of the same length from the second transfer on, and MDTM says so."""

    def __init__(self, files, fresh, time=b"20250101000000", **options):
        super().__init__(files, **options)
        self.fresh, self.time, self.transfers, self.lock = fresh, time, 0, threading.Lock()

    def reply(self, verb, argument):
        if verb == "MDTM" and self.transfers > 0:
            return "213 " + self.time.decode()
        return super().reply(verb, argument)

    def transfer(self, connection, state, verb, name):
        with self.lock:
            self.transfers += 1
            if self.transfers == 2:
                self.files["large"] = self.fresh
        return super().transfer(connection, state, verb, name)


class Downloads(InFolder):
    def status_file(self):
        return (self.folder / "back.staffetta-pget").read_text()

    def test_server_that_does_not_heed_rest(self):
        deaf = self.enterContext(Deaf({"large": LARGE}))
        (self.folder / "back").write_bytes(LARGE[:1_000_000])
        said = self.ftp("--tls", "never", "-c", "get", deaf.url + "large", "-o", "back", status=76).stderr
        self.assertIn("it does not go on where it is told to", said)
        self.assertEqual((self.folder / "back").read_bytes(), LARGE[:1_000_000])

    def test_file_that_grows_while_the_rest_comes(self):
        class Growing(ScriptedServer):
            def transfer(self, connection, state, verb, name):
                self.files["large"] = LARGE + b"more"
                return super().transfer(connection, state, verb, name)

        growing = self.enterContext(Growing({"large": LARGE}))
        (self.folder / "back").write_bytes(LARGE[:1_000_000])
        self.ftp("--tls", "never", "-c", "get", growing.url + "large", "-o", "back")
        self.assertEqual((self.folder / "back").read_bytes(), LARGE + b"more")

    def test_parts_from_a_server_that_does_not_heed_rest(self):
        deaf = self.enterContext(Deaf({"large": LARGE}))
        said = self.ftp("--tls", "never", "--segments", "3", "get", deaf.url + "large", "-o", "back", status=76).stderr
        self.assertIn("it does not begin where it is told to", said)
        self.assertIn("part 0 3000000\n", self.status_file())

    def test_parts_from_a_server_that_does_not_heed_ranges(self):
        class Rangeless(ScriptedServer):
            """Says 350 to RANG, and does not heed it."""

            def reply(self, verb, argument):
                return "350 go on" if verb == "RANG" else super().reply(verb, argument)

        class DeafToBoth(Rangeless, Deaf):
            pass

        words = ["--tls", "never", "--segments", "3", "get"]
        rangeless = self.enterContext(Rangeless({"large": LARGE}, features=["RANG STREAM"]))
        self.ftp(*words, rangeless.url + "large", "-o", "back")
        self.assertEqual((self.folder / "back").read_bytes(), LARGE)
        self.assertIn("REST 2000002", rangeless.seen)
        deaf = self.enterContext(DeafToBoth({"large": LARGE}, features=["RANG STREAM"]))
        self.assertIn("it does not begin where it is told to",
                      self.ftp(*words, deaf.url + "large", "-o", "neither", status=76).stderr)

    def test_names_that_fill_the_memory(self):
        endless = self.enterContext(Endless(features=["MLST type*;size*;"]))
        said = self.ftp("--tls", "never", endless.url, text="du -s\n", status=76).stderr
        self.assertIn("more than 5,000,000 files, or than 512 MiB of names", said)
        said = self.ftp("--tls", "never", endless.url, text="mget */*\n", status=76).stderr
        self.assertIn("stands for more names than fit here", said)
        self.assertEqual([line for line in endless.seen if line.startswith("RETR")], [])

    def test_parts_of_two_versions(self):
        for connections in ("2", "5"):
            replaced = self.enterContext(Replaced({"large": LARGE}, LARGE[::-1]))
            said = self.ftp("--tls", "never", "--segments", connections, "get", replaced.url + "large", "-o", "back",
                            status=76).stderr
            self.assertIn("large was changed while it was fetched", said)
            self.assertIn("part 0 3000000\n", self.status_file())
        self.ftp("--tls", "never", "--segments", "3", "get", replaced.url + "large", "-o", "back")
        self.assertEqual((self.folder / "back").read_bytes(), LARGE[::-1])
        self.assertFalse((self.folder / "back.staffetta-pget").exists())

    def test_parts_of_two_versions_of_one_second(self):
        """Only HASH knows."""
        class Hashing(Replaced):
            def reply(self, verb, argument):
                if verb == "HASH":
                    import hashlib
                    return f"213 SHA-256 0-2999999 {hashlib.sha256(self.files['large']).hexdigest()} large"
                return "200 SHA-256" if verb == "OPTS" else super().reply(verb, argument)

        hashing = self.enterContext(Hashing({"large": LARGE}, LARGE[::-1], b"20240101000000",
                                            features=["HASH SHA-256*"]))
        said = self.ftp("--tls", "never", "--segments", "3", "get", hashing.url + "large", "-o", "back", status=76)
        self.assertIn("its parts are of several versions", said.stderr)
        self.ftp("--tls", "never", "--segments", "3", "get", hashing.url + "large", "-o", "back")
        self.assertEqual((self.folder / "back").read_bytes(), LARGE[::-1])

    def test_server_that_fails_behind_the_last_octet(self):
        class Failing(ScriptedServer):
            def say(self, connection, text):
                super().say(connection, "451 disk trouble" if text == "226 done" else text)

        failing = self.enterContext(Failing({"small": b"Bonjour\n"}))
        said = self.ftp("--tls", "never", "get", failing.url + "small").stderr
        self.assertIn("451 disk trouble", said)


class InStep(InFolder):
    def test_a_copy_between_servers_that_is_refused(self):
        ours = self.enterContext(OwnServer(f'[ftp]\nfxp_accounts = ["{harness.BOB}"]\n'))
        theirs = self.enterContext(ftp_peers.Proftpd())
        (theirs.home / "in" / "menu").write_text("crepes\n")
        here, there = (server.url.replace("localhost", "127.0.0.1") for server in (ours, theirs))
        (self.folder / "small").write_text("abc")
        said = self.ftp("--tls", "never", "-d", here, status=66, text=(
            f"put small\nproxy open {there}\nproxy put in/nothing film\nproxy put nothing film\nsize small\nquote SYST\n"
            "proxy quote SYST\nproxy put menu film\nsize film\nget film\n"))
        self.assertIn("3 small\n", said.stdout)
        self.assertIn("7 film\n", said.stdout)
        self.assertEqual((self.folder / "film").read_text(), "crepes\n")

    def test_replies_of_any_length(self):
        lines = "".join(f" -rw-r--r-- 1 a b 1 Jan  1  2024 a name {n}\r\n" for n in range(5000))
        there = self.enterContext(ScriptedServer(answers={"STAT": "213-Status\r\n" + lines + "213 End"}))
        said = self.ftp("--tls", "never", there.url, text="quote STAT\npwd\n")
        self.assertIn("a name 4999\n", said.stdout + said.stderr)

    def test_greetings_of_any_shape(self):
        class Wordy(ScriptedServer):
            pass

        for greeting in ("220-" + "x" * 100_000 + "\r\n220 come", "220 " + "x" * 100_000, "\r\n220 come",
                         "220-welcome\r\n" * 10_000 + "220 come"):
            Wordy.greeting = greeting
            there = self.enterContext(Wordy({"small": b"x"}))
            self.ftp("--tls", "never", "get", there.url + "small")


class Words(InFolder):
    def test_refusals_say_what_they_are(self):
        class Full(ScriptedServer):
            greeting = "530 too many"

        full = self.enterContext(Full())
        self.assertNotIn("certificate", self.ftp("--tls", "never", "ls", full.url, status=77).stderr)
        wants_tls = self.enterContext(ScriptedServer(answers={"USER": "550 SSL/TLS required"}))
        self.assertIn("550 SSL/TLS required", self.ftp("--tls", "never", "ls", wants_tls.url, status=77).stderr)

    def test_mirror_that_cannot_see_what_to_remove(self):
        there = self.enterContext(ScriptedServer(answers={"LIST": "550 not for you", "STAT": "550 not for you"}))
        (self.folder / "tree").mkdir()
        (self.folder / "tree" / "file").write_text("x")
        mirror = ["--tls", "never", "mirror", "-R", "tree", there.url + "drop"]
        self.ftp(*mirror)  # folders that take what is sent and show nothing are common
        self.assertIn("drop: it may not be listed, so nothing is removed; 550 not for you",
                      self.ftp(*mirror, "--delete", status=74).stderr)
        there.answers["CWD"] = "550 no such folder"
        self.ftp(*mirror, "--delete")
        there.answers["MKD"] = "550 there is one, or may be none"
        self.assertIn("drop: it may not be listed, so nothing is removed; 550 not for you",
                      self.ftp(*mirror, "--delete", status=74).stderr)
        self.ftp(*mirror)
        self.assertIn("it may not be listed, so nothing is removed",
                      self.ftp("--tls", "never", "mirror", "-R", "tree", there.url, "--delete", status=74).stderr)
        self.assertEqual([line for line in there.seen if line.startswith(("DELE", "RMD"))], [])

    def test_mirror_into_a_folder_that_nobody_may_enter(self):
        class Shut(ScriptedServer):
            def reply(self, verb, argument):
                shut = argument.rstrip("/").endswith(("drop", "none"))
                return "550 not for you" if shut and verb in ("LIST", "STAT", "MLSD", "CWD") else super().reply(verb, argument)

            def listing(self):
                return "drwx------ 1 a b 1 Jan  1  2024 drop\r\n"

        there = self.enterContext(Shut())
        (self.folder / "tree").mkdir()
        dry = ["--tls", "never", "mirror", "-R", "--delete", "--dry-run", "tree"]
        for target in ("drop", "/drop", "/above/drop"):
            self.assertIn("it may not be listed, so nothing is removed; 550 not for you",
                          self.ftp(*dry, there.url + target.replace("/", "%2F"), status=74).stderr, target)
        self.ftp(*dry, there.url + "none")

    def test_bookmark_of_two_words(self):
        there = self.enterContext(ScriptedServer())
        said = self.ftp("--tls", "never", there.url, text="bookmark add 'my place'\n", status=64).stderr
        self.assertIn("one word without blanks", said)

    def netrc(self, text, mode=0o600):
        (self.folder / ".netrc").write_text(text)
        (self.folder / ".netrc").chmod(mode)

    def test_netrc_of_other_programs(self):
        there = self.enterContext(ScriptedServer({"small": b"x"}))
        get = ["--tls", "never", "get", there.url + "small"]
        self.netrc("machine other login a port 21 password b\nmachine 127.0.0.1 login alice password #c\n")
        said = self.ftp(*get).stderr
        self.assertIn(".netrc: line 1: port is no word of this file", said)
        self.assertIn("USER alice", there.seen)
        self.assertIn("PASS #c", there.seen)
        self.netrc("machine other login a password b\n", 0o644)
        self.ftp(*get)
        self.netrc("machine 127.0.0.1 login a password b\n", 0o644)
        self.assertIn("chmod 600", self.ftp(*get, status=77).stderr)
        self.netrc('machine 127.0.0.1 login a password "b\n')
        self.assertIn("the quote behind password has no end", self.ftp(*get, status=78).stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
