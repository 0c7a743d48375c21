#!/usr/bin/env python3
"""Bad input over FTP: every case has its reply, and leaves no descriptors, ports, partial files or memory behind."""

import contextlib
import ftplib
import io
import pathlib
import random
import re
import selectors
import signal
import socket
import ssl
import struct
import subprocess
import sys
import time
import unittest
import zlib

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from harness import BOB, PASSWORDS, PATIENCE_S, Server, keep_little_freed, run

QUOTA = 16 << 20
# A client that is killed amid an upload: the kernel ends its connections in good order, by their numbers.
KILLED = """
import ftplib, os, signal, sys
port, user, password, count, first = sys.argv[1:]
client = ftplib.FTP()
client.connect("127.0.0.1", int(port))
client.login(user, password)
client.voidcmd("TYPE I")
connection = client.transfercmd("STOR kept")
if first == "data":
    os.dup2(client.sock.fileno(), 900)
    client.file.close()
    client.sock.close()
print("begun", flush=True)
sys.stdin.readline()
connection.sendall(b"x" * int(count))
os.kill(os.getpid(), signal.SIGKILL)
"""
PORT_KEPT_S = 2  # between two transfers


class Session(ftplib.FTP):
    """Logged in, in TYPE I."""

    def __init__(self, server, source="127.0.0.1"):
        super().__init__(timeout=PATIENCE_S, source_address=(source, 0))
        self.connect("127.0.0.1", server.ports["ftp"])
        self.login(BOB, PASSWORDS[BOB])
        self.voidcmd("TYPE I")

    def reply(self):
        """The next reply's code, whatever it is."""
        return self.getmultiline()[:3]

    def ask(self, command):
        self.putcmd(command)
        return self.reply()

    def passive_port(self):
        return int(re.search(r"\|\|\|(\d+)\|", self.sendcmd("EPSV"))[1])

    def cut(self):
        self.file.close()  # which keeps the socket open
        reset(self.sock)

    def names(self):
        return sorted(self.nlst())


def dial(port, source="127.0.0.1"):
    return socket.create_connection(("127.0.0.1", port), PATIENCE_S, (source, 0))


def is_turned_away(port, source):
    """Is the connection closed without an octet? The reset may be faster than connect()."""
    try:
        with dial(port, source) as connection:
            return is_closed(connection)
    except ConnectionRefusedError:
        return False  # nobody listens
    except ConnectionResetError:
        return True


