#!/usr/bin/env python3
"""staffetta ftp against vsftpd and against our own server: get, put, ls and mirror, in clear and with TLS."""

import hashlib
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
import harness  # noqa: E402


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def digest(folder):
    """{path below: SHA-256}, folders with None."""
    return {str(p.relative_to(folder)): None if p.is_dir() else hashlib.sha256(p.read_bytes()).hexdigest()
            for p in sorted(pathlib.Path(folder).rglob("*"))}


def make_tree(folder, files=40):
    for i in range(files):
        path = folder / f"course {i % 4}" / f"step {i % 3}" / f"file {i}.bin"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes((i * j) % 251 for j in range(i * 97)))
    (folder / "empty folder").mkdir()
    (folder / "empty").write_bytes(b"")


class Vsftpd:
    """Debian's server, for anonymous users who may upload below /in, on a port of its own."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="vsftpd-", dir="/tmp"))
        self.root = self.folder / "root"
        (self.root / "in").mkdir(parents=True)
        (self.folder / "empty").mkdir()
        for path in (self.folder, self.root):
            path.chmod(0o555 if path == self.root else 0o755)
        self.port = free_port()
        made = harness.run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout",
                           self.folder / "key.pem", "-out", self.folder / "cert.pem", "-days", "30", "-subj",
                           "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1")
        assert made.returncode == 0, made.stderr
        self.certificate = self.folder / "cert.pem"
        owner = "ftp"
        if os.geteuid() == 0:
            shutil.chown(self.root / "in", owner)
        (self.folder / "vsftpd.conf").write_text(f"""listen=YES
