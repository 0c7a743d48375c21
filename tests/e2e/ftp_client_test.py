#!/usr/bin/env python3
"""staffetta ftp against vsftpd and our own server, in clear and with TLS, active and passive."""

import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
import ftp_peers  # noqa: E402
import harness  # noqa: E402
from ftp_client_suite import OneShot, OwnServer, Protected, WithServer  # noqa: E402


class ClearToVsftpd(OneShot, unittest.TestCase):
    kind = ftp_peers.Vsftpd


class ActiveToVsftpd(OneShot, unittest.TestCase):
    kind = ftp_peers.Vsftpd
    options = ["--tls", "never", "-A", "--no-epsv"]


class TlsToVsftpd(Protected, unittest.TestCase):
    kind = ftp_peers.Vsftpd


class ActiveToOurs(OneShot, unittest.TestCase):
    kind = OwnServer
    options = ["--tls", "never", "-A"]


class TlsToOurs(Protected, unittest.TestCase):
    kind = OwnServer


class WhatIsChosen(WithServer, unittest.TestCase):
    """What a user has set, here and at the prompt, is what is done."""

    kind = OwnServer

    def setUp(self):
        super().setUp()
        (self.folder / "letters").mkdir()
        for name in ("letter", "letters/letter"):
            (self.folder / name).write_text("Bonjour\n")
        self.ftp("mirror", "-R", self.folder / "letters", self.server.url + "letters")

    def ftp(self, *arguments, text="", status=0, **more):
        done = subprocess.run([harness.PROGRAM, "ftp", "--tls", "never", *map(str, arguments)], input=text, text=True,
                              capture_output=True, timeout=harness.PATIENCE_S, **more)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done

    def test_what_is_not_there_is_named(self):
        there = self.server.url + "letters/"
        shown = self.ftp("get", there + "none", there + "letter", "-o", str(self.folder) + "/", status=66)
        self.assertIn("letters/none: 550 ", shown.stderr)
        shown = self.ftp("put", self.folder / "letter", self.server.url + "nowhere/letter", status=77)
        self.assertIn("letter: 553 ", shown.stderr)
        self.ftp("ls", self.server.url + "nowhere", status=66)
        self.ftp("ls", "--names", self.server.url + "nowhere", status=66)

    def test_digits_behind_a_host_are_its_port(self):
        port = str(self.server.server.ports["ftp"])
        self.assertIn("not logged in", self.ftp("-n", "localhost:" + port, text="status\n").stdout)

    def test_files_and_folders_are_as_open_as_the_umask_has_it(self):
        self.ftp("get", self.server.url + "letters/letter", "-o", self.folder / "copy", umask=0o027)
        self.ftp("mirror", self.server.url, self.folder / "tree", umask=0o027)
        for name, mode in (("copy", 0o640), ("tree", 0o750), ("tree/letters", 0o750), ("tree/letters/letter", 0o640)):
            self.assertEqual((self.folder / name).stat().st_mode & 0o777, mode, name)

    def test_what_tells_of_the_user_is_the_users(self):
        self.ftp(self.server.url, text="bookmark add here\n", umask=0o022, env={"HOME": str(self.folder)})
        self.assertEqual((self.folder / ".staffetta-ftp-bookmarks").stat().st_mode & 0o777, 0o600)

    def test_the_type_stays_what_it_is(self):
        there = self.server.url + "letters"
        self.assertRegex(self.ftp(there, text="type\n").stdout, "(?m)^I$")
        self.assertIn("8 letter\n", self.ftp(there, text="size letter\n").stdout)
        for chosen, said in (("type ebcdic", "E N"), ("type tenex", "L 8"), ("ascii; form telnet", "A T")):
            shown = self.ftp("-d", there, text=f"{chosen}\nget letter -\ntype\nput letter {said[0]}\ntype\n", cwd=self.folder)
            self.assertRegex(shown.stdout, rf"(?s)Bonjour\n.*{said}\n.*{said}\n$")
            self.assertEqual(shown.stderr.count("---> TYPE " + said), 1, shown.stderr)
            self.assertNotIn("---> TYPE I", shown.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
