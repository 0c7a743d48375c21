"""What staffetta ftp must be able to do with every FTP server: get, put, ls and mirror, whatever the connection.

A test class is one of these with a `kind` of server (tests/support/ftp_peers.py, or OwnServer) and unittest.TestCase.
"""

import os
import pathlib
import shutil
import tempfile
import unittest

import ftp_peers
import harness
from ftp_trees import digest, make_tree


class OwnServer:
    """Our server as the peers are: with a url and a certificate."""

    def __init__(self, options=""):
        self.options = options

    def __enter__(self):
        self.server = harness.Server(services=["ftp", "ftps"],
                                     options="[auth]\nallow_plaintext = true\n" + self.options).__enter__()
        password = harness.PASSWORDS[harness.BOB].replace(" ", "%20").replace("?", "%3F")
        self.url = f"ftp://{harness.BOB.replace('@', '%40')}:{password}@localhost:{self.server.ports['ftp']}/"
        self.certificate = self.server.certificate
        return self

    def __exit__(self, *outcome):
        self.server.__exit__(*outcome)


class WithServer:
    """A server of `kind` for a class of tests, and a folder here for each."""

    @classmethod
    def setUpClass(cls):
        if cls.kind is ftp_peers.PureFtpd and os.geteuid() != 0:
            raise unittest.SkipTest("pure-ftpd runs for root only")
        cls.server = cls.enterClassContext(cls.kind())

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="staffetta-ftp-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)


