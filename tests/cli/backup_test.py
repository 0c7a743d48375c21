#!/usr/bin/env python3
"""A copy taken while mail comes in, brought back elsewhere: whole, consistent and sound."""

import os
import pathlib
import pwd
import re
import sys
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from harness import BOB, SERVICES, Server, letter, staffetta


def modes(folder):
    return {oct(path.stat().st_mode & 0o777) for path in [folder, *folder.rglob("*")]}


class Backup(unittest.TestCase):
    def test_while_the_server_is_loaded(self):
        with Server() as server, Server() as other:
            other.stop()
            bodies = ["x" * 70 + "\r\n" for _ in range(60)]
            bodies = [line * (1 + number * 40 % 1000) + f"{number}\r\n" for number, line in enumerate(bodies)]
            for body in bodies[:30]:
                server.send(letter(body=body))
            stop = threading.Event()
            sent_later = []

            def load():
                for body in bodies[30:]:
                    server.send(letter(body=body))
                    sent_later.append(body)
                    if stop.is_set():
                        return

            loader = threading.Thread(target=load)
            loader.start()
            copy = server.folder / "copy"
            server.admin("backup", copy)
            stop.set()
            loader.join()
            self.assertTrue(any(copy.iterdir()))
            self.assertEqual(modes(copy), {"0o700", "0o600"})

            # Into the other installation, in place of its own store.
            target = other.folder / "data" / "store"
            other.admin("restore", copy, status=73 if target.exists() else 0)
            target.rename(other.folder / "old-store")
            other.admin("restore", copy)
            self.assertEqual(modes(target), {"0o700", "0o600"})
            self.assertRegex(other.admin("check"), "^sound: ")
            other.start()
            restored = [message.split(b"\r\n\r\n", 1)[1].decode() for message in other.messages(BOB)]
            self.assertEqual(restored[:30], bodies[:30])
            self.assertEqual(restored[30:], sent_later[:len(restored) - 30])
            # Both go on by themselves.
            other.send(letter(body="afterwards\r\n"))
            self.assertEqual(len(other.messages(BOB)), len(restored) + 1)
            server.admin("backup", copy, status=73)

    def test_gives_no_uid_out_again(self):
        # What came behind the copy had UIDs and ids, which clients know: they are nobody else's afterwards.
        with Server(services=[*SERVICES, "imaps"]) as server:
            server.send(letter(body="before\r\n"))
            copy = server.folder / "copy"
            server.admin("backup", copy)
            server.send(letter(body="behind the copy\r\n"))
            old = self.status(server)
            server.stop()
            store = server.folder / "data" / "store"
            store.rename(server.folder / "old-store")
            # One that ended early has left no store, and its leavings are in nobody's way.
            server.admin("restore", copy / "files", status=65)
            self.assertFalse(store.exists())
            leavings = server.folder / "data" / "restoring" / "store"
            leavings.mkdir(parents=True, exist_ok=True)
            (leavings / "half").write_text("")
            server.admin("restore", copy)
            self.assertFalse(leavings.parent.exists())
            self.assertRegex(server.admin("check"), "^sound: ")
            server.start()
            server.send(letter(body="another\r\n"))
            new = self.status(server)
            self.assertGreater(new["UIDVALIDITY"], old["UIDVALIDITY"])
            self.assertGreater(new["HIGHESTMODSEQ"], old["HIGHESTMODSEQ"])
            self.assertEqual([body.split(b"\r\n\r\n", 1)[1] for body in server.messages(BOB)], [b"before\r\n", b"another\r\n"])

    def test_restore_goes_on_where_one_ended_early(self):
        with Server() as server:
            files = server.folder / "data" / "files"
            server.stop()
            (files / "accounts" / "1").mkdir(parents=True, exist_ok=True)
            (files / "accounts" / "1" / "a").write_text("whole")
            (files / "accounts" / "1" / "link").symlink_to("a")
            copy = server.folder / "copy"
            server.admin("backup", copy)
            store = server.folder / "data" / "store"
            store.rename(server.folder / "old-store")
            # Files that are there are somebody's.
            self.assertIn("accounts is not empty", server.admin("restore", copy, status=73))
            self.assertFalse((store.parent / "restoring").exists())
            # As if it had ended amid the files.
            (files / "accounts" / "1" / "a").write_text("ha")
            (store.parent / "restoring").mkdir()
            self.assertIn("restore that ended early", server.admin("check", status=75))
            self.assertFalse(store.exists())
            # What is no backup takes nothing of that away.
            server.admin("restore", server.folder / "typo", status=65)
            self.assertIn("restore that ended early", server.admin("check", status=75))
            server.admin("restore", copy)
            self.assertEqual((files / "accounts" / "1" / "a").read_text(), "whole")
            self.assertFalse((store.parent / "restoring").exists())
            self.assertRegex(server.admin("check"), "^sound: ")

    def status(self, server):
        client = server.open_imap(BOB)
        try:
            line = client.status("INBOX", "(UIDVALIDITY HIGHESTMODSEQ)")[1][0].decode()
        finally:
            client.logout()
        return {name: int(value) for name, value in re.findall(r"(\w+) (\d+)", line.split(" ", 1)[1])}

    def test_closes_a_folder_that_was_open(self):
        with Server() as server:
            copy = server.folder / "copy"
            copy.mkdir()
            copy.chmod(0o755)
            server.admin("backup", copy)
            self.assertEqual(modes(copy), {"0o700", "0o600"})
            # What holds something else keeps its mode.
            other = server.folder / "other"
            other.mkdir()
            (other / "file").touch()
            other.chmod(0o755)
            server.admin("backup", other, status=73)
            self.assertEqual(other.stat().st_mode & 0o777, 0o755)

    @unittest.skipUnless(os.geteuid() == 0, "only root becomes somebody else")
    def test_restored_by_root_belongs_to_the_servers_user(self):
        with Server() as server:
            server.stop()
            os.chmod(server.folder, 0o755)
            text = server.config.read_text()
            (server.folder / "data").rename(server.folder / "old")
            server.config.write_text(text.replace('data = "data"', 'user = "nobody"\ndata = "above/data"'))
            server_copy = server.folder / "copy"
            old = server.folder / "old.toml"
            old.write_text(text.replace('data = "data"', 'data = "old"'))
            made = staffetta("backup", server_copy, "--config", old)
            self.assertEqual(made.returncode, 0, made.stderr)
            # Root's alone: it says so and makes no store.
            self.assertIn("Permission denied", server.admin("restore", server_copy, status=77))
            nobody = pwd.getpwnam("nobody").pw_uid
            for path in [server_copy, *server_copy.rglob("*")]:
                os.chown(path, nobody, -1)
            server.admin("restore", server_copy)
            above = server.folder / "above"
            self.assertEqual({path.stat().st_uid for path in [above, *above.rglob("*")]}, {nobody})
            self.assertRegex(server.admin("check"), "^sound: ")
            server.start()


if __name__ == "__main__":
    unittest.main()
