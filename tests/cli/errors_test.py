#!/usr/bin/env python3
"""Whatever an administrator gets wrong: one clear sentence on standard error, and sysexits' status."""

import pathlib
import re
import socket
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from harness import Server, run, staffetta


class Errors(unittest.TestCase):
    def setUp(self):
        self.server = Server()
        self.config = self.server.config

    def tearDown(self):
        self.server.__exit__(None, None, None)

    def fails(self, status, pattern, *arguments, text=None):
        done = staffetta(*arguments, text=text)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        sentences = [line for line in done.stderr.splitlines() if not re.match(r"\d{4}-\d\d-\d\dT", line)]
        self.assertEqual(len(sentences), 1, done.stderr)
        self.assertRegex(sentences[0], "^staffetta: .*" + pattern)

    def test_usage_is_64(self):
        for arguments in (["--nonsense"], ["nonsense"], ["account"], ["account", "add"], ["domain", "add"], ["ftp", "who", "--nonsense"], []):
            with self.subTest(arguments):
                self.assertEqual(staffetta(*arguments).returncode, 64)
        self.fails(64, "no protocol imap9", "--dump-commands", "imap9")

    def test_trace_peer_wants_an_address(self):
        done = staffetta("serve", "--trace-peer", "nonsense")
        self.assertEqual(done.returncode, 64, done.stderr)
        self.assertIn("nonsense is no address; write one as", done.stderr)

    def test_help_and_version_are_0(self):
        for arguments in (["--help"], ["serve", "--help"], ["account", "add", "--help"], ["ftp", "who", "--help"], ["demo", "--help"]):
            with self.subTest(arguments):
                done = staffetta(*arguments)
                self.assertEqual(done.returncode, 0)
                self.assertNotEqual(done.stdout, "")
        self.assertRegex(staffetta("--version").stdout, r"^staffetta \d+\.\d+\.\d+\n$")

    def test_command_tables(self):
        self.assertRegex(staffetta("--dump-commands", "smtp").stdout, r"(?m)^\s*EHLO .*5321 4\.1\.1\.1")
        self.assertRegex(staffetta("--dump-commands", "pop3").stdout, r"(?m)^\s*RETR .*1939")

    def test_missing_configuration_is_78(self):
        self.fails(78, "/nonexistent.toml: No such file or directory; name the configuration with --config FILE",
                   "serve", "--config", "/nonexistent.toml")

    def test_unknown_key_is_78(self):
        self.config.write_text('hostname = "x"\ndata = "data"\n[listen]\nsmpt = []\n')
        self.fails(78, r"staffetta\.toml:4: listen\.smpt: there is no such key; did you mean listen\.smtp\?",
                   "serve", "--config", self.config)

    def test_unreadable_key_is_78(self):
        (self.server.folder / "key.pem").unlink()
        self.fails(78, r"key\.pem", "serve", "--config", self.config)

    def test_damaged_certificate_is_78(self):
        self.server.certificate.write_text("no certificate\n")
        self.fails(78, r"cert\.pem", "serve", "--config", self.config)

    def test_port_in_use_is_69(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            self.config.write_text(f'hostname = "x"\ndata = "data"\n[listen]\nsmtp = ["127.0.0.1:{port}"]\n')
            self.fails(69, f"127.0.0.1:{port}.*in use", "serve", "--config", self.config)

    def test_unknown_user_is_78(self):
        self.config.write_text('user = "no-such-user"\n' + self.config.read_text())
        done = staffetta("serve", "--config", self.config)
        if "no-such-user" not in done.stderr:
            self.skipTest("not root: the user is never asked for")
        self.assertEqual(done.returncode, 78)

    def test_folder_that_holds_something_else(self):
        store = self.server.folder / "data" / "store"
        store.mkdir(parents=True)
        (store / "letters.txt").write_text("mine")
        done = staffetta("domain", "list", "--config", self.config)
        self.assertEqual(done.returncode, 65, done.stderr)
        self.assertEqual((store / "letters.txt").read_text(), "mine")

    def test_second_server_on_one_store_is_75(self):
        with self.server:
            other = self.server.folder / "other.toml"
            other.write_text('hostname = "x"\ndata = "data"\n[listen]\n'
                             f'control = ["unix:{self.server.folder}/other.sock"]\n')
            done = staffetta("domain", "list", "--config", other)
            self.assertEqual(done.returncode, 75, done.stderr)
            done = staffetta("serve", "--config", other)
            self.assertEqual(done.returncode, 69, done.stderr)
        self.server = Server()

    def test_mistakes_in_administration(self):
        config = ["--config", self.config]
        staffetta("domain", "add", "hamburger.example", *config)
        self.fails(73, "hamburger.example", "domain", "add", "hamburger.example", *config)
        self.fails(65, "not a domain", "domain", "add", "not a domain", *config)
        self.fails(67, "bob@elsewhere.example", "account", "add", "bob@elsewhere.example", "--password-stdin", *config,
                   text="secret\n")
        self.fails(67, "nobody@hamburger.example", "account", "password", "nobody@hamburger.example",
                   "--password-stdin", *config, text="secret\n")
        self.fails(65, "the password is empty", "account", "add", "bob@hamburger.example", "--password-stdin", *config,
                   text="\n")
        self.fails(65, "--password-stdin", "account", "add", "bob@hamburger.example", *config)
        self.fails(65, "much.*is no quota", "account", "add", "bob@hamburger.example", "--quota", "much",
                   "--password-stdin", *config, text="secret\n")
        self.fails(67, "nothing is known of it", "trace", "nonsense", *config)
        self.fails(67, "letters@hamburger.example", "alias", "remove", "letters@hamburger.example", *config)

    def test_backup_into_a_folder_in_use(self):
        staffetta("domain", "add", "hamburger.example", "--config", self.config)
        done = staffetta("backup", self.server.folder, "--config", self.config)
        self.assertIn(done.returncode, (65, 73), done.stderr)

    def store_with_domains(self):
        for name in ("crepes.example", "hamburger.example", "pickles.example"):
            staffetta("domain", "add", name, "--config", self.config)
        return self.server.folder / "data" / "store"

    def test_damaged_journal_is_found(self):
        (segment,) = (self.store_with_domains() / "journal").iterdir()
        octets = bytearray(segment.read_bytes())
        at = octets.index(b"hamburger.example")
        octets[at] ^= 0xFF
        segment.write_bytes(octets)
        done = staffetta("check", "--config", self.config)
        self.assertEqual(done.returncode, 65, done.stderr)
        self.assertRegex(done.stderr, f"^staffetta: 1 finding\n/.*{segment.name}: a damaged record at offset \\d+\n$")

    def test_damaged_index_stops_the_start(self):
        for table in (self.store_with_domains() / "index").glob("*.sst"):
            table.write_bytes(b"damaged")
        for command in ("serve", "check"):
            self.fails(65, "index is damaged, restore the store from a backup", command, "--config", self.config)

    def test_missing_journal_stops_the_start(self):
        for segment in (self.store_with_domains() / "journal").iterdir():
            segment.unlink()
        self.fails(65, "every segment is missing; restore the store from a backup", "serve", "--config", self.config)


class Programs(unittest.TestCase):
    def test_tree_has_what_people_rely_on(self):
        for script in ("run", "test", "bench", "check", "fuzz", "sim", "crash"):
            self.assertEqual(run("bash", "-n", f"scripts/{script}").returncode, 0)


if __name__ == "__main__":
    unittest.main()