class OneShot(WithServer):
    """What every server must let us do; `self.url` is a folder that we may write, `self.options` how."""

    options = ["--tls", "never"]

    def setUp(self):
        super().setUp()
        # A folder of the test's own: mirror -R makes it.
        (self.folder / "nothing").mkdir()
        top = self.server.url + self.id().split(".", 1)[1]
        self.ftp("mirror", "-R", self.folder / "nothing", top)
        self.url = top + "/"

    def ftp(self, *arguments, status=0, text=None):
        done = harness.staffetta("ftp", *self.options, *arguments, text=text)
        self.assertEqual(done.returncode, status, f"{arguments}\n{done.stdout}{done.stderr}")
        return done

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
        for line in ("get -c resumed -o back", "get resumed -c", "mget -c resumed"):
            back.write_bytes(whole[:70_001])
            done = self.ftp("-i", "-d", self.url, text=f"lcd {self.folder}\nnmap $1 back\n{line}\n")
            self.assertEqual(back.read_bytes(), whole, line)
            self.assertIn("---> REST 70001\n", done.stderr)

    def test_segments(self):
        sent = self.folder / "sent"
        sent.write_bytes(os.urandom(700_001))
        self.ftp("put", sent, self.url + "parts")
        self.ftp("get", "--segments", "3", self.url + "parts", "-o", self.folder / "back")
        self.assertEqual((self.folder / "back").read_bytes(), sent.read_bytes())
        self.assertEqual(sorted(os.listdir(self.folder)), ["back", "nothing", "sent"])

    def test_more_parts_than_connections(self):
        """As a killed run of more connections leaves them: each connection fetches several, one behind the other."""
        whole = os.urandom(2_400_000)
        sent = self.folder / "sent"
        sent.write_bytes(whole)
        os.utime(sent, (1_600_000_000, 1_600_000_000))
        self.ftp("put", sent, self.url + "parts")
        back = self.folder / "back"
        back.write_bytes(bytes(len(whole)))
        status = self.folder / "back.staffetta-pget"
        status.write_text(f"staffetta-pget 1\nsize {len(whole)}\nmodified 20200913122640\n" +
                          "".join(f"part {offset} 300000\n" for offset in range(0, len(whole), 300_000)))
        self.ftp("get", "--segments", "2", self.url + "parts", "-o", back)
        self.assertEqual(back.read_bytes(), whole)
        self.assertFalse(status.exists())

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
        # What was a file becomes a folder, and the other way round.
        (tree / "empty").unlink()
        (tree / "empty").mkdir()
        (tree / "empty folder").rmdir()
        (tree / "empty folder").write_text("now a file")
        dry = self.ftp("mirror", "-R", "--delete", "--dry-run", tree, self.url + "tree")
        self.assertIn("rmdir course 1/step 0", dry.stdout)
        self.ftp("mirror", "-R", "--delete", tree, self.url + "tree")
        self.ftp("mirror", "--delete", self.url + "tree", copy)
        self.assertEqual(digest(tree), digest(copy))

    def test_mirror_makes_the_folders_above(self):
        tree = self.folder / "tree"
        make_tree(tree, 3)
        self.ftp("mirror", "-R", tree, self.url + "a/b%20c/tree")
        self.ftp("mirror", "-e", "-n", "--loop", self.url + "a", self.folder / "copy")
        self.assertEqual(digest(tree), digest(self.folder / "copy" / "b c" / "tree"))

    def test_mirror_of_what_expressions_choose(self):
        tree = self.folder / "tree"
        for path in ("cache/a.txt", "menu/2026-01.txt", "menu/carte.txt", "menu/cache"):
            (tree / path).parent.mkdir(parents=True, exist_ok=True)
            (tree / path).write_text(path)
        filters = ["--exclude-regex", "(^|/)cache/", "--exclude-regex=[0-9]{4}-[0-9]{2}"]
        self.ftp("mirror", "-R", *filters, tree, self.url + "tree")
        self.ftp("mirror", self.url + "tree", self.folder / "copy")
        self.assertEqual(sorted(str(path.relative_to(self.folder / "copy"))
                                for path in (self.folder / "copy").rglob("*")),
                         ["menu", "menu/cache", "menu/carte.txt"])

    def test_mirror_of_what_is_old_new_or_missing(self):
        tree = self.folder / "tree"
        (tree / "folder").mkdir(parents=True)
        for name, time in (("old", 1_500_000_000), ("new", 1_600_000_020), ("folder/inner", 1_600_000_020)):
            (tree / name).write_text(name)
            os.utime(tree / name, (time, time))
        self.ftp("mirror", "-R", tree, self.url + "tree")

        def names(folder):
            return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))

        def copied(*options):
            copy = self.folder / "copy"
            shutil.rmtree(copy, ignore_errors=True)
            self.ftp("mirror", *options, self.url + "tree", copy)
            return names(copy)

        self.assertEqual(copied("--newer-than", "2018-01-01"), ["folder", "folder/inner", "new"])
        self.assertEqual(copied("--newer-than", tree / "old"), ["folder", "folder/inner", "new"])
        self.assertEqual(copied("--older-than=now-100days", "--newer-than=now-1week"), ["folder"])
        self.assertEqual(copied("--older-than", "2018-01-01", "--no-recursion"), ["old"])
        copy = self.folder / "copy"
        (copy / "old").write_text("otherwise")
        self.ftp("mirror", "--only-missing", self.url + "tree", copy)
        self.assertEqual((copy / "old").read_text(), "otherwise")
        self.assertEqual(names(copy), ["folder", "folder/inner", "new", "old"])
        (copy / "new").unlink()
        self.ftp("mirror", "--only-existing", "--ignore-time", self.url + "tree", copy)
        self.assertEqual((copy / "old").read_text(), "old")
        self.assertFalse((copy / "new").exists())
        # What is there already is no failure, nor is it fetched; what was fetched has gone from there.
        self.ftp("mirror", "--remove-source-files", self.url + "tree", copy)
        self.assertEqual((copy / "new").read_text(), "new")
        left = self.ftp("ls", "--names", self.url + "tree").stdout
        self.assertRegex(left, r"(?m)/old$")
        self.assertNotRegex(left, r"(?m)/new$")

    def test_folders_with_those_that_they_lie_in(self):
        made = self.ftp("-i", self.url, text="mkdir -p a/b/c a/b d && mkdir e f && find\n")
        self.assertIn("a/\na/b/\na/b/c/\nd/\ne/\nf/\n", made.stdout)
        (self.folder / "letter").write_text("x")
        self.ftp("put", self.folder / "letter", self.url + "letter")
        self.assertNotEqual(harness.staffetta("ftp", *self.options, self.url, text="mkdir -p letter/b\n").returncode, 0)

    def test_trees_at_the_prompt(self):
        tree = self.folder / "tree"
        for path, octets in (("a/b/one", 1000), ("a/two", 500), ("three.txt", 24)):
            (tree / path).parent.mkdir(parents=True, exist_ok=True)
            (tree / path).write_bytes(bytes(octets))
        self.ftp("mirror", "-R", tree, self.url + "tree")

        def at_the_prompt(*lines):
            # What a server says of its own accord, its welcome, goes to standard error.
            return self.ftp("-i", self.url + "tree", text="".join(line + "\n" for line in lines)).stdout

        self.assertIn("a/\na/b/\na/b/one\na/two\nthree.txt\n", at_the_prompt("find"))
        self.assertIn("three.txt\n", at_the_prompt("find -name *.txt"))
        self.assertNotIn("one", at_the_prompt("find -d 2"))
        self.assertRegex(at_the_prompt("find -l a"), r"(?m)^ +500  [0-9-]{10} [0-9:]{5} +a/two$")
        self.assertIn("5\n", at_the_prompt("find . |wc -l"))
        self.assertRegex(at_the_prompt("du -b"), r"(?m)^ +1000  a/b\n +1500  a\n +1524  \.$")
        self.assertRegex(at_the_prompt("du -s a"), r"(?m)^ +1\.5 KiB  a$")
        at_the_prompt("mv three.txt a/", "alias away rm -r", "away a/b")
        self.assertIn("a/\na/three.txt\na/two\n", at_the_prompt("find"))
        self.ftp("-i", self.url + "tree", text="rm -r ..\n", status=76)
        self.ftp("-i", self.url + "tree", text="rm a\n", status=66)

    def test_globs(self):
        for name in ("a1.txt", "a2.txt", "b.txt"):
            (self.folder / name).write_text(name)
            self.ftp("put", self.folder / name, self.url + name)
        into = self.folder / "into"
        into.mkdir()
        self.ftp("get", self.url + "a[0-9].*", "-o", into)
        self.assertEqual(sorted(os.listdir(into)), ["a1.txt", "a2.txt"])
        self.ftp("get", self.url + "{b,a2}.txt", "-o", into)
        self.assertEqual(sorted(os.listdir(into)), ["a1.txt", "a2.txt", "b.txt"])

    def test_statuses(self):
        self.ftp("get", self.url + "nothing-there", "-o", self.folder / "x", status=66)
        self.assertFalse((self.folder / "x").exists())
        self.ftp("put", self.folder / "nothing-here", self.url, status=66)
        self.ftp("get", status=64)
        self.ftp("get", "gopher://localhost/", status=64)