def reset(connection):
    """Closes with RST."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def is_closed(connection):
    """Waits for the end; nothing may come before it."""
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


class Battered(unittest.TestCase):
    """A server that must be as it was after each test."""

    @classmethod
    def setUpClass(cls):
        keep_little_freed()
        cls.server = Server(
            services=["ftp", "ftps"], threads=1,
            options=f'[auth]\nallow_plaintext = true\n[files]\nquota = "{QUOTA // 1024}KiB"\n').__enter__()
        client = Session(cls.server)
        client.storbinary("STOR first", io.BytesIO(bytes(100_000)))  # the thread's pipe stays
        client.storbinary("STOR first", io.BytesIO(b"first"))
        client.quit()

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__(None, None, None)

    def setUp(self):
        self.before = self.server.held()
        self.addCleanup(self.assert_nothing_left)

    def session(self):
        client = Session(self.server)
        self.addCleanup(client.close)
        return client

    def assert_nothing_left(self):
        """At once, or after as many round trips as the server needs to see that its peers are gone."""
        for _ in range(3000):
            if self.server.held() <= self.before:
                break
            Session(self.server).quit()
        self.assertLessEqual(self.server.held(), self.before)
        uploads = self.server.folder / "data/files/uploads"
        self.assertEqual([path for path in uploads.rglob("*") if path.is_file()], [])
        self.assertFalse([line for line in self.server.log if "bug in" in line])


class Hostile(Battered):
    def test_passive_ports_for_ever(self):
        client = self.session()
        for _ in range(500):
            self.assertRegex(client.sendcmd("PASV"), "^227 ")
            client.passive_port()
        self.assertLessEqual(self.server.held()[1], self.before[1] + 1)
        client.close()

    def test_a_connection_from_elsewhere(self):
        client = self.session()
        client.storbinary("STOR secret", io.BytesIO(b"secret"))
        port = client.passive_port()
        self.assertTrue(is_turned_away(port, "127.0.0.2"))
        self.assertEqual(client.ask("RETR secret"), "150")
        with dial(port) as mine:
            self.assertEqual(mine.recv(100), b"secret")
        self.assertEqual(client.reply(), "226")
        client.close()

    def test_a_port_is_told_again(self):
        client = self.session()
        client.storbinary("STOR often", io.BytesIO(b"often"))

        def fetch():
            port = client.passive_port()
            with dial(port) as mine:
                self.assertEqual(client.ask("RETR often"), "150")
                self.assertEqual(mine.recv(100), b"often")
            self.assertEqual(client.reply(), "226")
            return port

        def soon(before, *then):
            """What `then` give right behind `before`. A port is kept for two seconds: where we took longer it is as well
            that it is gone, and all of it is done again."""
            while True:
                port, begun = before(), time.monotonic()
                outcomes = [step(port) for step in then]
                if time.monotonic() - begun < PORT_KEPT_S:
                    return port, outcomes

        def probed():
            port, [again, turned_away] = soon(fetch, lambda _: fetch(), lambda port: is_turned_away(port, "127.0.0.1"))
            self.assertEqual(again, port)
            self.assertTrue(turned_away, "nobody is expected between two transfers")
            return port

        def aborted():
            port, [again] = soon(fetch, lambda _: client.passive_port())
            self.assertEqual(again, port)
            self.assertEqual(client.ask("ABOR"), "225")
            return port

        # Another port is one of 16384: by chance the same, but not twice.
        self.assertTrue(any(probed() != fetch() for _ in range(2)))
        self.assertTrue(any(aborted() != client.passive_port() for _ in range(2)))
        client.close()

    def test_a_port_closes_soon_after_the_transfer(self):
        client = self.session()
        client.storbinary("STOR once", io.BytesIO(b"once"))
        for _ in range(1_000_000):
            if self.server.held()[1] <= self.before[1]:
                break
            client.voidcmd("NOOP")
        self.assertEqual(self.server.held()[1], self.before[1])
        client.close()

    def test_an_upload_that_never_ends(self):
        client = self.session()
        with client.transfercmd("STOR endless") as connection:
            try:
                for _ in range(2 * QUOTA // 65536):
                    connection.sendall(bytes(65536))
            except OSError:
                pass  # as soon as the server has had enough
            self.assertEqual(client.reply(), "552")
        self.assertNotIn("endless", client.names())
        client.close()

    def test_a_megabyte_of_blank_lines(self):
        for login in (b"", f"USER {BOB}\r\nPASS {PASSWORDS[BOB]}\r\n".encode()):
            for end in (b"\r\n", b"\n", b"\0\r\n"):
                with self.subTest(login=login, end=end), dial(self.server.ports["ftp"]) as connection:
                    connection.sendall(login)
                    try:
                        connection.sendall(end * ((1 << 20) // len(end)))
                    except OSError:
                        pass  # closed before all was sent
                    said = b""
                    try:
                        while octets := connection.recv(65536):
                            said += octets
                    except ConnectionResetError:
                        continue  # what was not read meanwhile took the reply with it
                    self.assertRegex(said, b"421 [^\r]*\r\n$")

    def test_a_line_without_an_end(self):
        with dial(self.server.ports["ftp"]) as connection:
            connection.sendall(b"x" * (1 << 20) + b"\r\nQUIT\r\n")
            said = connection.makefile("rb").read()
        self.assertRegex(said, b"^220 [^\r]*\r\n500 [^\r]*\r\n221 [^\r]*\r\n$")

    def test_an_abort_behind_each_octet(self):
        client = self.session()
        client.storbinary("STOR whole", io.BytesIO(b"whole"))
        for count in range(24):
            with self.subTest(count), client.transfercmd("STOR whole") as connection:
                connection.sendall(b"x" * count)
                self.assertEqual(client.ask("ABOR"), "426")
                self.assertEqual(client.reply(), "226")
        self.assertEqual(client.size("whole"), 5)
        client.close()

    def test_a_connection_that_breaks_behind_each_octet(self):
        dialogue = f"USER {BOB}\r\nPASS {PASSWORDS[BOB]}\r\nTYPE I\r\nEPSV\r\nSTOR never\r\nABOR\r\n".encode()
        for count in range(len(dialogue)):
            connection = dial(self.server.ports["ftp"])
            connection.sendall(dialogue[:count])
            reset(connection)
        client = self.session()
        self.assertNotIn("never", client.names())
        client.close()

    def test_an_upload_whose_client_breaks_off(self):
        for count in (0, 1, 1000, 100_000):
            for cut in ("data", "control", "both"):
                with self.subTest(count=count, cut=cut):
                    client = Session(self.server)
                    connection = client.transfercmd("STOR never")
                    connection.sendall(b"x" * count)
                    if cut != "data":
                        client.cut()
                    if cut != "control":
                        reset(connection)
                    if cut == "data":
                        self.assertEqual(client.reply(), "426")
                    if cut == "control":
                        self.assertTrue(is_closed(connection))
                    client.close()
                    connection.close()
        client = self.session()
        self.assertNotIn("never", client.names())
        client.close()

    def kill_amid_upload(self, count, first):
        """The server stands still meanwhile: it finds the octets and both ends, as where they come in one moment. A client
        that loses its processor between the two ends looks like one that has sent all it had."""
        arguments = [self.server.ports["ftp"], BOB, PASSWORDS[BOB], count, first]
        with subprocess.Popen([sys.executable, "-c", KILLED, *map(str, arguments)],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as killed:
            self.assertEqual(killed.stdout.readline(), "begun\n")
            self.server.process.send_signal(signal.SIGSTOP)
            try:
                killed.stdin.write("go on\n")
                killed.stdin.flush()
                self.assertEqual(killed.wait(PATIENCE_S), -signal.SIGKILL)
            finally:
                self.server.process.send_signal(signal.SIGCONT)

    def test_a_client_that_is_killed(self):
        client = self.session()
        client.storbinary("STOR kept", io.BytesIO(b"whole"))
        for count in (1, 1000, 100_000):
            for first in ("control", "data"):
                with self.subTest(count=count, first=first):
                    for _ in range(4):
                        self.kill_amid_upload(count, first)
                        while client.sendcmd("SITE WHO").count("\n") > 2:
                            pass
                        stored = io.BytesIO()
                        client.retrbinary("RETR kept", stored.write)
                        self.assertEqual(stored.getvalue(), b"whole")
        client.delete("kept")
        client.close()

    def test_a_client_that_says_quit_and_no_more(self):
        """printf 'STOR said\r\nQUIT\r\n' | nc, with the data behind it."""
        client = self.session()
        port = client.passive_port()
        with dial(port) as connection:
            client.sock.sendall(b"STOR said\r\nQUIT\r\n")
            client.sock.shutdown(socket.SHUT_WR)
            self.assertEqual(client.reply(), "150")
            connection.sendall(b"whole")
        self.assertEqual([client.reply(), client.reply()], ["226", "221"])
        after = self.session()
        self.assertEqual(after.size("said"), 5)
        after.delete("said")
        after.close()
        client.close()

    def test_two_clients_store_one_name(self):
        clients = [self.session(), self.session()]
        bodies = [b"a" * 300_000, b"b" * 200_000]
        for order in ((0, 1), (1, 0)):
            connections = [client.transfercmd("STOR shared") for client in clients]
            for connection, body in zip(connections, bodies):
                connection.sendall(body[:100_000])
            for turn in order:
                connections[turn].sendall(bodies[turn][100_000:])
                connections[turn].close()
                self.assertEqual(clients[turn].reply(), "226")
            stored = io.BytesIO()
            clients[0].retrbinary("RETR shared", stored.write)
            self.assertEqual(stored.getvalue(), bodies[order[1]])
        for client in clients:
            client.close()

    def test_markers_whose_replies_nobody_reads(self):
        """RFC 959 3.5: a 110 for each; who does not read them is not read from either."""
        client = self.session()
        client.voidcmd("MODE B")
        connection = client.transfercmd("STOR marked")
        markers = b"\x10\x00\x01m" * 250_000
        with self.assertRaises(TimeoutError):
            connection.settimeout(5)
            for _ in range(20):
                connection.sendall(markers)
        client.cut()
        reset(connection)
        client.close()

    def test_deflates_worst(self):
        """A file that takes DEFLATE seconds at level 9 and nearly nothing on the wire: others have their turn meanwhile."""
        client, other = self.session(), self.session()
        body = bytes(random.Random(1).choices(b"ab", k=QUOTA // 32))
        client.storbinary("STOR first", io.BytesIO(body))
        client.voidcmd("OPTS MODE Z LEVEL 9")
        client.voidcmd("MODE Z")
        with client.transfercmd("RETR first") as connection, selectors.DefaultSelector() as ready:
            ready.register(connection, selectors.EVENT_READ)
            inflater, fetched, answered = zlib.decompressobj(), b"", 0
            while not inflater.eof:
                other.voidcmd("NOOP")
                answered += 1
                if ready.select(0):
                    fetched += inflater.decompress(connection.recv(1 << 16))
        self.assertEqual(fetched, body)
        self.assertEqual(client.reply(), "226")
        self.assertGreater(answered, 50)
        client.voidcmd("MODE S")
        client.storbinary("STOR first", io.BytesIO(b"first"))
        client.close()
        other.close()

    def test_memory(self):
        """A session that stayed would take more than its 8 KiB, round after round. What allocators keep for later comes
        to an end: after a few rounds, and after dozens of them in a sanitizer's build."""
        def resident_kib():
            status = pathlib.Path(f"/proc/{self.server.process.pid}/status").read_text()
            return int(re.search(r"VmRSS:\s+(\d+)", status)[1])

        resident = []
        for _ in range(100):
            for _ in range(100):
                client = Session(self.server)
                connection = client.transfercmd("STOR never")
                connection.sendall(b"x" * 10_000)
                client.cut()
                reset(connection)
                client.close()
            resident.append(resident_kib())
            if len(resident) > 3 and resident[-1] - resident[-4] < 300 * 8:
                return
        self.fail(f"resident KiB after each hundred sessions: {resident}")


