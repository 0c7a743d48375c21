#!/usr/bin/env python3
"""Signals and systemd: a graceful stop, certificates reloaded, readiness told, privileges given up."""

import base64
import ftplib
import io
import json
import os
import pathlib
import pwd
import signal
import smtplib
import socket
import ssl
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from harness import ALICE, BOB, PASSWORDS, PATIENCE_S, PROGRAM, Server, letter


def certificate_of(server):
    with socket.create_connection(("127.0.0.1", server.ports["pop3s"]), timeout=PATIENCE_S) as plain:
        with ssl._create_unverified_context().wrap_socket(plain) as secure:
            return ssl.DER_cert_to_PEM_cert(secure.getpeercert(binary_form=True))


class Signals(unittest.TestCase):
    def test_sigterm_finishes_what_is_in_flight(self):
        with Server() as server:
            busy = smtplib.SMTP("127.0.0.1", server.ports["smtp"], timeout=PATIENCE_S)
            busy.ehlo()
            busy.mail(ALICE)
            busy.rcpt(BOB)
            self.assertEqual(busy.docmd("DATA")[0], 354)
            busy.send(b"Subject: in flight\r\n\r\nhalf of it\r\n")
            idle = socket.create_connection(("127.0.0.1", server.ports["pop3"]), timeout=PATIENCE_S)
            lines = idle.makefile("rb")
            self.assertTrue(lines.readline().startswith(b"+OK"))
            server.process.send_signal(signal.SIGTERM)
            self.assertTrue(lines.readline().startswith(b"-ERR [SYS/TEMP]"))
            self.assertEqual(lines.readline(), b"")
            busy.send(b"the other half\r\n.\r\n")
            self.assertEqual(busy.getreply()[0], 250)
            self.assertEqual(busy.getreply()[0], 421)
            busy.close()
            lines.close()
            idle.close()
            self.assertEqual(server.wait(), 0)
            server.start()
            (message,) = server.messages()
            self.assertIn(b"half of it\r\nthe other half\r\n", message)

    def test_sighup_reloads_the_certificate(self):
        with Server() as server:
            first = server.certificate.read_text()
            self.assertEqual(certificate_of(server), first)
            server.write_certificate()
            second = server.certificate.read_text()
            self.assertNotEqual(second, first)
            server.process.send_signal(signal.SIGHUP)
            server.wait_for_log("certificates reloaded")
            self.assertEqual(certificate_of(server), second)
            server.certificate.write_text("damaged\n")
            server.process.send_signal(signal.SIGHUP)
            server.wait_for_log("certificates not reloaded")
            self.assertEqual(certificate_of(server), second)

    def test_sighup_opens_the_transfer_log_anew(self):
        with Server(services=["ftp"], options='[auth]\nallow_plaintext = true\n[ftp]\ntransfer_log = "xferlog"\n') as server:
            log, old = server.folder / "xferlog", server.folder / "xferlog.1"
            with ftplib.FTP() as client:
                client.connect("localhost", server.ports["ftp"], timeout=60)
                client.login(BOB, PASSWORDS[BOB])
                client.storbinary("STOR one", io.BytesIO(b"1"))
                log.rename(old)
                server.process.send_signal(signal.SIGHUP)
                server.wait_for_log("routes and relay settings reloaded")
                client.storbinary("STOR two", io.BytesIO(b"2"))
            self.assertIn("/one ", old.read_text())
            self.assertNotIn("/two ", old.read_text())
            self.assertIn("/two ", log.read_text())

    def test_a_certificate_that_changes_is_reloaded_by_itself(self):
        server = Server()
        server.config.write_text(server.config.read_text().replace("[tls]\n", '[tls]\ncheck_every = "1s"\n'))
        with server:
            first = certificate_of(server)
            server.write_certificate()
            server.wait_for_log("certificates reloaded")
            self.assertNotEqual(certificate_of(server), first)
            self.assertEqual(certificate_of(server), server.certificate.read_text())

    def test_systemd_is_told(self):
        server = Server()
        path = str(server.folder / "notify")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
            listener.bind(path)
            listener.settimeout(PATIENCE_S)
            os.environ["NOTIFY_SOCKET"] = path
            try:
                with server:
                    self.assertIn(b"READY=1", listener.recv(4096))
                    server.process.send_signal(signal.SIGTERM)
                    self.assertIn(b"STOPPING=1", listener.recv(4096))
            finally:
                del os.environ["NOTIFY_SOCKET"]

    def test_sockets_from_systemd(self):
        server = Server(services=[])
        server.add_people()
        server.config.write_text(server.config.read_text().replace("[listen]\n", '[listen]\nsmtp = ["systemd:mail"]\n'))
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen()
            server.ports["smtp"] = listener.getsockname()[1]
            # What systemd does: the socket as descriptor 3, and LISTEN_PID that of the program.
            script = (f"import os; os.dup2({listener.fileno()}, 3); os.set_inheritable(3, True); "
                      "os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS='1', LISTEN_FDNAMES='mail'); "
                      f"os.execv({PROGRAM!r}, [{PROGRAM!r}, 'serve', '--config', {str(server.config)!r}])")
            process = subprocess.Popen([sys.executable, "-c", script], pass_fds=[listener.fileno()],
                                       stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                server.send(letter())  # waits in the queue of the socket until the program is ready
            finally:
                process.send_signal(signal.SIGTERM)
                self.assertEqual(process.wait(PATIENCE_S), 0)
        server.__exit__(None, None, None)

    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_root_becomes_the_user(self):
        server = Server()
        server.config.write_text('user = "nobody"\n' + server.config.read_text())
        os.chmod(server.folder, 0o755)
        with server:
            nobody = pwd.getpwnam("nobody").pw_uid
            status = pathlib.Path(f"/proc/{server.process.pid}/status").read_text()
            self.assertIn(f"Uid:\t{nobody}\t{nobody}\t{nobody}\t{nobody}", status)
            server.send(letter())
            self.assertEqual(len(server.messages()), 1)


class Watching(unittest.TestCase):
    def test_trace_peer_shows_the_dialogue_and_no_password(self):
        server = Server()
        server.add_people()
        process = subprocess.Popen([PROGRAM, "serve", "--config", server.config, "--trace-peer", "127.0.0.1"],
                                   stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        try:
            server.reader = None
            for line in process.stderr:
                if "service=submissions" in line:
                    server.ports["submissions"] = int(line.rsplit(":", 1)[1].split()[0])
                if " ready" in line:
                    break
            with smtplib.SMTP_SSL("localhost", server.ports["submissions"], context=server.tls()) as client:
                client.login(ALICE, server.people[ALICE])
            process.send_signal(signal.SIGTERM)
            text = process.stderr.read()
            self.assertEqual(process.wait(PATIENCE_S), 0)
        finally:
            process.kill()
            process.stderr.close()
            server.__exit__(None, None, None)
        self.assertRegex(text, r"(?m)^\w+ C: (?i:ehlo) ")
        self.assertRegex(text, r"(?m)^\w+ S: 235 ")
        self.assertNotIn(server.people[ALICE], text)
        secret = base64.b64encode(f"\0{ALICE}\0{server.people[ALICE]}".encode()).decode()
        self.assertNotIn(secret, text)

    def test_logs_as_json(self):
        server = Server(options='[log]\nformat = "json"\n')
        process = subprocess.Popen([PROGRAM, "serve", "--config", server.config], stdin=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE, text=True)
        try:
            events = []
            for line in process.stderr:
                events.append(json.loads(line)["event"])
                if events[-1] == "ready":
                    break
            self.assertIn("listening", events)
        finally:
            process.send_signal(signal.SIGTERM)
            process.stderr.read()
            process.wait(PATIENCE_S)
            process.stderr.close()
            server.__exit__(None, None, None)


if __name__ == "__main__":
    unittest.main()
