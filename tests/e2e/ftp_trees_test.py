#!/usr/bin/env python3
"""Trees of odd names there and back, by staffetta ftp with Debian's servers and ours, and by lftp with ours.

What a server changes or refuses of itself is left out for it, with the reason beside it; all the rest must come back with
its octets and its time.
"""

import os
import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
import ftp_peers  # noqa: E402
import harness  # noqa: E402
from ftp_client_suite import OwnServer, WithServer  # noqa: E402
from ftp_trees import ODD_NAMES, ODD_TIMES, dated_digest, make_odd_tree  # noqa: E402


TWINS = "caf\u00e9", "cafe\u0301"  # the same word, composed and decomposed


class Trees(WithServer):
    """A kind of server, the names that it cannot have, and how it is spoken to."""

    unfit = ()  # kinds of names that it changes or refuses
    way = ("--tls", "never")
    times = ODD_TIMES
    count = 150  # each name once

    @staticmethod
    def refuses(_name):
        return False

    def setUp(self):
        super().setUp()
        self.tree = self.folder / "tree"
        self.copy = self.folder / "copy"
        self.top = f"{self.server.url}{self.id().rsplit('.', 1)[1]}"
        self.maxDiff = 4000

    def run_octets(self, *words):
        # Not as text: what is said has the names' octets.
        return subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, timeout=harness.PATIENCE_S,
                              env={**os.environ, "LC_ALL": "C.UTF-8"})

    def mirror(self, *words, status=0):
        done = self.run_octets(harness.PROGRAM, "ftp", "--cacert", self.server.certificate, *self.way, "mirror", *words)
        self.assertEqual(done.returncode, status, done.stdout[-2000:] + done.stderr[-4000:])
        return (done.stdout + done.stderr).decode(errors="replace")

    def assert_nothing_left_to_do(self, report):
        self.assertIn("0 copied", report)
        self.assertIn("0 folders made, 0 removed", report)


class ThereAndBack(Trees):
    def test_names(self):
        make_odd_tree(self.tree, [kind for kind in ODD_NAMES if kind not in self.unfit], self.refuses, self.count,
                      self.times)
        self.assertIn("2 links left out", self.mirror("-R", self.tree, self.top))
        self.mirror(self.top, self.copy)
        self.assertEqual(dated_digest(self.tree), dated_digest(self.copy))
        self.assert_nothing_left_to_do(self.mirror("--delete", self.top, self.copy))
        self.assert_nothing_left_to_do(self.mirror("-R", "--delete", self.tree, self.top))


class InParallel(ThereAndBack):
    way = ("--tls", "required", "-P", "4")


class Listed(ThereAndBack):
    way = ("--tls", "never", "--no-mlsd")
    times = ODD_TIMES[:-2]  # LIST tells of times to come without their year


class ToVsftpd(ThereAndBack, unittest.TestCase):
    kind = ftp_peers.Vsftpd
    # Its listings have '?' in place of control characters; it does not know that Telnet doubles octet 255.
    unfit = ("controls", "telnet")


class ToVsftpdInParallel(InParallel, ToVsftpd):
    pass


class ToProftpd(ThereAndBack, unittest.TestCase):
    kind = ftp_peers.Proftpd

    @staticmethod
    def refuses(name):
        return b"*" in name  # no folder may be called so


class ToProftpdInParallel(InParallel, ToProftpd):
    count = 1000


class ToProftpdListed(Listed, ToProftpd):
    pass


class ToPureFtpd(ThereAndBack, unittest.TestCase):
    kind = ftp_peers.PureFtpd
    # It makes '_' of control characters, refuses backslashes, and does not know that Telnet doubles octet 255.
    unfit = ("controls", "backslashes", "telnet")

    @staticmethod
    def refuses(name):
        return name.endswith(b" ")  # '_' again


class ToPureFtpdInParallel(InParallel, ToPureFtpd):
    pass


class ToPureFtpdListed(Listed, ToPureFtpd):
    pass


class ToOurs(ThereAndBack, unittest.TestCase):
    kind = OwnServer
    unfit = ("latin-1", "telnet", "decomposed")  # names are UTF-8 in NFC

    def test_names_of_lftp(self):
        # It goes into each folder and says "STOR  " where a name is a space.
        make_odd_tree(self.tree, [kind for kind in ODD_NAMES if kind not in self.unfit], self.refuses, self.count)
        for command in (f"mirror -R --no-symlinks --parallel=4 {self.tree} lftp",
                        f"mirror --parallel=4 lftp {self.copy}"):
            done = self.run_octets(
                "lftp", "-p", str(self.server.server.ports["ftp"]), "-u",
                f"{harness.BOB},{harness.PASSWORDS[harness.BOB]}", "-e",
                f"set net:max-retries 1; set ssl:ca-file {self.server.certificate}; set ftp:ssl-force yes; {command}; bye",
                "localhost")
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(dated_digest(self.tree), dated_digest(self.copy))


class ToOursInParallel(InParallel, ToOurs):
    count = 1000
    test_names_of_lftp = None


class ToOursListed(Listed, ToOurs):
    test_names_of_lftp = None


