#!/usr/bin/env python3
"""IMAP through the programs that people use: mutt at a terminal, offlineimap and getmail that fetch, imapfilter that sorts."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from harness import ALICE, BOB, EXPECT_S, PASSWORDS, SERVICES, ServerTest, letter, run

MESSAGES = 60


def crlf(text):
    return text.replace("\r\n", "\n").replace("\n", "\r\n").encode()


class ClientTest(ServerTest):
    options = "[auth]\nallow_plaintext = false\n"
    services = [*SERVICES, "imap", "imaps"]

    def setUp(self):
        super().setUp()
        self.folder = self.server.folder / self.id().rsplit(".", 1)[-1]
        self.folder.mkdir()

    def fill(self, count, mailbox="INBOX"):
        client = self.open_imap()
        for n in range(count):
            status, data = client.append(mailbox, r"(\Seen)" if n % 2 else None, None,
                                         crlf(letter(subject=f"message {n}", body=f"body {n}\nCafé\n" * (n + 1))))
            self.assertEqual(status, "OK", data)
        return client

    def subjects(self, client, mailbox="INBOX"):
        status, data = client.select(mailbox)
        self.assertEqual(status, "OK", data)
        if data == [b"0"]:
            return []
        status, data = client.fetch("1:*", "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
        self.assertEqual(status, "OK", data)
        return [item[1].decode().strip().removeprefix("Subject: ") for item in data if isinstance(item, tuple)]

    def run_here(self, *arguments, status=0, text=None):
        return self.assert_ran(run(*arguments, text=text, cwd=self.folder,
                                   environment={"HOME": str(self.folder), "TERM": "vt100"}), status)


class Mutt(ClientTest):
    def config(self):
        path = self.folder / "muttrc"
        path.write_text(f"""set certificate_file={self.server.certificate}
set ssl_starttls=yes
set ssl_force_tls=yes
set ssl_verify_host=no
set imap_user="{BOB}"
set imap_pass="{PASSWORDS[BOB]}"
set folder=imap://localhost:{self.server.ports['imap']}/
set spoolfile=+INBOX
set record=
set trash=
set header_cache={self.folder}/headers
set message_cachedir={self.folder}/bodies
set imap_condstore=yes
set imap_qresync=yes
set imap_idle=yes
set imap_poll_timeout={EXPECT_S}
set connect_timeout={EXPECT_S}
set timeout=1
set sleep_time=0
set delete=yes
set quit=yes
set move=no
set confirmappend=no
set confirmcreate=no
set wait_key=no
set sort=mailbox-order
set from={BOB}
""")
        return path

    def mutt(self, script):
        self.run_here("expect", "-", text=f"""
set timeout {EXPECT_S}
set stty_init "rows 40 cols 120"
proc await {{text status}} {{
    expect timeout {{ exit $status }} eof {{ exit [expr $status + 50] }} $text
}}
spawn mutt -F {self.config()}
{script}
expect timeout {{ exit 99 }} eof {{ exit 0 }}
""")

    def test_reads_marks_copies_and_deletes(self):
        client = self.fill(3)
        # It reads one, flags the next, saves the last elsewhere, and is told of one that comes meanwhile.
        self.mutt("""
await "message 2" 1
send "\\r"
await "body 0" 2
send "i"
send "jF"
await "!" 3
send "js"
send "\\025=Saved\\r"
await "D" 4
send "$"
await "message 1" 5
send "q"
""")
        self.assertEqual(self.subjects(client), ["message 0", "message 1"])
        self.assertEqual(client.search(None, "SEEN", "SUBJECT", "0")[1], [b"1"])
        self.assertEqual(client.search(None, "FLAGGED")[1], [b"2"])
        self.assertEqual(self.subjects(client, "Saved"), ["message 2"])
        # Once more, out of the caches, by QRESYNC.
        client.select()
        client.store("1", "+FLAGS.SILENT", r"(\Deleted)")
        client.expunge()
        self.server.send(letter(subject="another"))
        self.mutt("""
await "another" 11
send "\\r"
await "pickles" 12
send "q"
send "q"
""")
        client.select("Saved")
        client.close()
        client.delete("Saved")

    def test_hears_of_new_mail_while_it_waits(self):
        self.fill(1)
        self.mutt(f"""
await "message 0" 1
exec curl -sS --max-time {EXPECT_S} smtp://127.0.0.1:{self.server.ports['smtp']} --mail-from {ALICE} --mail-rcpt {BOB} -T {self.letter_file()}
await "told by IDLE" 2
send "q"
""")

    def letter_file(self):
        path = self.folder / "letter"
        path.write_bytes(crlf(letter(subject="told by IDLE")))
        return path


class Offlineimap(ClientTest):
    def sync(self):
        config = self.folder / "offlineimaprc"
        config.write_text(f"""[general]
