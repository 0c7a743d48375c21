"""Starts the real program for tests: a server in a folder of its own, on ports that the kernel chooses.

A test waits for events (a line of the log, the end of a process), never for time to pass; the limits
below only keep a broken run from hanging.
"""

import imaplib
import os
import pathlib
import poplib
import re
import shutil
import signal
import smtplib
import ssl
import subprocess
import sys
import tempfile
import threading
import unittest

from ports import PATIENCE_S  # with an event: two busy cores, a tenth as fast as yours, a sanitizer's build

PROGRAM = os.environ.get("STAFFETTA", "build/release/staffetta")
EXPECT_S = PATIENCE_S // 2  # with each event that a script of run() waits for: shorter than with the whole

DOMAINS = ["crepes.example", "hamburger.example"]
ALICE = "alice@crepes.example"
BOB = "bob@hamburger.example"
PASSWORDS = {ALICE: "do-you-like-ketchup", BOB: "how about pickles?"}

LISTENING = "0A"  # in /proc/net/tcp
SERVICES = ["smtp", "submission", "submissions", "lmtp", "pop3", "pop3s", "ftp", "ftps", "metrics"]


def keep_little_freed():
    """For tests that measure memory: a sanitizer's build keeps what is freed, from here on little enough of it to see
    what is not freed."""
    options = os.environ.get("ASAN_OPTIONS", "")
    os.environ["ASAN_OPTIONS"] = f"{options}:quarantine_size_mb=1:thread_local_quarantine_size_kb=64".lstrip(":")


def run(*arguments, text=None, environment=None, cwd=None):
    """Runs a program to its end; standard input is `text` or empty. A program that is missing fails the test."""
    if shutil.which(str(arguments[0])) is None:
        raise AssertionError(f"{arguments[0]} is not installed; scripts/test installs what the tests need")
    return subprocess.run(
        [str(a) for a in arguments], input=text or "", capture_output=True, text=True, cwd=cwd,
        timeout=PATIENCE_S, env={**os.environ, "LC_ALL": "C.UTF-8", **(environment or {})})


def staffetta(*arguments, text=None):
    return run(PROGRAM, *arguments, text=text)