class OtherForms(Trees, unittest.TestCase):
    """Names that our server does not keep as they are, or does not take."""

    kind = OwnServer

    def test_letters_decomposed_here_are_the_composed_ones_there(self):
        decomposed = "e\u0301te\u0301"
        (self.tree / decomposed).mkdir(parents=True)
        (self.tree / decomposed / decomposed).write_text("as macOS has it")
        self.mirror("-R", "--delete", self.tree, self.top)
        self.assert_nothing_left_to_do(self.mirror("-R", "--delete", self.tree, self.top))
        self.assert_nothing_left_to_do(self.mirror("--delete", self.top, self.tree))
        (self.tree / decomposed / "new").write_text("x")
        self.assertIn("1 copied", self.mirror("-R", "--delete", self.tree, self.top))
        (self.tree / decomposed / decomposed).unlink()
        self.assertIn("1 removed", self.mirror("-R", "--delete", self.tree, self.top))
        self.mirror(self.top, self.copy)
        self.assertEqual(list(dated_digest(self.copy)), [b"\xc3\xa9t\xc3\xa9", b"\xc3\xa9t\xc3\xa9/new"])

    def test_two_files_here_are_not_silently_one_there(self):
        self.tree.mkdir()
        for name in TWINS:
            (self.tree / name).write_text(f"{len(name)} letters")
        for way, copied in ((("-P", "4"), 1), ((), 0), (("--delete", "--remove-source-files"), 0)):
            told = self.mirror("-R", *way, self.tree, self.top, status=74)
            self.assertIn(f"{copied} copied", told)
            self.assertIn("0 removed, 1 failed", told)
            self.assertIn(f"{TWINS[1]}: not sent, since at the server it is the same file as ", told.replace("\n", " "))
        self.assertTrue((self.tree / TWINS[1]).exists())
        self.mirror(self.top, self.copy)
        self.assertEqual({name.name: name.read_text() for name in self.copy.iterdir()}, {TWINS[0]: "4 letters"})
        # One behind the other, by the prompt and in one go: the first one stands.
        for words, text in (((self.server.url,), f"lcd {self.tree}\nmput {TWINS[1]} {TWINS[0]}\n"),
                            (("put", self.tree / TWINS[1], self.tree / TWINS[0], self.server.url), None)):
            done = harness.staffetta("ftp", "--tls", "never", *words, text=text)
            self.assertEqual(done.returncode, 73, done.stderr)
            self.assertIn("it is the same file as", done.stderr)
            got = harness.staffetta("ftp", "--tls", "never", "get", self.server.url + "caf%C3%A9", "-o", "-")
            self.assertEqual(got.stdout, "5 letters")

    def test_what_cannot_be_sent_is_told_and_the_rest_sent(self):
        self.tree.mkdir()
        for name in (b"caf\xe9", b"\xff", b"two\nlines", b"Icon\r", b"good"):
            pathlib.Path(os.fsdecode(os.path.join(os.fsencode(self.tree), name))).write_text("x")
        told = self.mirror("-R", self.tree, self.top, status=74)
        self.assertIn("1 copied", told)
        self.assertIn("4 failed", told)
        for reason in ("two?lines: a name with a line end in it cannot be sent", "\ufffd: 553 The name is not well-formed UTF-8."):
            self.assertIn(reason, told)


class Twins(Trees):
    """Servers that keep names as they are have both files."""

    def test_both_are_sent(self):
        self.tree.mkdir()
        for name in TWINS:
            (self.tree / name).write_text(f"{len(name)} letters")
            os.utime(self.tree / name, (1_600_000_000, 1_600_000_000))
        self.assertIn("2 copied", self.mirror("-R", self.tree, self.top))
        self.assert_nothing_left_to_do(self.mirror("-R", "--delete", self.tree, self.top))
        for _ in range(2):
            done = harness.staffetta("ftp", "--tls", "never", "-i", self.top,
                                     text=f"lcd {self.tree}\nmput *\n")
            self.assertEqual(done.returncode, 0, done.stderr)
            done = harness.staffetta("ftp", "--tls", "never", "put", *(self.tree / name for name in TWINS), self.top + "/")
            self.assertEqual(done.returncode, 0, done.stderr)
        self.mirror(self.top, self.copy)
        self.assertEqual(dated_digest(self.tree), dated_digest(self.copy))


class TwinsOnVsftpd(Twins, unittest.TestCase):
    kind = ftp_peers.Vsftpd


class TwinsOnProftpd(Twins, unittest.TestCase):
    kind = ftp_peers.Proftpd


class Renaming(Trees, unittest.TestCase):
    """A server that keeps what it is sent under another name."""

    kind = ftp_peers.PureFtpd

    def test_what_was_sent_is_not_removed_for_its_name(self):
        self.tree.mkdir()
        (self.tree / "dish ").write_text("pickles")
        for _ in range(2):
            self.mirror("-R", "--delete", self.tree, self.top)
        self.mirror(self.top, self.copy)
        self.assertEqual(list(dated_digest(self.copy)), [b"dish_"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