class Unanswered(Battered):
    """Peers that are waited for in vain. Nobody is in time by less than minutes: what is stored was stored before the
    server became so impatient, and each transfer is one that it gives up."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        client = Session(cls.server)
        client.storbinary("STOR kept", io.BytesIO(b"kept"))
        client.storbinary("STOR much", io.BytesIO(bytes(12 << 20)))
        client.quit()
        cls.server.stop()
        text = cls.server.config.read_text().replace("[limits]\n", 'handshake_timeout = "3s"\n[limits]\n')
        cls.server.config.write_text(text + '[ftp]\nconnect_timeout = "3s"\nstall_timeout = "3s"\n')
        cls.server.start()
        client = Session(cls.server)
        with client.transfercmd("STOR first") as connection:
            connection.sendall(bytes(100_000))
        client.reply()  # in time or not: the thread's pipe stays
        client.quit()

    def test_a_client_that_never_connects(self):
        client = self.session()
        for command in ("RETR kept", "STOR kept", "LIST"):
            client.passive_port()
            self.assertEqual(client.ask(command), "150")
            self.assertEqual(client.reply(), "425")
        self.assertEqual(client.size("kept"), 4)
        client.close()

    def test_an_upload_that_stops(self):
        client = self.session()
        with client.transfercmd("STOR stopped") as connection:
            connection.sendall(b"x" * 100_000)
            self.assertEqual(client.reply(), "426")
            self.assertEqual(client.ask("SIZE stopped"), "550")
        client.close()

    def test_a_client_that_reads_nothing(self):
        client = self.session()
        with client.transfercmd("RETR much"):
            self.assertEqual(client.reply(), "426")
        client.close()

    def test_a_handshake_that_does_not_end(self):
        hello = self.client_hello()
        for sent in (b"", hello[:1], hello[:len(hello) // 2], b"GET / HTTP/1.1\r\n\r\n"):
            for vanish in (False, True):
                with self.subTest(sent=sent[:10], vanish=vanish):
                    connection = dial(self.server.ports["ftp"])
                    connection.recv(1000)
                    connection.sendall(b"AUTH TLS\r\n")
                    self.assertRegex(connection.recv(1000), b"^234 ")
                    connection.sendall(sent)
                    if not vanish:
                        while not is_closed(connection):
                            pass  # an alert comes first where the handshake failed
                    reset(connection)

    def client_hello(self):
        """The first octets of a handshake."""
        inward, outward = ssl.MemoryBIO(), ssl.MemoryBIO()
        with self.assertRaises(ssl.SSLWantReadError):
            self.server.tls().wrap_bio(inward, outward, server_hostname="localhost").do_handshake()
        return outward.read()

    def test_a_data_connection_without_its_handshake(self):
        client = ftplib.FTP_TLS(context=self.server.tls(), timeout=PATIENCE_S)
        self.addCleanup(client.close)
        client.connect("localhost", self.server.ports["ftp"])
        client.login(BOB, PASSWORDS[BOB])
        client.prot_p()
        hello = self.client_hello()
        for sent in (b"", hello[:7], hello, b"not TLS at all"):
            for vanish in (False, True):
                with self.subTest(sent=sent[:10], vanish=vanish):
                    host, port = client.makepasv()
                    client.putcmd("STOR never")
                    self.assertRegex(client.getmultiline(), "^150")
                    connection = socket.create_connection((host, port))
                    connection.sendall(sent)
                    if vanish:
                        reset(connection)
                    self.assertRegex(client.getmultiline(), "^425")
                    connection.close()
        client.close()


def free_port():
    """One that the kernel gives nobody by itself, as it may any above."""
    first = int(pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    for port in random.sample(range(first // 2, first), first // 2):
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise unittest.SkipTest("no port is free")


class FewPorts(unittest.TestCase):
    """Fewer ports than threads: whoever has a port keeps it from nobody else."""

    def test_each_address_has_its_connection(self):
        port = free_port()
        with contextlib.ExitStack() as ends, \
                Server(services=["ftp"], threads=2, options='[auth]\nallow_plaintext = true\n'
                       f'[ftp]\npassive_ports = "{port}-{port}"\n') as server:
            sources = [f"127.0.0.{number}" for number in range(1, 9)]
            clients = [Session(server, source) for source in sources]
            for client in clients:
                ends.callback(client.close)
            self.assertEqual({client.passive_port() for client in clients}, {port})
            for client, source in zip(clients, sources):
                with dial(port, source) as mine:
                    self.assertEqual(client.ask("NLST"), "150")
                    self.assertEqual(mine.recv(100), b"")
                self.assertEqual(client.reply(), "226")
                client.close()


class FullDisk(unittest.TestCase):
    """Files on a disk of their own, which is soon full."""

    RESERVE = 128 << 20  # disk_reserve, at its least
    SIZE = 12 << 20      # beyond that

    def setUp(self):
        self.server = Server(services=["ftp", "ftps"], options='[auth]\nallow_plaintext = true\n[files]\nroot = "disk"\n')
        self.disk = self.server.folder / "disk"
        self.disk.mkdir()
        mounted = run("mount", "-t", "tmpfs", "-o", f"size={self.RESERVE + self.SIZE}", "tmpfs", self.disk)
        if mounted.returncode != 0:
            self.skipTest("only root mounts")
        self.addCleanup(run, "umount", "-l", self.disk)
        self.enterContext(self.server)
        self.client = Session(self.server)
        self.addCleanup(self.client.close)
        self.client.storbinary("STOR first", io.BytesIO(b"first"))

    def assert_nothing_is_damaged(self):
        stored = io.BytesIO()
        self.client.retrbinary("RETR first", stored.write)
        self.assertEqual(stored.getvalue(), b"first")
        self.assertEqual(self.client.names(), ["first"])
        self.assertEqual([path for path in (self.disk / "uploads").rglob("*") if path.is_file()], [])

    def store(self, command, octets, midway=lambda: None):
        with self.client.transfercmd(command) as connection:
            try:
                for at in range(0, octets, 65536):
                    connection.sendall(bytes(65536))
                    if at == 10 * 65536:
                        midway()
            except OSError:
                pass  # as soon as the server has had enough
        return self.client.reply()

    def test_uploads_that_do_not_fit(self):
        for command in ("STOR large", "STOR first", "APPE first", "STOU large"):
            self.assertEqual(self.store(command, 2 * self.SIZE), "452", command)
            self.assert_nothing_is_damaged()
        self.assertEqual(self.client.ask(f"ALLO {2 * self.SIZE}"), "200")
        self.assertEqual(self.client.ask("STOR large"), "452")
        self.client.storbinary("STOR fits", io.BytesIO(bytes(1 << 20)))
        self.assertEqual(self.client.names(), ["first", "fits"])

    def test_a_disk_that_others_fill_meanwhile(self):
        def fill():
            with open(self.disk / "others", "wb", buffering=0) as file, contextlib.suppress(OSError):
                while file.write(bytes(4096)):
                    pass

        self.assertEqual(self.store("STOR first", 4 << 20, fill), "452")
        (self.disk / "others").unlink()
        self.assert_nothing_is_damaged()


if __name__ == "__main__":
    unittest.main()