class Protected(OneShot):
    @property
    def options(self):
        return ["--tls", "required", "--cacert", str(self.server.certificate)]

    def test_mirror_of_a_thousand_files(self):
        tree = self.folder / "tree"
        make_tree(tree, files=1000)
        self.ftp("mirror", "-R", "-P", "4", tree, self.url + "tree")
        self.ftp("mirror", "-P", "4", self.url + "tree", self.folder / "copy")
        self.assertEqual(digest(tree), digest(self.folder / "copy"))

    def test_unproven_certificate(self):
        refused = harness.staffetta("ftp", "ls", self.url)
        self.assertEqual(refused.returncode, 77, refused.stderr)
        self.assertIn("--cacert FILE trusts the authority", refused.stderr)
        self.assertIn("--insecure", refused.stderr)
        self.assertEqual(harness.staffetta("ftp", "--insecure", "ls", self.url).returncode, 0)

    def test_debug_shows_the_dialogue_without_the_password(self):
        url = self.url.replace("ftp://", "ftp://anonymous:sesame@") if "@" not in self.url else self.url
        shown = self.ftp("-d", "ls", url).stderr
        self.assertIn("---> AUTH TLS\n", shown)
        self.assertIn("---> USER ", shown)
        self.assertIn("---> PROT P\n", shown)
        for secret in ("sesame", ftp_peers.PASSWORD, harness.PASSWORDS[harness.BOB]):
            self.assertNotIn(secret, shown)
