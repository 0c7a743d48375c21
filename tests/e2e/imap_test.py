#!/usr/bin/env python3
"""IMAP through real clients: Python's imaplib command by command, curl, two-way sync with mbsync, and what phones do."""

import base64
import imaplib
import pathlib
import re
import shutil
import socket
import sys
import threading
import unittest
import zlib

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from harness import ALICE, BOB, EXPECT_S, PASSWORDS, PATIENCE_S, SERVICES, ServerTest, keep_little_freed, letter, run

MESSAGES = 1000  # that mbsync carries to and fro


class ImapTest(ServerTest):
    options = "[auth]\nallow_plaintext = true\n"
    services = [*SERVICES, "imap", "imaps"]

    def ok(self, answer):
        status, data = answer
        self.assertEqual(status, "OK", data)
        return data


class Imaplib(ImapTest):
    def test_starttls_and_login(self):
        client = imaplib.IMAP4("localhost", self.server.ports["imap"], timeout=PATIENCE_S)
        self.assertIn("STARTTLS", client.capabilities)
        self.ok(client.starttls(self.server.tls()))
        self.assertNotIn("STARTTLS", client.capabilities)
        self.ok(client.authenticate("PLAIN", lambda _: f"\0{BOB}\0{PASSWORDS[BOB]}".encode()))
        client.logout()

    def test_wrong_password(self):
        client = imaplib.IMAP4("localhost", self.server.ports["imap"], timeout=PATIENCE_S)
        with self.assertRaisesRegex(imaplib.IMAP4.error, "AUTHENTICATIONFAILED"):
            client.login(BOB, "wrong")
        client.logout()

    def test_message_arrives_whole(self):
        body = "".join(f"line {n}\r\n" for n in range(20000))
        self.server.send(letter(body=body))
        client = self.open_imap()
        self.assertEqual(self.ok(client.select()), [b"1"])
        (_, message), _ = self.ok(client.fetch("1", "(BODY.PEEK[])"))
        self.assertTrue(message.endswith(body.encode()), message[-200:])
        self.assertEqual(self.server.messages(), [message])
        # POP3 has set \Seen, and that news may come with the answer.
        answered = self.ok(client.fetch("1", "(BODY.PEEK[TEXT]<5.4>)"))
        self.assertEqual([item[1] for item in answered if isinstance(item, tuple)], [b"0\r\nl"])

    def test_mailboxes(self):
        client = self.open_imap()
        listed = b"\n".join(self.ok(client.list()))
        for use in (b"\\Drafts", b"\\Sent", b"\\Junk", b"\\Trash", b"\\Archive"):
            self.assertIn(use, listed)
        self.ok(client.create("Rezepte/K&APw-che"))
        self.ok(client.rename("Rezepte", "Recipes"))
        self.assertIn(b'"/" Recipes/K&APw-che', b"\n".join(self.ok(client.list('""', "Recipes*"))))
        self.ok(client.subscribe("Recipes"))
        self.assertEqual(client.status("Nowhere", "(MESSAGES)")[0], "NO")
        self.ok(client.delete("Recipes/K&APw-che"))
        self.ok(client.delete("Recipes"))

    def test_append_store_copy_move_expunge(self):
        client = self.open_imap()
        self.ok(client.create("Work"))
        for n in range(3):
            data = self.ok(client.append("Work", r"(\Flagged)", '"17-Jul-1996 02:44:25 -0700"',
                                         letter(subject=f"note {n}").replace("\n", "\r\n").encode()))
            self.assertRegex(data[0], rb"APPENDUID \d+ %d" % (n + 1))
        self.assertEqual(self.ok(client.select("Work")), [b"3"])
        self.assertEqual(self.ok(client.fetch("2", "(INTERNALDATE FLAGS)"))[0],
                         b'2 (INTERNALDATE "17-Jul-1996 09:44:25 +0000" FLAGS (\\Flagged \\Recent))')
        self.assertEqual(self.ok(client.store("1:2", "+FLAGS", r"(\Seen $Later)")),
                         [b"1 (FLAGS (\\Flagged \\Seen $Later \\Recent))",
                          b"2 (FLAGS (\\Flagged \\Seen $Later \\Recent))"])
        self.assertEqual(self.ok(client.search(None, "KEYWORD", "$Later")), [b"1 2"])
        self.ok(client.copy("1", "Trash"))
        self.ok(client.store("2", "+FLAGS.SILENT", r"(\Deleted)"))
        self.assertEqual(self.ok(client.expunge()), [b"2"])
        self.ok(client.uid("MOVE", "3", "Trash"))
        self.assertEqual(self.ok(client.uid("SEARCH", "ALL")), [b"1"])
        self.ok(client.close())
        self.assertEqual(self.ok(client.select("Trash")), [b"2"])
        self.ok(client.store("1:*", "+FLAGS.SILENT", r"(\Deleted)"))
        self.ok(client.close())
        self.ok(client.delete("Work"))

    def test_search(self):
        client = self.open_imap()
        for subject, text in (("Ketchup", "red"), ("Pickles", "green"), ("=?UTF-8?Q?Caf=C3=A9?=", "black")):
            self.server.send(letter(subject=subject, body=text + "\r\n"))
        self.assertEqual(self.ok(client.select()), [b"3"])
        self.assertEqual(self.ok(client.search(None, "SUBJECT", "PICK")), [b"2"])
        self.assertEqual(self.ok(client.search(None, "BODY", "black")), [b"3"])
        client.literal = "CAFÉ".encode()
        self.assertEqual(self.ok(client.search("UTF-8", "SUBJECT")), [b"3"])
        self.assertEqual(self.ok(client.search(None, "NOT", "OR", "TEXT", "red", "TEXT", "green")), [b"3"])

    def test_big_append_is_refused_before_it_is_sent(self):
        client = self.open_imap()
        client.send(b"x1 APPEND INBOX {99000000}\r\n")
        self.assertRegex(client.readline(), rb"x1 NO \[TOOBIG\]")
        self.ok(client.noop())

    def test_a_hungry_fetch_lets_others_in(self):
        """Decoding a part two hundred times takes its time, but not everybody's."""
        line = base64.b64encode(b"A" * 57).decode() + "\r\n"
        part = "Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n" + line * 100_000
        hungry = self.open_imap()
        self.ok(hungry.append("INBOX", None, None, f"MIME-Version: 1.0\r\n{part}".encode()))
        self.ok(hungry.select())
        others = [self.open_imap() for _ in range(6)]  # on every thread
        items = " ".join(f"BINARY.PEEK[1]<{5_699_000 + n}.1>" for n in range(190))
        self.assertEqual(len(self.ok(hungry.fetch("1", "(BINARY.SIZE[1])"))), 1)
        fed = threading.Event()

        def fetch():
            hungry.fetch("1", f"({items})")
            fed.set()

        eater = threading.Thread(target=fetch)
        eater.start()
        rounds = 0
        while not fed.is_set():
            for other in others:
                self.ok(other.noop())
            rounds += 1
        eater.join()
        self.assertGreater(rounds, 3)

    def test_fields_of_a_header_beyond_its_bound(self):
        """CATENATE (RFC 4469) chooses fields of a header that it holds: of a MiB at most."""
        client = self.open_imap()

        def catenated(section, filling):
            message = f"Subject: long\r\nX-Filling: {filling}\r\n\r\nbody\r\n".encode()
            uid = re.search(r"APPENDUID \d+ (\d+)", self.ok(client.append("Drafts", None, None, message))[0].decode())[1]
            return client._simple_command("APPEND", "Trash", "CATENATE", f'(URL "/Drafts/;UID={uid}/;SECTION={section}")')

        fields = "HEADER.FIELDS%20(SUBJECT)"
        filling = "\r\n ".join(["a" * 900] * 1100)
        self.ok(catenated(fields, filling))
        status, said = catenated(fields, filling * 2)
        self.assertEqual(status, "NO")
        self.assertIn(b"BADURL", said[0])
        self.ok(catenated("HEADER", filling * 2))
        self.ok(client.select("Trash"))
        self.assertEqual(self.ok(client.fetch("1", "BODY[]"))[0][1], b"Subject: long\r\n\r\n")