class Server:
    """`with Server() as server:` runs one; server.ports["smtp"] and so on are its ports."""

    def __init__(self, services=SERVICES, options="", people=PASSWORDS, threads=0, listen_options="", tls_options=""):
        # Unix sockets have short names, so the folder must have one.
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="staffetta-", dir="/tmp"))
        self.config = self.folder / "staffetta.toml"
        self.certificate = self.folder / "cert.pem"
        self.people = people
        self.process = None
        self.arguments = []  # more of them for `staffetta serve`
        self.log = []
        self.ports = {}
        self.ready = threading.Event()
        self.log_grew = threading.Condition()
        listen = "".join(f'{s} = ["127.0.0.1:0"]\n' for s in services)
        self.write_certificate()
        self.config.write_text(
            f'hostname = "mail.hamburger.example"\ndata = "data"\n[listen]\n{listen}{listen_options}'
            f'[tls]\ncertificate = "cert.pem"\nkey = "key.pem"\n{tls_options}[limits]\nthreads = {threads}\n' + options)

    def write_certificate(self):
        for name in ("cert.pem", "key.pem"):
            (self.folder / name).unlink(missing_ok=True)
        made = run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                   "-keyout", self.folder / "key.pem", "-out", self.certificate, "-days", "30",
                   "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1")
        assert made.returncode == 0, made.stderr

    def add_people(self):
        for domain in DOMAINS:
            self.admin("domain", "add", domain)
        for address, password in self.people.items():
            self.admin("account", "add", address, "--password-stdin", text=password + "\n")

    def admin(self, *arguments, text=None, status=0):
        """An administration command, on the running server or its stopped store."""
        done = staffetta(*arguments, "--config", self.config, text=text)
        if done.returncode != status:
            raise AssertionError(f"{arguments}: status {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def start(self):
        self.ready.clear()
        self.ports = {}
        self.process = subprocess.Popen([PROGRAM, "serve", "--config", str(self.config), *self.arguments],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.reader = threading.Thread(target=self.read_log, args=(self.process,), daemon=True)
        self.reader.start()
        if not self.ready.wait(PATIENCE_S) or self.process.poll() is not None:
            raise AssertionError("the server did not start:\n" + "".join(self.log))
        return self

    def read_log(self, process):
        for line in process.stderr:
            with self.log_grew:
                self.log.append(line)
                self.log_grew.notify_all()
            listening = re.search(r" listening service=(\S+) address=(\S+):(\d+)", line)
            if listening:
                self.ports[listening[1]] = int(listening[3])
            if " ready" in line:
                self.ready.set()
        with self.log_grew:
            self.log_grew.notify_all()
        self.ready.set()  # it ended; start() says so

    def wait_for_log(self, pattern):
        """The first line of the log, now or later, that `pattern` matches."""
        def found():
            return next((line for line in self.log if re.search(pattern, line)), None)

        with self.log_grew:
            if not self.log_grew.wait_for(found, PATIENCE_S):
                raise AssertionError(f"never logged: {pattern}\n" + "".join(self.log))
            return found()

    def held(self):
        """What it holds of this system's: descriptors, and sockets that listen. The store's own files come and go with
        its housekeeping."""
        folder = pathlib.Path(f"/proc/{self.process.pid}")
        targets = []
        for descriptor in (folder / "fd").iterdir():
            try:
                targets.append(os.readlink(descriptor))
            except FileNotFoundError:
                pass  # closed meanwhile
        targets = [target for target in targets if "/data/store/" not in target]
        lines = (folder / "net/tcp").read_text().splitlines()[1:]
        listening = {f"socket:[{line.split()[9]}]" for line in lines if line.split()[3] == LISTENING}
        return len(targets), len(listening.intersection(targets))

    def stop(self):
        """Ends it gracefully; its exit status."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.wait()

    def kill(self):
        self.process.kill()
        return self.wait()

    def wait(self):
        status = self.process.wait(PATIENCE_S)
        self.reader.join(PATIENCE_S)
        self.process.stderr.close()
        self.process = None
        return status

    def __enter__(self):
        try:
            self.add_people()
            return self.start()
        except BaseException:
            self.__exit__(*sys.exc_info())
            raise

    def __exit__(self, kind, _value, _trace):
        if self.process is not None:
            try:
                self.stop()
            except subprocess.TimeoutExpired:
                self.process.kill()
        if kind is not None:
            sys.stderr.write("".join(self.log[-60:]))
        shutil.rmtree(self.folder, ignore_errors=True)

    # Clients of Python's own, for what a test needs besides the client that it is about.

    def tls(self):
        return ssl.create_default_context(cafile=self.certificate)

    def send(self, text, sender=ALICE, recipients=(BOB,)):
        with smtplib.SMTP("127.0.0.1", self.ports["smtp"], timeout=PATIENCE_S) as client:
            return client.sendmail(sender, recipients, text)

    def open_maildrop(self, user=BOB, utf8=False):
        drop = poplib.POP3_SSL("localhost", self.ports["pop3s"], timeout=PATIENCE_S, context=self.tls())
        if utf8:
            drop.utf8()
        drop.user(user)
        drop.pass_(self.people[user])
        return drop

    def open_imap(self, user=BOB):
        client = imaplib.IMAP4_SSL("localhost", self.ports["imaps"], timeout=PATIENCE_S, ssl_context=self.tls())
        client.login(user, self.people[user])
        return client

    def messages(self, user=BOB, utf8=False):
        """Every message of a maildrop, as octets; with `utf8` as a client gets them that said UTF8."""
        drop = self.open_maildrop(user, utf8)
        try:
            return [b"\r\n".join(drop.retr(n + 1)[1]) + b"\r\n" for n in range(drop.stat()[0])]
        finally:
            drop.quit()


class DnsServer:
    """`with DnsServer(zone) as dns:` runs tests/support/dns_server.py; dns.options makes a server ask it."""

    def __init__(self, zone):
        self.zone = zone

    def __enter__(self):
        self.file = tempfile.NamedTemporaryFile("w", suffix=".zone")
        self.file.write(self.zone)
        self.file.flush()
        program = pathlib.Path(__file__).with_name("dns_server.py")
        self.process = subprocess.Popen([program, self.file.name], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True)
        self.port = int(self.process.stdout.readline())
        self.options = f'[dns]\nservers = ["127.0.0.1:{self.port}"]\n'
        return self

    def questions(self):
        """Ends the server; what it was asked: "MX crepes.example"."""
        self.process.stdin.close()
        asked = self.process.stdout.read().splitlines()
        self.process.wait(PATIENCE_S)
        return asked

    def __exit__(self, _kind, _value, _trace):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(PATIENCE_S)
        self.file.close()


class ServerTest(unittest.TestCase):
    """One server for a class of tests; each test finds empty maildrops."""

    options = ""
    services = SERVICES

    @classmethod
    def setUpClass(cls):
        cls.server = Server(services=cls.services, options=cls.options).__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__(None, None, None)

    def setUp(self):
        for user in self.server.people:
            drop = self.server.open_maildrop(user)
            for number in range(drop.stat()[0]):
                drop.dele(number + 1)
            drop.quit()

    def open_imap(self, user=BOB):
        """Logged in; hung up after the test."""
        client = self.server.open_imap(user)
        self.addCleanup(client.shutdown)
        return client

    def assert_ran(self, done, status=0):
        self.assertEqual(done.returncode, status, done.stdout + done.stderr + "".join(self.server.log[-20:]))
        return done.stdout


def letter(subject="Ketchup", body="Do you like ketchup?\r\nHow about pickles?\r\n", sender=ALICE, recipient=BOB):
    return f"From: Alice <{sender}>\r\nTo: Bob <{recipient}>\r\nSubject: {subject}\r\n\r\n{body}"
