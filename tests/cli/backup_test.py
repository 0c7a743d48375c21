#!/usr/bin/env python3
"""A copy taken while mail comes in, brought back elsewhere: whole, consistent and sound."""

import pathlib
import sys
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from harness import BOB, Server, letter


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

            # Into the other installation, in place of its own store.
            target = other.folder / "data" / "store"
            other.admin("restore", copy, status=73 if target.exists() else 0)
            target.rename(other.folder / "old-store")
            other.admin("restore", copy)
            self.assertRegex(other.admin("check"), "^sound: ")
            other.start()
            restored = [message.split(b"\r\n\r\n", 1)[1].decode() for message in other.messages(BOB)]
            self.assertEqual(restored[:30], bodies[:30])
            self.assertEqual(restored[30:], sent_later[:len(restored) - 30])
            # Both go on by themselves.
            other.send(letter(body="afterwards\r\n"))
            self.assertEqual(len(other.messages(BOB)), len(restored) + 1)
            server.admin("backup", copy, status=73)


if __name__ == "__main__":
    unittest.main()
