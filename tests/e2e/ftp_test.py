#!/usr/bin/env python3
"""FTP with the clients that people use: curl, lftp, ncftp, tnftp, wget and Python's ftplib."""

import ftplib
import hashlib
import pathlib
import random
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from harness import BOB, PASSWORDS, ServerTest, run

LARGE = random.Random(1).randbytes(3_000_000)


def hashes(folder):
    """Each file below `folder` with its hash."""
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(folder.rglob("*")) if path.is_file()}


class Ftp(ServerTest):
    options = "[auth]\nallow_plaintext = true\n"

    def setUp(self):
        super().setUp()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="ftp-", dir=self.server.folder))
        self.name = self._testMethodName
        self.large = self.folder / "large.bin"
        self.large.write_bytes(LARGE)

    def url(self, path, host="127.0.0.1", scheme="ftp"):
        return f"{scheme}://{host}:{self.server.ports[scheme]}/{path}"

    def curl(self, *arguments, status=0):
        return self.assert_ran(
            run("curl", "-sS", "--max-time", "100", "-u", f"{BOB}:{PASSWORDS[BOB]}", "--cacert",
                self.server.certificate, *arguments), status)

    def lftp(self, script, scheme="ftp"):
        login = f"{BOB},{PASSWORDS[BOB]}"
        settings = f"set net:timeout 20; set net:max-retries 2; set ssl:ca-file {self.server.certificate}; "
        return self.assert_ran(run("lftp", "-u", login, "-e", settings + script + "; bye",
                                   f"{scheme}://localhost:{self.server.ports[scheme]}", cwd=self.folder))

    def ftplib(self, kind=ftplib.FTP, **options):
        client = kind(encoding="utf-8", **options)
        self.addCleanup(client.close)
        client.connect("localhost", self.server.ports["ftp"], timeout=60)
        return client

    def fetch(self, path):
        target = self.folder / "fetched"
        self.curl(self.url(path), "-o", target)
        return target.read_bytes()

    def test_curl_up_and_down_each_way(self):
        ways = {"epsv": [], "pasv": ["--disable-epsv"], "eprt": ["-P", "-"], "port": ["-P", "-", "--disable-eprt"]}
        for name, options in ways.items():
            with self.subTest(name):
                self.curl("-T", self.large, self.url(f"{self.name}-{name}"), *options)
                out = self.folder / name
                self.curl(self.url(f"{self.name}-{name}"), "-o", out, *options)
                self.assertEqual(out.read_bytes(), LARGE)

    def test_curl_tls(self):
        self.curl("--ssl-reqd", "-T", self.large, self.url(self.name, "localhost"))
        self.curl("--ssl-reqd", self.url(self.name, "localhost"), "-o", self.folder / "a")
        self.curl(self.url(self.name, "localhost", "ftps"), "-o", self.folder / "b")
        self.assertEqual((self.folder / "a").read_bytes(), LARGE)
        self.assertEqual((self.folder / "b").read_bytes(), LARGE)

    def test_curl_ranges_and_resume(self):
        self.curl("-T", self.large, self.url(self.name))
        self.curl(self.url(self.name), "-r", "1000-1999", "-o", self.folder / "range")
        self.assertEqual((self.folder / "range").read_bytes(), LARGE[1000:2000])
        part = self.folder / "part"
        part.write_bytes(LARGE[:1_234_567])
        self.curl("-C", "-", self.url(self.name), "-o", part)
        self.assertEqual(part.read_bytes(), LARGE)

    def test_curl_resumes_an_upload(self):
        half = self.folder / "half"
        half.write_bytes(LARGE[:1_500_000])
        self.curl("-T", half, self.url(self.name))
        self.curl("-C", "1500000", "-T", self.large, self.url(self.name))
        self.assertEqual(self.fetch(self.name), LARGE)

    def test_wrong_password(self):
        run("curl", "-sS", "-u", f"{BOB}:wrong", self.url(""))
        self.assertEqual(run("curl", "-sS", "-u", f"{BOB}:wrong", self.url("")).returncode, 67)

    def test_lftp_mirrors_a_thousand_files_in_tls(self):
        tree = self.folder / "tree"
        chance = random.Random(2)
        for number in range(1000):
            path = tree / f"folder {number % 20}" / f"file-{number} é"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(chance.randbytes(chance.randrange(3000)))
        force = "set ftp:ssl-force true; set ftp:ssl-protect-data true; "
        self.lftp(force + "mirror -R --parallel=4 tree up")
        self.lftp(force + "mirror --parallel=4 up down")
        self.assertEqual(hashes(tree), hashes(self.folder / "down"))

    def test_ftplib(self):
        with self.ftplib() as client:
            client.login(BOB, PASSWORDS[BOB])
            client.mkd(self.name)
            client.cwd(self.name)
            with open(__file__, "rb") as text:
                client.storlines("STOR text", text)
            lines = []
            client.retrlines("RETR text", lines.append)
            self.assertEqual(lines, pathlib.Path(__file__).read_text().splitlines())
            client.rename("text", "called otherwise")
            self.assertEqual(client.nlst(), ["called otherwise"])
            self.assertEqual([name for name, facts in client.mlsd(facts=["type"])], ["called otherwise"])
            client.delete("called otherwise")
            client.cwd("..")
            client.rmd(self.name)

    def test_wget(self):
        self.curl("-T", self.large, self.url(self.name))
        self.assert_ran(run("wget", "-q", f"--user={BOB}", f"--password={PASSWORDS[BOB]}", self.url(self.name), "-O",
                            self.folder / "out"))
        self.assertEqual((self.folder / "out").read_bytes(), LARGE)

    def test_ncftp(self):
        server = ["-u", BOB, "-p", PASSWORDS[BOB], "-P", self.server.ports["ftp"]]
        self.assert_ran(run("ncftpput", *server, "127.0.0.1", "/", self.large))
        self.assert_ran(run("ncftpget", *server, "127.0.0.1", self.folder / "..", "/large.bin"))
        self.assertEqual((self.folder / ".." / "large.bin").read_bytes(), LARGE)

    def test_tnftp(self):
        commands = f"user {BOB} \"{PASSWORDS[BOB]}\"\nbinary\nput large.bin {self.name}\nget {self.name} back\nls\nbye\n"
        done = run("tnftp", "-n", "-v", "127.0.0.1", self.server.ports["ftp"], text=commands, cwd=self.folder)
        self.assertEqual((self.folder / "back").read_bytes(), LARGE, done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