class Idle(ImapTest):
    @classmethod
    def setUpClass(cls):
        keep_little_freed()
        super().setUpClass()

    def setUp(self):
        super().setUp()
        self.socket = socket.create_connection(("127.0.0.1", self.server.ports["imap"]), PATIENCE_S)
        self.addCleanup(self.socket.close)
        self.lines = self.socket.makefile("rb")
        self.lines.readline()

    def say(self, text):
        self.socket.sendall(text.encode())

    def hear(self, pattern):
        """Lines up to one that matches."""
        heard = b""
        while True:
            line = self.lines.readline()
            heard += line
            if not line or re.match(pattern.encode(), line):
                self.assertTrue(line, heard)
                return heard

    def test_delivery_is_told(self):
        self.say(f'a LOGIN {BOB} "{PASSWORDS[BOB]}"\r\nb SELECT INBOX\r\nc IDLE\r\n')
        self.hear(r"\+ ")
        self.server.send(letter())
        self.hear(r"\* 1 EXISTS")
        other = self.open_imap()
        other.select()
        other.store("1", "+FLAGS", r"(\Flagged \Deleted)")
        self.hear(r"\* 1 FETCH .*\\Flagged \\Deleted")
        other.expunge()
        self.hear(r"\* 1 EXPUNGE")
        self.say("DONE\r\nd NOOP\r\n")
        self.hear("c OK")
        self.hear("d OK")

    def test_a_phone_pipelines_amid_idle(self):
        self.say(f'a LOGIN {BOB} "{PASSWORDS[BOB]}"\r\nb SELECT INBOX\r\nc IDLE\r\nDONE\r\nd IDLE\r\nDONE\r\n'
                 "e UID FETCH 1:* FLAGS\r\nf IDLE\r\nDONE\r\ng LOGOUT\r\n")
        heard = self.hear("g OK")
        self.assertEqual(re.findall(rb"^(\w) OK", heard, re.M), [b"a", b"b", b"c", b"d", b"e", b"f", b"g"])

    def test_stop_says_goodbye(self):
        self.say(f'a LOGIN {BOB} "{PASSWORDS[BOB]}"\r\nb SELECT INBOX\r\nc IDLE\r\n')
        self.hear(r"\+ ")
        self.server.stop()
        self.hear(r"\* BYE")
        self.server.start()

    def test_sixty_connections_of_one_person(self):
        clients = [socket.create_connection(("127.0.0.1", self.server.ports["imap"]), PATIENCE_S) for _ in range(60)]
        readers = [client.makefile("rb") for client in clients]
        for client in clients:
            self.addCleanup(client.close)
            client.sendall(f'a LOGIN {BOB} "{PASSWORDS[BOB]}"\r\nb SELECT INBOX\r\nc IDLE\r\n'.encode())
        for lines in readers:
            self.assertTrue(any(line.startswith(b"+ ") for line in lines))
        # What the command line brings, all of them are told.
        source = self.server.folder / "brought"
        for name in ("cur", "new", "tmp"):
            (source / name).mkdir(parents=True)
        (source / "new" / "1.test").write_text(letter())
        self.server.admin("import", source, "--account", BOB)
        for lines in readers:
            self.assertRegex(lines.readline(), rb"\* 1 EXISTS")

    def test_what_unfolds_without_end(self):
        """RFC 4978: 200 KB become a line of 200 MB, and half a MB a message of 40; the server holds neither."""
        deflate, inflate = zlib.compressobj(9, zlib.DEFLATED, -15), zlib.decompressobj(-15)

        def say(octets):
            self.socket.sendall(deflate.compress(octets) + deflate.flush(zlib.Z_SYNC_FLUSH))

        def hear(pattern):
            heard = b""
            while not re.search(pattern, heard, re.M):
                octets = self.socket.recv(1 << 16)
                self.assertTrue(octets, heard)
                heard += inflate.decompress(octets)
            return heard

        self.say(f'a LOGIN {BOB} "{PASSWORDS[BOB]}"\r\nb COMPRESS DEFLATE\r\n')
        self.hear("b OK")
        status = pathlib.Path(f"/proc/{self.server.process.pid}")
        (status / "clear_refs").write_text("5")
        before = self.memory_mib(status)
        say(b"(" * 200_000_000 + b"\r\nc NOOP\r\n")
        self.assertRegex(hear(b"^c OK"), rb"\* BAD the line is too long")
        say(b"d APPEND Drafts {40000000+}\r\n" + b"a" * 40_000_000 + b"\r\n")
        hear(rb"^d OK \[APPENDUID")
        self.assertLess(self.memory_mib(status) - before, 64)

    @staticmethod
    def memory_mib(status):
        """What it has needed at most since it was last asked to forget."""
        return int(re.search(r"VmHWM:\s+(\d+)", (status / "status").read_text()).group(1)) / 1024


