#!/usr/bin/env python3
"""A disk that others have filled: new mail and files are refused, what is stored is read, and deleting works.

The disk is a small one in memory, mounted in a namespace of this process; where the machine allows no
namespaces the test is passed over.
"""

import ftplib
import io
import os
import pathlib
import smtplib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from harness import BOB, PASSWORDS, PATIENCE_S, Server, letter, run

INSIDE = "STAFFETTA_TEST_NAMESPACE"


def fill(folder, name="of-others"):
    """Takes every octet that is free; the file that has them."""
    path = folder / name
    with open(path, "wb") as file:
        piece, end = 1 << 24, 0
        while piece >= 4096:
            try:
                os.posix_fallocate(file.fileno(), end, piece)
                end += piece
            except OSError:
                piece //= 2
    return path


class FullDisk(unittest.TestCase):
    def setUp(self):
        self.server = Server(options="[auth]\nallow_plaintext = true\n")
        data = self.server.folder / "data"
        data.mkdir(mode=0o700)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400m,mode=700", "none", data], check=True)
        self.addCleanup(subprocess.run, ["umount", data], check=True)
        self.addCleanup(self.server.__exit__, None, None, None)
        self.disk = data
        self.server.add_people()
        self.server.start()

    def assert_waits(self):
        with self.assertRaises(smtplib.SMTPDataError) as refused:
            self.server.send(letter("Too much"))
        self.assertEqual(refused.exception.smtp_code, 452)
        self.assertTrue(refused.exception.smtp_error.startswith(b"4.3.1 "), refused.exception.smtp_error)

    def test_deleting_works_and_mail_flows_again(self):
        for number in range(3):
            self.server.send(letter(f"Ketchup {number}"))
        others = fill(self.disk)
        self.assert_waits()
        self.assertEqual(len(self.server.messages()), 3)
        drop = self.server.open_maildrop()
        for number in range(3):
            drop.dele(number + 1)
        drop.quit()
        self.server.wait_for_log("the disk is full; its ballast is given up")
        self.assertEqual(self.server.messages(), [])
        self.assert_waits()
        others.unlink()
        self.server.send(letter("Pickles"))
        (message,) = self.server.messages()
        self.assertIn(b"Subject: Pickles\r\n", message)
        self.assertIn("sound: ", self.server.admin("check"))
        self.server.admin("account", "remove", BOB)

    def test_what_gives_its_ballast_up_too_stops_and_starts(self):
        self.server.send(letter("Ketchup"))
        self.server.send(letter("Pickles"))
        others = [fill(self.disk)]
        drop = self.server.open_maildrop()
        drop.dele(1)
        drop.quit()
        self.server.wait_for_log("the disk is full; its ballast is given up")
        others.append(fill(self.disk, "of-yet-others"))
        self.assert_waits()
        self.assertEqual(self.server.stop(), 0)
        self.server.start()
        self.assertEqual(len(self.server.messages()), 1)
        self.assert_waits()
        for path in others:
            path.unlink()
        self.server.send(letter("Mustard"))
        self.assertEqual(len(self.server.messages()), 2)

    def ftp(self):
        client = ftplib.FTP(timeout=PATIENCE_S)
        self.addCleanup(client.close)
        client.connect("127.0.0.1", self.server.ports["ftp"])
        client.login(BOB, PASSWORDS[BOB])
        client.voidcmd("TYPE I")
        return client

    def test_an_upload_ends_in_452_and_leaves_nothing(self):
        client = self.ftp()
        client.storbinary("STOR menu", io.BytesIO(b"pickles"))
        connection = client.transfercmd("STOR menu")
        connection.sendall(b"x" * 100_000)
        others = fill(self.disk)
        with self.assertRaises((ftplib.error_temp, OSError)) as refused, connection:
            for _ in range(1000):
                connection.sendall(b"x" * 100_000)
            connection.close()
            client.voidresp()
        if isinstance(refused.exception, OSError):  # the server closed before all was sent
            with self.assertRaises(ftplib.error_temp) as refused:
                client.voidresp()
        self.assertRegex(str(refused.exception), "^452 ")
        with self.assertRaises(ftplib.error_temp) as refused:
            client.storbinary("STOR other", io.BytesIO(b"x" * 100_000))
        self.assertRegex(str(refused.exception), "^452 ")
        self.assertEqual(client.nlst(), ["menu"])
        uploads = self.disk / "files" / "uploads"
        self.assertEqual([path for path in uploads.rglob("*") if path.is_file()], [])
        others.unlink()
        client.storbinary("STOR other", io.BytesIO(b"x" * 100_000))
        octets = io.BytesIO()
        client.retrbinary("RETR menu", octets.write)
        self.assertEqual((octets.getvalue(), client.size("other")), (b"pickles", 100_000))


if __name__ == "__main__":
    if INSIDE not in os.environ:
        if run("unshare", "-Urm", "true").returncode != 0:
            print("skipped: this machine allows no namespaces of one's own")
            sys.exit(77)
        os.environ[INSIDE] = "1"
        os.execvp("unshare", ["unshare", "-Urm", sys.executable, *sys.argv])
    unittest.main()