accounts = bob
metadata = {self.folder}/metadata
socktimeout = {EXPECT_S}
[Account bob]
localrepository = near
remoterepository = far
[Repository near]
type = Maildir
localfolders = {self.folder}/mail
[Repository far]
type = IMAP
remotehost = localhost
remoteport = {self.server.ports['imaps']}
ssl = yes
sslcacertfile = {self.server.certificate}
remoteuser = {BOB}
remotepass = {PASSWORDS[BOB]}
folderfilter = lambda name: name in ['INBOX', 'Drafts']
""")
        said = self.run_here("offlineimap", "-c", config, "-o", "-u", "basic")
        self.assertNotRegex(said, "WARNING|ERROR")

    def test_to_and_fro(self):
        client = self.fill(MESSAGES)
        self.sync()
        inbox = self.folder / "mail" / "INBOX"
        near = sorted(path for name in ("cur", "new") for path in (inbox / name).iterdir())
        self.assertEqual(len(near), MESSAGES)
        self.assertEqual(sum(path.name.endswith(":2,S") for path in near), MESSAGES // 2)
        # on this side: a flag, a removal, a new message
        seen = [path for path in near if path.name.endswith(":2,S")]
        seen[0].rename(str(seen[0]).replace(":2,S", ":2,FS"))
        seen[1].unlink()
        (inbox / "new" / "1.test").write_text(letter(subject="from this side"))
        # and on that side
        client.select()
        client.store("1", "+FLAGS.SILENT", r"(\Deleted)")
        client.expunge()
        self.sync()
        self.assertEqual(sum(1 for name in ("cur", "new") for _ in (inbox / name).iterdir()), MESSAGES - 1)
        self.assertEqual(len(self.subjects(client)), MESSAGES - 1)
        self.assertIn("from this side", self.subjects(client))
        self.assertEqual(len(client.search(None, "FLAGGED")[1][0].split()), 1)
        # nothing is left to do
        self.sync()
        self.assertEqual(len(self.subjects(client)), MESSAGES - 1)


class Getmail(ClientTest):
    def get(self, delete):
        """Appends what it fetched to a file: into maildirs it does not deliver for root, as whom tests may run."""
        (self.folder / "getmailrc").write_text(f"""[retriever]
type = SimpleIMAPSSLRetriever
server = localhost
port = {self.server.ports['imaps']}
username = {BOB}
password = {PASSWORDS[BOB]}
mailboxes = ("INBOX",)
ca_certs = {self.server.certificate}
[destination]
type = MDA_external
path = /usr/bin/tee
arguments = ("-a", "{self.folder}/got")
allow_root_commands = true
[options]
delete = {delete}
read_all = false
delivered_to = false
received = false
""")
        self.run_here("getmail", "--getmaildir", self.folder)
        return (self.folder / "got").read_text()

    def test_fetches_and_deletes(self):
        client = self.fill(5)
        self.assertEqual(self.get(delete=False).count("Subject: message"), 5)
        self.server.send(letter(subject="another"))
        got = self.get(delete=True)
        self.assertEqual(got.count("Subject: message"), 5)
        self.assertEqual(got.count("Subject: another"), 1)
        self.assertEqual(got.count("Café"), 1 + 2 + 3 + 4 + 5)
        self.assertEqual(self.subjects(client), [])


class Imapfilter(ClientTest):
    def test_sorts(self):
        client = self.fill(6)
        config = self.folder / "config.lua"
        config.write_text(f"""options.timeout = {EXPECT_S}
options.certificates = true
options.create = true
options.subscribe = true
account = IMAP {{
    server = "localhost", port = {self.server.ports['imap']}, username = "{BOB}",
    password = "{PASSWORDS[BOB]}",
}}
odd = account.INBOX:contain_subject("message 1") + account.INBOX:contain_subject("message 3")
odd:move_messages(account["Odd/Ones"])
unseen = account.INBOX:is_unseen() * account.INBOX:contain_body("body 4")
unseen:mark_flagged()
account.INBOX:contain_subject("message 0"):copy_messages(account["Odd/Ones"])
account.INBOX:contain_subject("message 2"):delete_messages()
account:list_all()
account.INBOX:check_status()
""")
        self.run_here("imapfilter", "-c", config, "-t", self.server.certificate)
        self.assertEqual(sorted(self.subjects(client, "Odd/Ones")), ["message 0", "message 1", "message 3"])
        client.close()
        self.assertEqual(self.subjects(client), ["message 0", "message 4", "message 5"])
        self.assertEqual(client.search(None, "FLAGGED")[1], [b"2"])
        client.delete("Odd/Ones")
        client.delete("Odd")


if __name__ == "__main__":
    unittest.main()
