#!/usr/bin/env python3
"""fetchmail takes Bob's mail away over POP3 and hands it to a program."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from harness import BOB, PASSWORDS, ServerTest, letter, run


class Fetchmail(ServerTest):
    def fetch(self, service, tls, status=0):
        home = self.server.folder / f"fetchmail-{service}"
        home.mkdir(exist_ok=True)
        config = home / "fetchmailrc"
        config.write_text(f"""poll localhost service {self.server.ports[service]} proto pop3 auth password
    user "{BOB}" password "{PASSWORDS[BOB]}" {tls} sslcertck sslcertfile {self.server.certificate}
    mda "cat >> {home}/taken"
""")
        config.chmod(0o600)
        done = run("fetchmail", "-f", config, "--nosyslog", "--nodetach", "-v", "--pidfile", home / "pid", "-i",
                   home / "ids", environment={"FETCHMAILHOME": str(home), "HOME": str(home)})
        self.assert_ran(done, status)
        return home / "taken"

    def test_takes_and_deletes(self):
        for service, tls in (("pop3", "sslproto tls1.2+"), ("pop3s", "ssl")):
            with self.subTest(service):
                for number in range(3):
                    self.server.send(letter(subject=f"number {number}"))
                taken = self.fetch(service, tls).read_text()
                self.assertEqual([f"Subject: number {n}" in taken for n in range(3)], [True] * 3)
                self.assertEqual(self.server.messages(), [])

    def test_empty_maildrop_is_status_1(self):
        self.fetch("pop3s", "ssl", status=1)


if __name__ == "__main__":
    unittest.main()
