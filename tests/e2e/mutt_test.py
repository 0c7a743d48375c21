#!/usr/bin/env python3
"""mutt sends through submission and reads the maildrop over POP3, driven through a terminal by expect."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from harness import ALICE, BOB, EXPECT_S, PASSWORDS, ServerTest, letter, run



def quoted(user):
    return user.replace("@", "%40")


class Mutt(ServerTest):
    def config(self, text):
        (self.server.folder / "Mail").mkdir(exist_ok=True)  # else it asks whether to make it
        path = self.server.folder / "muttrc"
        path.write_text(f"""set certificate_file={self.server.certificate}
set ssl_starttls=yes
set ssl_force_tls=yes
set ssl_verify_host=no
set header_cache=
set connect_timeout={EXPECT_S}
set record=
set message_cachedir=
set sleep_time=0
set move=no
set delete=yes
set quit=yes
set wait_key=no
set sort=mailbox-order
{text}
""")
        return path

    def test_sends(self):
        config = self.config(f"""set from={ALICE}
set smtp_url=smtp://{quoted(ALICE)}@localhost:{self.server.ports['submission']}/
set smtp_pass="{PASSWORDS[ALICE]}"
set smtp_authenticators=plain
""")
        self.assert_ran(run("mutt", "-F", config, "-s", "from mutt", BOB, text="Do you like ketchup?\n",
                            environment={"HOME": str(self.server.folder)}))
        (message,) = self.server.messages()
        self.assertIn(b"Subject: from mutt", message)

    def test_reads_and_deletes(self):
        self.server.send(letter(subject="Ketchup and pickles"))
        self.server.send(letter(subject="Another"))
        config = self.config(f"""set pop_pass="{PASSWORDS[BOB]}"
set pop_delete=yes
set pop_authenticators=user
""")
        script = f"""
set timeout {EXPECT_S}
set stty_init "rows 40 cols 120"
spawn mutt -F {config} -f pops://{quoted(BOB)}@localhost:{self.server.ports['pop3s']}/
expect timeout {{ exit 2 }} eof {{ exit 3 }} "Ketchup and pickles"
send "\\r"
expect timeout {{ exit 4 }} eof {{ exit 5 }} "How about pickles?"
send "d"
send "q"
expect timeout {{ exit 6 }} eof {{ exit 7 }} "Another"
send "q"
expect timeout {{ exit 8 }} eof {{ exit 0 }}
"""
        done = run("expect", "-", text=script, environment={"HOME": str(self.server.folder), "TERM": "vt100"})
        self.assert_ran(done)
        (left,) = self.server.messages()
        self.assertIn(b"Subject: Another", left)


if __name__ == "__main__":
    unittest.main()
