#!/usr/bin/env python3
"""Administration on a stopped server's store and on a running server: the same commands, the same words."""

import pathlib
import poplib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from harness import ALICE, BOB, PASSWORDS, Server, letter


class Postmaster(unittest.TestCase):
    def test_a_server_without_one_says_so_at_start(self):
        with Server(people={}) as server:
            said = server.wait_for_log("nobody is postmaster")
            self.assertIn("staffetta account add NAME@crepes.example --administrator", said)
            server.admin("account", "add", ALICE, "--administrator", "--password-stdin", text="pickles\n")
            server.stop()
            server.log.clear()
            server.start()
            self.assertNotIn("nobody is postmaster", "".join(server.log))


class Both:
    """The tests; the two classes below run them on a running and on a stopped server."""

    running = True

    def setUp(self):
        self.server = Server()
        if self.running:
            self.server.__enter__()
        else:
            self.server.add_people()

    def tearDown(self):
        self.server.__exit__(None, None, None)

    def log_in(self, user, password):
        """On a server that runs, started for this if need be."""
        if not self.running:
            self.server.start()
        try:
            drop = poplib.POP3_SSL("localhost", self.server.ports["pop3s"], context=self.server.tls())
            drop.user(user)
            drop.pass_(password)
            count = drop.stat()[0]
            drop.quit()
            return count
        finally:
            if not self.running:
                self.server.stop()

    def test_mailboxes(self):
        admin = self.server.admin
        self.assertIn("Sent  0 messages, 0 unseen, 0B  sent\n", admin("mailbox", "list", BOB))
        admin("mailbox", "create", BOB, "Lists/c++")
        admin("mailbox", "rename", BOB, "Lists", "Post/Lists")
        self.assertIn("Post/Lists/c++  0 messages", admin("mailbox", "list", BOB))
        said = admin("mailbox", "acl", BOB, "Post/Lists", "--who", ALICE, "--rights", "lrs")
        self.assertIn(f"{ALICE}  lrs\n", said)
        self.assertIn(f"Other Users/{BOB}/Post/Lists  ", admin("mailbox", "list", ALICE))
        self.assertNotIn(ALICE, admin("mailbox", "acl", BOB, "Post/Lists", "--who", ALICE, "--rights=none"))
        admin("mailbox", "remove", BOB, "Post/Lists/c++")
        self.assertNotIn("c++", admin("mailbox", "list", BOB))
        self.assertIn("sound", admin("check"))

    def test_domains(self):
        self.server.admin("domain", "add", "Pickles.Example")
        self.assertEqual(self.server.admin("domain", "list").split(),
                         ["crepes.example", "hamburger.example", "pickles.example"])
        self.server.admin("domain", "remove", "pickles.example")
        self.assertNotIn("pickles", self.server.admin("domain", "list"))
        self.server.admin("domain", "remove", "pickles.example", status=67)

    def test_accounts(self):
        said = self.server.admin("account", "add", "green@crepes.example", "--name", "Green", "--quota", "1GiB",
                                 "--password-stdin", text="green's\n")
        self.assertEqual(said, "account green@crepes.example added\n")
        listed = self.server.admin("account", "list", "crepes.example").splitlines()
        self.assertEqual(listed, [ALICE, 'green@crepes.example  "Green"  quota 1GiB'])
        self.assertEqual(len(self.server.admin("account", "list").splitlines()), 3)
        self.assertEqual(self.log_in("green@crepes.example", "green's"), 0)
        self.server.admin("account", "set", "green@crepes.example", "--disable")
        with self.assertRaises(poplib.error_proto):
            self.log_in("green@crepes.example", "green's")
        self.server.admin("account", "set", "green@crepes.example", "--enable", "--quota", "0",
                          "--quota-messages", "500")
        self.assertIn("green@crepes.example  \"Green\"  at most 500 messages", self.server.admin("account", "list"))
        self.assertEqual(self.log_in("green@crepes.example", "green's"), 0)
        self.server.admin("account", "remove", "green@crepes.example")
        with self.assertRaises(poplib.error_proto):
            self.log_in("green@crepes.example", "green's")

    def test_shares(self):
        said = self.server.admin("share", "add", "team", "--quota", "10GiB")
        self.assertRegex(said, "^share team added; nobody sees it before")
        self.server.admin("share", "add", "team", status=73)
        self.server.admin("share", "add", "a/b", status=65)
        self.assertIn("view", self.server.admin("share", "grant", "team", BOB, "views", status=65))
        self.server.admin("share", "grant", "team", "nobody@crepes.example", "view", status=67)
        self.server.admin("share", "grant", "none", BOB, "view", status=67)
        self.assertEqual(self.server.admin("share", "grant", "team", BOB, "all"),
                         f"granted to {BOB} in share team, for / and what is below: everything\n")
        self.assertEqual(self.server.admin("share", "grant", "team", "@hamburger.example", "none"),
                         "granted to @hamburger.example in share team, for / and what is below: nothing\n")
        self.assertEqual(self.server.admin("share", "grant", "team", "@hamburger.example", "view"),
                         "granted to @hamburger.example in share team, for / and what is below: list, read\n")
        self.assertRegex(self.server.admin("share", "grant", "team", "anonymous", "drop", "--path", "incoming"),
                         "for /incoming and what is below: create\nthere is no folder /incoming in it yet")
        for path in ("..", "/a/../b", "incoming/.."):
            self.assertIn("leads up", self.server.admin("share", "grant", "team", BOB, "view", "--path", path, status=65))
        self.server.admin("share", "set", "team", "--max-files", "100")
        self.assertEqual(self.server.admin("share", "list").splitlines(),
                         ["team  quota 10GiB  at most 100 files",
                          "    /  @hamburger.example  list,read",
                          f"    /  {BOB}  all",
                          "    /incoming  anonymous  create"])
        self.server.admin("share", "revoke", "team", "anonymous", status=67)
        self.server.admin("share", "revoke", "team", "anonymous", "--path", "/incoming")
        self.server.admin("account", "remove", BOB)
        self.assertEqual(len(self.server.admin("share", "list").splitlines()), 2)
        self.assertIn("nothing is known", self.server.admin("trace", "/team/a", status=67))
        self.assertRegex(self.server.admin("check"), "^sound: .* 0 files of 0 octets")
        self.server.admin("share", "remove", "team")
        self.assertEqual(self.server.admin("share", "list"), "")
        (self.server.folder / "data/files/shares/team/left").write_bytes(bytes(3000))
        self.assertIn("its folder is not empty: 3000 octets in 1 file,", self.server.admin("share", "add", "team"))
        self.server.admin("share", "remove", "team")

    def test_new_password_counts_at_once(self):
        self.log_in(BOB, PASSWORDS[BOB])
        self.server.admin("account", "password", BOB, "--password-stdin", text="another\n")
        self.assertEqual(self.log_in(BOB, "another"), 0)
        with self.assertRaises(poplib.error_proto):
            self.log_in(BOB, PASSWORDS[BOB])

    def test_lists(self):
        admin, team = self.server.admin, "team@crepes.example"
        self.assertEqual(admin("list", "add", team, "--description", "The team"), f"list {team} added\n")
        admin("list", "add", team, status=73)
        admin("list", "add", "team-owner@crepes.example", status=73)
        admin("list", "add", "x@crepes.example", "--posting", "everybody", status=65)
        self.assertEqual(admin("list", "join", team, ALICE, BOB, "smith@foo.example"), f"3 members joined {team}\n")
        self.assertIn("green@foo.example never joined",
                      admin("list", "leave", team, "smith@foo.example", "green@foo.example", status=67))
        admin("list", "join", team, ALICE, status=73)
        admin("list", "join", team, "nobody@crepes.example", status=67)
        self.assertEqual(admin("list", "join", team, BOB, "--owner"), f"1 owner joined {team}\n")
        self.assertEqual(admin("list", "members", team).split(), [ALICE, "smith@foo.example", BOB])
        self.assertEqual(admin("list", "members", team, "--owner"), BOB + "\n")
        (self.server.folder / "members").write_text(f"# the team\n{ALICE}\nJones <jones@foo.example>\n")
        for _ in range(2):
            self.assertEqual(admin("list", "import", team, self.server.folder / "members"),
                             f"2 members joined {team}\n")
        admin("list", "leave", team, "smith@foo.example", "jones@foo.example")
        described = f'{team}  "The team"  owners may post  https://crepes.example/leave\n'
        self.assertEqual(admin("list", "set", team, "--posting", "owners", "--unsubscribe-url",
                               "https://crepes.example/leave"), described)
        self.assertEqual(admin("list", "show", team), described + "2 members, 1 owner\n")
        self.assertEqual(admin("list", "list"), described)
        self.assertIn("lists", admin("domain", "remove", "crepes.example", status=75))
        admin("list", "remove", team)
        self.assertEqual(admin("list", "list", "crepes.example"), "")
        self.assertIn("sound", admin("check"))

    def test_alias_file(self):
        folder = self.server.folder
        (folder / "friends").write_text("# who they are\nbob@hamburger.example\nsmith@foo.example, carl\n")
        (folder / "aliases").write_text(
            "# as Debian has it\npostmaster: root\nroot: alice\n"
            f"friends: :include:{folder}/friends\ncarl: alice,\n  smith@foo.example\n"
            "ticket: |/usr/bin/ticket, alice\narchive: /var/mail/archive\n"
            "bob: \\bob\nround: about\nabout: round\n: nobody\n"
            f"loop: :include:{folder}/loop\n")
        (folder / "loop").write_text(f":include:{folder}/loop\nalice\n")
        said = self.server.admin("alias", "import", folder / "aliases", "--domain", "crepes.example", status=65)
        for sentence in ("ticket: mail is not given to programs: |/usr/bin/ticket",
                         "archive: mail is not written to files: /var/mail/archive",
                         "aliases:12: no name and colon", "loop includes itself",
                         "bob@crepes.example: bob@crepes.example would be its own member",
                         "6 aliases taken, 3 refused\n"):
            self.assertIn(sentence, said)
        self.assertEqual(self.server.admin("alias", "show", "friends@crepes.example").split(),
                         [BOB, "smith@foo.example", "carl@crepes.example"])
        self.assertEqual(self.server.admin("alias", "show", "postmaster@crepes.example"), "root@crepes.example\n")
        self.server.admin("alias", "import", folder / "aliases", "--domain", "nowhere.example", status=67)

    def test_aliases(self):
        self.server.admin("alias", "set", "all@hamburger.example", BOB, ALICE)
        self.assertEqual(self.server.admin("alias", "show", "all@hamburger.example").split(), [BOB, ALICE])
        self.server.admin("alias", "set", "all@hamburger.example", BOB)
        self.assertEqual(self.server.admin("alias", "show", "all@hamburger.example").split(), [BOB])
        self.assertEqual(self.server.admin("alias", "list", "hamburger.example").split(),
                         ["all@hamburger.example", BOB])
        self.server.admin("alias", "remove", "all@hamburger.example")
        self.assertEqual(self.server.admin("alias", "list", "hamburger.example"), "")
        self.server.admin("alias", "show", "all@hamburger.example", status=67)

    def test_check_is_sound(self):
        self.assertRegex(self.server.admin("check"), r"^sound: \d+ records, 0 blobs")


class Running(Both, unittest.TestCase):
    def test_alias_and_trace_of_a_message(self):
        self.server.admin("alias", "set", "@hamburger.example", BOB)
        self.server.send(letter().replace("Subject", "Message-ID: <one@crepes.example>\r\nSubject"),
                         recipients=["anybody@hamburger.example", "bob+list@hamburger.example"])
        self.assertEqual(len(self.server.messages()), 1)
        # QUIT does not wait for the note of what was fetched; a change that was asked for later comes later.
        self.server.admin("domain", "add", "pickles.example")
        said = self.server.admin("trace", "<one@crepes.example>")
        for kind in ("accepted", "stored", "fetched"):
            self.assertIn(kind, said)
        queue_id = said.split()[0]
        self.assertEqual(self.server.admin("trace", queue_id).split()[0], queue_id)
        self.assertRegex(self.server.admin("check"), r"^sound: \d+ records, 1 blobs")

    def test_control_socket_is_private(self):
        socket = self.server.folder / "data" / "control.sock"
        self.assertEqual(socket.stat().st_mode & 0o077, 0)


class Stopped(Both, unittest.TestCase):
    running = False


if __name__ == "__main__":
    unittest.main()