class Curl(ImapTest):
    def curl(self, *arguments):
        return self.assert_ran(run("curl", "-sS", "--max-time", EXPECT_S, "--cacert", self.server.certificate, "-u",
                                   f"{BOB}:{PASSWORDS[BOB]}", *arguments))

    def test_reads_searches_and_uploads(self):
        self.server.send(letter())
        url = f"imaps://localhost:{self.server.ports['imaps']}"
        self.assertIn("Do you like ketchup?", self.curl(f"{url}/INBOX;MAILINDEX=1"))
        self.assertIn("Subject: Ketchup", self.curl(f"{url}/INBOX;MAILINDEX=1;SECTION=HEADER"))
        self.assertEqual(self.curl(f"{url}/INBOX?SUBJECT%20ketchup").split(), ["*", "SEARCH", "1"])
        draft = self.server.folder / "draft"
        draft.write_bytes(letter(subject="draft").replace("\n", "\r\n").encode())
        self.curl(f"{url}/Drafts", "-T", draft)
        self.assertIn("Subject: draft", self.curl(f"{url}/Drafts;MAILINDEX=1"))
        self.assertIn("INBOX", self.curl(f"imap://localhost:{self.server.ports['imap']}/", "--ssl-reqd"))


class Mbsync(ImapTest):
    def write_config(self):
        folder = self.server.folder / "sync"
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "local").mkdir(parents=True)
        config = folder / "mbsyncrc"
        config.write_text(f"""IMAPAccount bob
Host localhost
Port {self.server.ports['imaps']}
User {BOB}
Pass "{PASSWORDS[BOB]}"
SSLType IMAPS
Timeout {EXPECT_S}
CertificateFile {self.server.certificate}
SystemCertificates no

IMAPStore far
Account bob

MaildirStore near
Path {folder}/local/
Inbox {folder}/local/INBOX
SubFolders Verbatim

Channel all
Far :far:
Near :near:
Patterns INBOX Recipes
Create Both
Expunge Both
SyncState *
""")
        return config, folder / "local"

    def sync(self, config):
        self.assert_ran(run("mbsync", "-c", config, "-a", environment={"HOME": str(self.server.folder)}))

    def test_to_and_fro(self):
        config, local = self.write_config()
        client = self.open_imap()
        message = letter().replace("\n", "\r\n").encode()
        for n in range(10):  # one command, a tenth of the messages
            parts = b"".join(b" (\\Seen) {%d+}\r\n%s" % (len(message) + 5, message + b"%03d\r\n" % i)
                             for i in range(MESSAGES // 10))
            client.send(b"m%d APPEND INBOX%s\r\n" % (n, parts))
            self.assertRegex(client.readline(), rb"m%d OK \[APPENDUID" % n)
        self.sync(config)
        near = sorted((local / "INBOX" / "cur").iterdir())
        self.assertEqual(len(near), MESSAGES)
        # Marks, removals and a new folder on this side
        near[0].rename(str(near[0]).replace(":2,S", ":2,FS"))
        for path in near[1:11]:
            path.rename(str(path).replace(":2,S", ":2,ST"))
        for name in ("cur", "new", "tmp"):
            (local / "Recipes" / name).mkdir(parents=True)
        for n in range(100):
            (local / "Recipes" / "new" / f"{n}.test").write_text(letter(subject=f"recipe {n}"))
        self.sync(config)
        self.assertEqual(self.ok(client.select()), [str(MESSAGES - 10).encode()])
        self.assertEqual(len(self.ok(client.search(None, "FLAGGED"))[0].split()), 1)
        self.assertEqual(self.ok(client.select("Recipes")), [b"100"])
        # and on that side
        self.ok(client.store("1:50", "+FLAGS.SILENT", r"(\Deleted)"))
        self.ok(client.expunge())
        self.sync(config)
        self.assertEqual(sum(1 for name in ("cur", "new") for _ in (local / "Recipes" / name).iterdir()), 50)
        self.ok(client.unselect())
        self.ok(client.delete("Recipes"))

    def test_pushes_a_thousand_and_fetches_them_again(self):
        config, local = self.write_config()
        recipes = local / "Recipes"
        for name in ("cur", "new", "tmp"):
            (recipes / name).mkdir(parents=True)
        texts = set()
        for n in range(MESSAGES):
            text = letter(subject=f"recipe {n}", body=f"pickles {n}\r\n" * (n % 50)).replace("\r\n", "\n")
            texts.add(text)
            (recipes / "cur" / f"{n}.test:2,{'FRS'[:n % 4]}").write_text(text)
        self.sync(config)
        client = self.open_imap()
        self.assertEqual(self.ok(client.select("Recipes")), [str(MESSAGES).encode()])
        for key, count in (("FLAGGED", 750), ("ANSWERED", 500), ("SEEN", 250)):
            self.assertEqual(len(self.ok(client.search(None, key))[0].split()), count)
        self.ok(client.store("1:100", "-FLAGS.SILENT", r"(\Flagged)"))
        self.ok(client.unselect())
        # A new machine fetches all of it.
        shutil.rmtree(local)
        local.mkdir()
        self.sync(config)
        again = [path for name in ("cur", "new") for path in (recipes / name).iterdir()]
        self.assertEqual(len(again), MESSAGES)
        self.assertEqual({re.sub(r"^X-TUID:.*\n", "", path.read_text(), flags=re.M) for path in again}, texts)
        flagged = sum("F" in path.name.partition(":2,")[2] for path in again)
        self.assertEqual(flagged, len(self.flagged(client)))
        self.ok(client.unselect())
        self.ok(client.delete("Recipes"))

    def flagged(self, client):
        self.ok(client.select("Recipes"))
        return self.ok(client.search(None, "FLAGGED"))[0].split()


if __name__ == "__main__":
    unittest.main()