listen_address=127.0.0.1
listen_port={self.port}
background=NO
{"" if os.geteuid() == 0 else "run_as_launching_user=YES"}
anonymous_enable=YES
local_enable=NO
no_anon_password=YES
anon_root={self.root}
write_enable=YES
anon_upload_enable=YES
anon_mkdir_write_enable=YES
anon_other_write_enable=YES
anon_world_readable_only=NO
anon_umask=022
mdtm_write=YES
secure_chroot_dir={self.folder}/empty
seccomp_sandbox=NO
isolate=NO
isolate_network=NO
ssl_enable=YES
allow_anon_ssl=YES
force_anon_logins_ssl=NO
force_anon_data_ssl=NO
require_ssl_reuse=YES
strict_ssl_read_eof=YES
rsa_cert_file={self.folder}/cert.pem
rsa_private_key_file={self.folder}/key.pem
""")

    def __enter__(self):
        program = shutil.which("vsftpd", path="/usr/sbin:" + os.environ["PATH"])
        if program is None:
            raise AssertionError("vsftpd is not installed; scripts/test installs what the tests need")
        self.process = subprocess.Popen([program, self.folder / "vsftpd.conf"], stdin=subprocess.DEVNULL)
        while True:  # until it listens, or has ended
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return self
            if self.process.poll() is not None:
                raise AssertionError("vsftpd did not start")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(harness.PATIENCE_S)
        self.root.chmod(0o755)
        shutil.rmtree(self.folder, ignore_errors=True)


class OneShot:
    """What every server must let us do; `self.url` is a folder that we may write, `self.options` how."""

    def ftp(self, *arguments, status=0, text=None):
        done = harness.staffetta("ftp", *self.options, *arguments, text=text)
        self.assertEqual(done.returncode, status, f"{arguments}\n{done.stdout}{done.stderr}")
        return done

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="staffetta-ftp-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def test_file_there_and_back(self):
        sent = self.folder / "sent"
        sent.write_bytes(os.urandom(300_000))
        os.utime(sent, (1_600_000_000, 1_600_000_000))
        self.ftp("put", sent, self.url + "letter%20one.bin")
        back = self.folder / "back"
        self.ftp("get", self.url + "letter%20one.bin", "-o", back)
        self.assertEqual(sent.read_bytes(), back.read_bytes())
        self.assertEqual(back.stat().st_mtime, 1_600_000_000)
        self.assertIn("letter one.bin", self.ftp("ls", self.url).stdout)

    def test_standard_streams(self):
        self.ftp("put", "-", self.url + "piped", text="one\ntwo\n")
        self.assertEqual(self.ftp("get", self.url + "piped", "-o", "-").stdout, "one\ntwo\n")

    def test_resume(self):
        whole = os.urandom(200_000)
        sent = self.folder / "sent"
        sent.write_bytes(whole[:50_000])
        self.ftp("put", sent, self.url + "resumed")
        sent.write_bytes(whole)
        self.ftp("-c", "put", sent, self.url + "resumed")
        back = self.folder / "back"
        back.write_bytes(whole[:70_001])
        self.ftp("-c", "get", self.url + "resumed", "-o", back)
        self.assertEqual(back.read_bytes(), whole)

    def test_mirror_both_ways(self):
        tree = self.folder / "tree"
        make_tree(tree)
        self.ftp("mirror", "-R", tree, self.url + "tree")
        copy = self.folder / "copy"
        self.ftp("mirror", "--parallel", "3", self.url + "tree", copy)
        self.assertEqual(digest(tree), digest(copy))
        again = self.ftp("mirror", self.url + "tree", copy)
        self.assertIn("0 copied", again.stdout)
        (copy / "surplus").write_text("x")
        shutil.rmtree(tree / "course 1")
        dry = self.ftp("mirror", "-R", "--delete", "--dry-run", tree, self.url + "tree")
        self.assertIn("rmdir course 1/step 0", dry.stdout)
        self.ftp("mirror", "-R", "--delete", tree, self.url + "tree")
        self.ftp("mirror", "--delete", self.url + "tree", copy)
        self.assertEqual(digest(tree), digest(copy))

    def test_globs(self):
        for name in ("a1.txt", "a2.txt", "b.txt"):
            (self.folder / name).write_text(name)
            self.ftp("put", self.folder / name, self.url + name)
        into = self.folder / "into"
        into.mkdir()
        self.ftp("get", self.url + "a[0-9].*", "-o", into)
        self.assertEqual(sorted(os.listdir(into)), ["a1.txt", "a2.txt"])

    def test_statuses(self):
        self.ftp("get", self.url + "nothing-there", "-o", self.folder / "x", status=66)
        self.assertFalse((self.folder / "x").exists())
        self.ftp("get", status=64)
        self.ftp("get", "gopher://localhost/", status=64)
        self.ftp("get", f"ftp://127.0.0.1:{free_port()}/x", status=69)
        self.ftp("get", "ftp://no-such-host.invalid/x", status=68)


class VsftpdCase(OneShot):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Vsftpd())
        cls.url = f"ftp://localhost:{cls.server.port}/in/"


class ClearToVsftpd(VsftpdCase, unittest.TestCase):
    options = ["--tls", "never"]


class ActiveToVsftpd(VsftpdCase, unittest.TestCase):
    options = ["--tls", "never", "-A", "--no-epsv"]


class TlsToVsftpd(VsftpdCase, unittest.TestCase):
    @property
    def options(self):
        return ["--tls", "required", "--cacert", str(self.server.certificate)]

    def test_unproven_certificate(self):
        refused = harness.staffetta("ftp", "ls", self.url)
        self.assertEqual(refused.returncode, 77, refused.stderr)
        self.assertIn("--insecure", refused.stderr)
        self.assertEqual(harness.staffetta("ftp", "--insecure", "ls", self.url).returncode, 0)

    def test_debug_shows_the_dialogue_without_the_password(self):
        url = self.url.replace("ftp://", "ftp://anonymous:sesame@")
        shown = self.ftp("-d", "ls", url).stderr
        self.assertIn("---> AUTH TLS\n", shown)
        self.assertIn("---> USER anonymous\n", shown)
        self.assertNotIn("sesame", shown)


if __name__ == "__main__":
    unittest.main(verbosity=2)
