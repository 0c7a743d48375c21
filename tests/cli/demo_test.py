#!/usr/bin/env python3
"""`staffetta demo` and `staffetta setup`: what the README promises to a newcomer."""

import os
import pathlib
import re
import shutil
import signal
import smtplib
import socket
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from harness import PATIENCE_S, PROGRAM, run, staffetta


class InFolder(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="staffetta-", dir="/tmp"))

    def tearDown(self):
        shutil.rmtree(self.folder, ignore_errors=True)


class Demo(InFolder):
    def start(self, *arguments):
        """A demo whose text has been read up to its last line; the process and the text."""
        process = subprocess.Popen([PROGRAM, "demo", "--dir", self.folder / "demo", *arguments],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        text = ""
        for line in process.stdout:
            text += line
            if "Stop it with Ctrl-C" in line:
                return process, text
        process.wait(PATIENCE_S)
        self.fail(text)

    def stop(self, process):
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(PATIENCE_S), 0)
        process.stdout.close()

    def test_twice_on_one_folder(self):
        seen = []
        for round_ in (1, 2):
            process, text = self.start("--any-port")
            try:
                password = re.search(r"bob@hamburger\.example\s+password (\S+)", text)[1]
                port = re.search(r"POP3 (\d+)", text)[1]
                self.assertIn("Alice has just sent Bob a message through the SMTP port: 250 ", text)
                curl = ["curl", "-sS", "-u", f"bob@hamburger.example:{password}"]
                listing = run(*curl, f"pop3://127.0.0.1:{port}/")
                self.assertEqual(len(listing.stdout.split()), 2 * round_, listing.stderr)
                message = run(*curl, f"pop3://127.0.0.1:{port}/{round_}")
                self.assertIn("Do you like ketchup?", message.stdout, message.stderr)
                secure = re.search(r"--cacert (\S+) pop3s://localhost:(\d+)/1", text)
                self.assertIn("pickles", run(*curl, "--cacert", secure[1],
                                             f"pop3s://localhost:{secure[2]}/1").stdout)
                upload = re.search(r"(curl -u .* -T) FILE (ftp:\S+)", text)
                self.assertEqual(run(*upload[1].split(), __file__, upload[2]).returncode, 0)
                ours = re.search(r"ours +(.*?) +then help", text)[1].split()
                self.assertIn(pathlib.Path(__file__).name, run(*ours, text="nlist\n").stdout)
                seen.append(password)
                config = self.folder / "demo" / "staffetta.toml"
                self.assertIn("alice@crepes.example", staffetta("account", "list", "--config", config).stdout)
                # VRFY answers in full to loopback.
                smtp = int(re.search(r"SMTP (\d+)", text)[1])
                with smtplib.SMTP("127.0.0.1", smtp) as client:
                    client.ehlo()
                    self.assertEqual(client.verify("bob")[0], 250)
                    client.mail("alice@crepes.example")
                    for name in ("postmaster", "postmaster@crepes.example", "Postmaster@hamburger.example"):
                        self.assertEqual(client.rcpt(name)[0], 250, name)
            finally:
                self.stop(process)
        self.assertEqual(seen[0], seen[1])

    def test_port_in_use_is_one_sentence(self):
        with socket.socket() as taken:
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                taken.bind(("127.0.0.1", 2525))
                taken.listen()
            except OSError:
                pass  # somebody else's demo: just as good
            done = staffetta("demo", "--dir", self.folder / "demo")
            self.assertEqual(done.returncode, 69, done.stderr)
            self.assertRegex(done.stderr, r"^staffetta: .*127\.0\.0\.1:2525.*in use.*--any-port\)\n$")

    def test_a_folder_of_somebody_else_is_left_alone(self):
        (self.folder / "demo").mkdir()
        (self.folder / "demo" / "letter.txt").write_text("mine")
        done = staffetta("demo", "--dir", self.folder / "demo")
        self.assertEqual(done.returncode, 65, done.stderr)
        self.assertEqual([p.name for p in (self.folder / "demo").iterdir()], ["letter.txt"])


class Setup(InFolder):
    def test_writes_an_installation_once(self):
        arguments = ["setup", "Example.ORG", "--dir", self.folder / "mail", "--password-stdin"]
        done = staffetta(*arguments, text="postmaster's\n")
        self.assertEqual(done.returncode, 0, done.stderr)
        for record in ("example.org.    MX     10 mail.example.org.", 'TXT    "v=spf1 mx -all"',
                       "_submissions._tcp.example.org."):
            self.assertIn(record, done.stdout)
        config = self.folder / "mail" / "staffetta.toml"
        self.assertEqual(staffetta("account", "list", "--config", config).stdout,
                         "postmaster@example.org  administrator\n")
        self.assertEqual((self.folder / "mail" / "key.pem").stat().st_mode & 0o077, 0)
        again = staffetta(*arguments, text="postmaster's\n")
        self.assertEqual(again.returncode, 73, again.stderr)

    @unittest.skipUnless(os.geteuid() == 0, "only root becomes somebody else")
    def test_what_is_written_is_the_users(self):
        self.folder.chmod(0o755)
        folder = self.folder / "mail"
        done = staffetta("setup", "example.org", "--dir", folder, "--user", "nobody", "--password-stdin",
                         text="postmaster's\n")
        self.assertEqual(done.returncode, 0, done.stderr)
        for path in folder.rglob("*"):
            self.assertEqual(path.owner(), "nobody", path)
        self.assertIn('\nuser = "nobody" ', (folder / "staffetta.toml").read_text())

    def test_a_user_must_be_there(self):
        done = staffetta("setup", "example.org", "--dir", self.folder / "mail", "--user", "nobody-such",
                         "--password-stdin", text="postmaster's\n")
        self.assertEqual(done.returncode, 64, done.stderr)
        self.assertIn("there is no such user; make it with: adduser", done.stderr)
        self.assertFalse((self.folder / "mail").exists())

    @unittest.skipUnless(os.geteuid() == 0, "only root becomes somebody else")
    def test_a_user_who_comes_later_is_told_of_what_is_roots(self):
        self.folder.chmod(0o755)
        folder = self.folder / "mail"
        done = staffetta("setup", "example.org", "--dir", folder, "--password-stdin", text="postmaster's\n")
        self.assertEqual(done.returncode, 0, done.stderr)
        config = folder / "staffetta.toml"
        config.write_text(config.read_text().replace('# user = "staffetta"', 'user = "nobody"'))
        done = staffetta("account", "list", "--config", config)
        self.assertEqual(done.returncode, 77, done.stderr)
        self.assertIn(f"; {folder}/data/store is root's and not nobody's: chown -R nobody: {folder}/data;", done.stderr)
        self.assertIn(f"; {folder}/data/files is root's and not nobody's: chown -R nobody: {folder}/data/files\n", done.stderr)

    def test_domain_must_be_one(self):
        done = staffetta("setup", "not a domain", "--dir", self.folder / "mail", "--password-stdin", text="x\n")
        self.assertEqual(done.returncode, 64, done.stderr)
        self.assertFalse((self.folder / "mail").exists())


if __name__ == "__main__":
    unittest.main()
