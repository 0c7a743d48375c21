#!/usr/bin/env python3
"""FTP with the clients that people use: curl, lftp, ncftp, tnftp, wget and Python's ftplib."""

import datetime
import ftplib
import hashlib
import io
import json
import os
import pathlib
import random
import signal
import socket
import ssl
import stat
import subprocess
import sys
import tempfile
import types
import unittest
import unittest.mock
import zlib

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from harness import ALICE, BOB, EXPECT_S, PASSWORDS, PATIENCE_S, PROGRAM, Server, ServerTest, run
from ports import free_port

LARGE = random.Random(1).randbytes(3_000_000)
# TLS 1.2 with tickets and without, and TLS 1.3, which has nothing else.
SESSIONS = ((ssl.TLSVersion.TLSv1_2, 0), (ssl.TLSVersion.TLSv1_2, ssl.OP_NO_TICKET), (ssl.TLSVersion.TLSv1_3, 0))


def hashes(folder):
    """Each file below `folder` with its hash."""
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(folder.rglob("*")) if path.is_file()}


class Resuming(ftplib.FTP_TLS):
    """ftplib's client makes a new TLS session for each data connection; this one goes on with another's."""

    session_of = None  # the client whose control connection's session is resumed

    def ntransfercmd(self, cmd, rest=None):
        connection, size = ftplib.FTP.ntransfercmd(self, cmd, rest)
        if self._prot_p:
            owner = self.session_of or self
            connection = owner.context.wrap_socket(connection, server_hostname="localhost", session=owner.sock.session)
        return connection, size


class Ftp(ServerTest):
    options = ("[auth]\nallow_plaintext = true\n"
               "[ftp]\ntransfer_log = \"xferlog\"\npassive_ports = \"41000-41200\"\n")

    @classmethod
    def setUpClass(cls):
        with unittest.mock.patch.dict(os.environ, TZ="EAST-9"):  # nine hours ahead of UTC
            super().setUpClass()

    def setUp(self):
        super().setUp()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="ftp-", dir=self.server.folder))
        self.name = self._testMethodName
        self.large = self.folder / "large.bin"
        self.large.write_bytes(LARGE)

    def url(self, path, host="127.0.0.1", scheme="ftp"):
        return f"{scheme}://{host}:{self.server.ports[scheme]}/{path}"

    def curl(self, *arguments, status=0):
        return self.assert_ran(
            run("curl", "-sS", "--max-time", EXPECT_S, "-u", f"{BOB}:{PASSWORDS[BOB]}", "--cacert",
                self.server.certificate, *arguments), status)

    def lftp(self, script, scheme="ftp"):
        login = f"{BOB},{PASSWORDS[BOB]}"
        settings = f"set net:timeout {EXPECT_S}; set net:max-retries 2; set ssl:ca-file {self.server.certificate}; "
        return self.assert_ran(run("lftp", "-u", login, "-e", settings + script + "; bye",
                                   f"{scheme}://localhost:{self.server.ports[scheme]}", cwd=self.folder))

    def ftplib(self, kind=ftplib.FTP, **options):
        client = kind(encoding="utf-8", **options)
        self.addCleanup(client.close)
        client.connect("localhost", self.server.ports["ftp"], timeout=PATIENCE_S)
        return client

    def fetch(self, path):
        target = self.folder / "fetched"
        self.curl(self.url(path), "-o", target)
        return target.read_bytes()

    def test_curl_up_and_down_each_way(self):
        ways = {"epsv": [], "pasv": ["--disable-epsv"], "eprt": ["-P", "-"], "port": ["-P", "-", "--disable-eprt"]}
        for name, options in ways.items():
            with self.subTest(name):
                self.curl("-T", self.large, self.url(f"{self.name}-{name}"), *options)
                out = self.folder / name
                self.curl(self.url(f"{self.name}-{name}"), "-o", out, *options)
                self.assertEqual(out.read_bytes(), LARGE)

    def test_curl_tls(self):
        self.curl("--ssl-reqd", "-T", self.large, self.url(self.name, "localhost"))
        self.curl("--ssl-reqd", self.url(self.name, "localhost"), "-o", self.folder / "a")
        self.curl(self.url(self.name, "localhost", "ftps"), "-o", self.folder / "b")
        # It takes no tickets in TLS 1.2.
        self.curl("--ssl-reqd", "--tls-max", "1.2", self.url(self.name, "localhost"), "-o", self.folder / "c")
        for name in "abc":
            self.assertEqual((self.folder / name).read_bytes(), LARGE)

    def test_curl_ranges_and_resume(self):
        self.curl("-T", self.large, self.url(self.name))
        self.curl(self.url(self.name), "-r", "1000-1999", "-o", self.folder / "range")
        self.assertEqual((self.folder / "range").read_bytes(), LARGE[1000:2000])
        part = self.folder / "part"
        part.write_bytes(LARGE[:1_234_567])
        self.curl("-C", "-", self.url(self.name), "-o", part)
        self.assertEqual(part.read_bytes(), LARGE)

    def test_curl_resumes_an_upload(self):
        half = self.folder / "half"
        half.write_bytes(LARGE[:1_500_000])
        self.curl("-T", half, self.url(self.name))
        self.curl("-C", "1500000", "-T", self.large, self.url(self.name))
        self.assertEqual(self.fetch(self.name), LARGE)

    def test_wrong_password(self):
        run("curl", "-sS", "-u", f"{BOB}:wrong", self.url(""))
        self.assertEqual(run("curl", "-sS", "-u", f"{BOB}:wrong", self.url("")).returncode, 67)

    def test_lftp_mirrors_a_thousand_files_in_tls(self):
        tree = self.folder / "tree"
        chance = random.Random(2)
        for number in range(1000):
            path = tree / f"folder {number % 20}" / f"file-{number} é"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(chance.randbytes(chance.randrange(3000)))
        force = "set ftp:ssl-force true; set ftp:ssl-protect-data true; "
        self.lftp(force + "mirror -R --parallel=4 tree up")
        self.lftp(force + "mirror --parallel=4 up down")
        self.assertEqual(hashes(tree), hashes(self.folder / "down"))

    def test_ftplib(self):
        with self.ftplib() as client:
            client.login(BOB, PASSWORDS[BOB])
            client.mkd(self.name)
            client.cwd(self.name)
            with open(__file__, "rb") as text:
                client.storlines("STOR text", text)
            lines = []
            client.retrlines("RETR text", lines.append)
            self.assertEqual(lines, pathlib.Path(__file__).read_text().splitlines())
            client.rename("text", "called otherwise")
            self.assertEqual(client.nlst(), ["called otherwise"])
            self.assertEqual([name for name, facts in client.mlsd(facts=["type"])], ["called otherwise"])
            client.delete("called otherwise")
            client.cwd("..")
            client.rmd(self.name)

    def test_what_is_no_file(self):
        with self.ftplib() as client:
            client.login(BOB, PASSWORDS[BOB])
            client.mkd(self.name)
            (folder,) = (self.server.folder / "data/files/accounts").glob("*/" + self.name)
            os.mkfifo(folder / "fifo")
            os.symlink("/etc/passwd", folder / "link")
            os.mknod(folder / "socket", stat.S_IFSOCK | 0o600)
            lines = []
            client.dir(self.name, lines.append)
            self.assertEqual({line.split(" ")[0][0] + line.split()[8] for line in lines}, {"pfifo", "llink", "ssocket"})
            facts = {name: (of["type"], of["perm"]) for name, of in client.mlsd(self.name, facts=["type", "perm"])}
            self.assertEqual(facts, {"fifo": ("OS.unix=fifo", "dfw"), "link": ("OS.unix=symlink", "dfw"),
                                     "socket": ("OS.unix=socket", "dfw")})
            for name in facts:
                with self.assertRaisesRegex(ftplib.error_perm, "^550"):
                    client.sendcmd(f"RETR {self.name}/{name}")
                client.delete(f"{self.name}/{name}")
            client.rmd(self.name)

    def test_dates_of_creation(self):
        self.curl("-T", self.large, self.url(self.name), "-Q", f"-MFCT 20010203040506 {self.name}")
        with self.ftplib() as client:
            client.login(BOB, PASSWORDS[BOB])

            def created(name, facts):
                return dict(client.mlsd(facts=facts))[name].get("create")

            self.assertEqual(created(self.name, ["create"]), "20010203040506")
            client.sendcmd(f"SITE COPY {self.name} {self.name}-copy")
            client.rename(self.name + "-copy", self.name + "-moved")
            self.assertEqual(created(self.name + "-moved", ["type", "create"]), "20010203040506")
            self.assertEqual(client.sendcmd(f"MFF Create=19700101000000; {self.name}"),
                             f"213 Create=19700101000000; {self.name}")
            self.assertIsNone(created(self.name, ["size", "modify"]))
        self.curl("-T", self.large, self.url(self.name))
        with self.ftplib() as client:
            client.login(BOB, PASSWORDS[BOB])
            self.assertGreater(dict(client.mlsd(facts=["create"]))[self.name]["create"], "2020")

    def tls_client(self, kind, version, user=BOB, options=0):
        context = ssl.create_default_context(cafile=self.server.certificate)
        context.minimum_version = context.maximum_version = version
        context.options |= options
        client = self.ftplib(kind, context=context)
        client.login(user, PASSWORDS[user])
        client.prot_p()
        return client

    def test_data_connections_resume_their_own_session(self):
        for version, options in SESSIONS:
            with self.subTest(version, options=options):
                name = f"{self.name}-{version.name}-{options:x}"
                mine = self.tls_client(Resuming, version, options=options)
                for _ in range(3):  # a ticket of TLS 1.3 is used once
                    with open(self.large, "rb") as file:
                        mine.storbinary("STOR " + name, file)
                self.assertEqual(mine.size(name), len(LARGE))
                stranger = self.tls_client(ftplib.FTP_TLS, version, options=options)
                thief = self.tls_client(Resuming, version, user=ALICE, options=options)
                thief.session_of = mine
                robbed = self.tls_client(Resuming, version, options=options)
                robbed.session_of = self.tls_client(Resuming, version, user=ALICE, options=options)
                for other in (stranger, thief, robbed):
                    with open(os.devnull, "rb") as nothing, self.assertRaises((ftplib.error_temp, OSError)):
                        other.storbinary("STOR " + name, nothing)
                self.assertEqual(mine.size(name), len(LARGE))

    def test_tickets_of_neighbours_do_while_they_are_there(self):
        """Several sessions of one program with one store of tickets, as rclone has them."""
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            with self.subTest(version):
                name = f"{self.name}-{version.name}"
                first, second = (self.tls_client(Resuming, version) for _ in range(2))
                first.session_of = second
                first.storbinary("STOR " + name, io.BytesIO(b"whole"))
                self.assertEqual(first.size(name), 5)
                kept = types.SimpleNamespace(session=second.sock.session)
                first.session_of = types.SimpleNamespace(context=second.context, sock=kept)
                there = first.sendcmd("SITE WHO").count("\n")
                second.quit()
                while first.sendcmd("SITE WHO").count("\n") == there:
                    pass
                with self.assertRaises((ftplib.error_temp, OSError)):
                    first.storbinary("STOR " + name, io.BytesIO(b""))
                self.assertEqual(self.fetch(name), b"whole")

    def test_a_data_connection_that_broke_takes_no_session_along(self):
        with self.ftplib() as client:
            client.login(BOB, PASSWORDS[BOB])
            client.storbinary("STOR " + self.name, io.BytesIO(bytes(30_000_000)))
        for version, options in SESSIONS:
            with self.subTest(version, options=options):
                client = self.tls_client(Resuming, version, options=options)
                with client.transfercmd("RETR " + self.name) as connection:
                    connection.recv(1)
                    self.assertRegex(client.abort(), "^426")
                    self.assertRegex(client.getmultiline(), "^226")
                self.assertIn(self.name, client.nlst())
                with client.transfercmd("STOR cut") as connection:
                    connection.sendall(b"half")
                with self.assertRaises(ftplib.error_temp):
                    client.voidresp()
                self.assertIn(self.name, client.nlst())

    def test_sessions_outlive_a_reload_of_the_certificates(self):
        self.curl("-T", self.large, self.url(self.name))
        clients = [self.tls_client(Resuming, version, options=options) for version, options in SESSIONS]
        self.server.process.send_signal(signal.SIGHUP)
        self.server.wait_for_log("certificates reloaded")
        for kind, client in zip(SESSIONS, clients):
            with self.subTest(kind):
                self.assertIn(self.name, client.nlst())

    def test_tickets_last_as_long_as_their_keys(self):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            client = self.tls_client(Resuming, version)
            self.assertEqual(client.sock.session.ticket_lifetime_hint, 12 * 3600)

    def test_tls_for_another_protocol_is_refused(self):
        for names, agreed in ((["ftp"], "ftp"), ([], None), (["h2", "ftp"], "ftp"), (["http/1.1"], "refused")):
            with self.subTest(names):
                context = self.server.tls()
                if names:
                    context.set_alpn_protocols(names)
                with socket.create_connection(("localhost", self.server.ports["ftps"])) as connection:
                    try:
                        with context.wrap_socket(connection, server_hostname="localhost") as inside:
                            self.assertEqual(inside.selected_alpn_protocol(), agreed)
                    except ssl.SSLError as refusal:
                        self.assertEqual(agreed, "refused")
                        self.assertRegex(str(refusal), "alert no application protocol")

    def test_kernel_tls_is_reported_at_the_start(self):
        self.server.wait_for_log(r" kernel tls ktls=(yes|no) reason=\"the kernel .*\"")

    def test_an_upload_cut_inside_tls_is_not_stored(self):
        client = self.tls_client(Resuming, ssl.TLSVersion.TLSv1_3)
        connection = client.transfercmd("STOR " + self.name)
        connection.sendall(b"half")
        connection.shutdown(socket.SHUT_RDWR)  # FIN without close_notify
        with self.assertRaises(ftplib.error_temp):
            client.voidresp()
        self.assertNotIn(self.name, client.nlst())

    def test_ccc(self):
        client = self.tls_client(Resuming, ssl.TLSVersion.TLSv1_3)
        client.prot_c()
        client.ccc()
        self.assertEqual(client.pwd(), "/")
        # RFC 4217 5: neither is accepted any more.
        for command in ("PBSZ 0", "PROT P", "PROT C"):
            with self.assertRaisesRegex(ftplib.error_perm, "^503 Behind CCC"):
                client.sendcmd(command)
        with open(self.large, "rb") as file:
            client.storbinary("STOR " + self.name, file)
        self.assertEqual(client.size(self.name), len(LARGE))

    def test_curl_goes_on_behind_ccc(self):
        """curl sends close_notify when it is to begin, and none at all when it listens."""
        for version in ("1.2", "1.3"):
            for mode in ("active", "passive"):
                with self.subTest(version, mode=mode):
                    name = f"{self.name}-{version}-{mode}"
                    self.curl("--ssl-reqd", "--ftp-ssl-ccc-mode", mode, "--ftp-ssl-control", "--tlsv" + version, "--tls-max",
                              version, "-T", self.large, self.url(name, "localhost"))
                    self.assertEqual(self.fetch(name), LARGE)

    def test_rein_ends_tls_behind_its_reply(self):
        for version, options in SESSIONS:
            with self.subTest(version, options=options):
                client = self.tls_client(Resuming, version, options=options)
                self.assertRegex(client.sendcmd("REIN"), "^220 ")
                client.sock.unwrap()
                client.sock = socket.socket(fileno=client.sock.detach())
                client.sock.settimeout(PATIENCE_S)
                client.file = client.sock.makefile("r", encoding="utf-8")
                self.assertRegex(client.sendcmd("NOOP"), "^200 ")
                self.assertRegex(self.server.admin("ftp", "who"), f":{client.sock.getsockname()[1]}  clear")
                self.assertRegex(client.auth(), "^234 ")
                client.login(BOB, PASSWORDS[BOB])
                client.prot_p()
                client.nlst()

    def test_modes_and_types(self):
        self.curl("-T", self.large, self.url(self.name))
        with self.ftplib() as client:
            client.login(BOB, PASSWORDS[BOB])
            client.voidcmd("TYPE I")
            client.voidcmd("MODE Z")
            with client.transfercmd("RETR " + self.name) as connection:
                packed = b"".join(iter(lambda: connection.recv(65536), b""))
            client.voidresp()
            self.assertEqual(zlib.decompress(packed), LARGE)
            with client.transfercmd("STOR " + self.name + "-z") as connection:
                connection.sendall(zlib.compress(LARGE))
            client.voidresp()
            client.voidcmd("MODE S")
            self.assertEqual(client.size(self.name + "-z"), len(LARGE))

    def test_abor_while_a_transfer_runs(self):
        self.curl("-T", self.large, self.url(self.name))
        with self.ftplib() as client:
            client.login(BOB, PASSWORDS[BOB])
            client.voidcmd("TYPE I")
            connection = client.transfercmd("STOR " + self.name)
            connection.sendall(b"x" * 100_000)
            self.assertRegex(client.sendcmd("STAT"), f"STOR /{self.name}")
            who = self.server.admin("ftp", "who")
            self.assertRegex(who, f"{BOB}  STOR /{self.name}")
            own = f":{client.sock.getsockname()[1]}"
            sessions = json.loads(self.server.admin("ftp", "who", "--json"))
            (one,) = [one for one in sessions if one["peer"].endswith(own)]
            self.assertEqual((one["account"], one["doing"], one["tls"]), (BOB, "STOR /" + self.name, False))
            self.assertIn(one["octets"], range(100_001))
            self.assertRegex(client.abort(), "^426")
            self.assertRegex(client.getmultiline(), "^226")
            connection.close()
        self.assertEqual(self.fetch(self.name), LARGE)

    def test_progress_is_told_to_a_slow_client_too(self):
        with self.ftplib() as client:
            client.login(BOB, PASSWORDS[BOB])
            client.storbinary("STOR " + self.name, io.BytesIO(bytes(30_000_000)))
            with client.transfercmd("RETR " + self.name) as connection, connection.makefile("rb") as file:
                file.read(1_000_000)
                self.assertRegex(client.sendcmd("STAT"), rf"RETR /{self.name}: [1-9]\d{{5,}} bytes")
                self.assertRegex(self.server.admin("ftp", "who"), r"s  [1-9]\d{5,} of 30000000 bytes")
                client.abort()
                client.getmultiline()

    def test_transfer_log(self):
        self.curl("-T", self.large, self.url(self.name))
        self.fetch(self.name)
        lines = [line.split() for line in (self.server.folder / "xferlog").read_text().splitlines() if self.name in line]
        self.assertEqual([(line[7], line[8], line[11], line[13], line[17]) for line in lines],
                         [("3000000", "/" + self.name, "i", BOB, "c"), ("3000000", "/" + self.name, "o", BOB, "c")])
        local = datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=9))).replace(tzinfo=None)
        for line in lines:
            self.assertLess(abs(local - datetime.datetime.strptime(" ".join(line[:5]), "%a %b %d %H:%M:%S %Y")),
                            datetime.timedelta(hours=1))

    def test_a_file_that_is_cut_while_it_is_sent(self):
        with self.ftplib() as client:
            client.login(BOB, PASSWORDS[BOB])
            client.storbinary("STOR " + self.name, io.BytesIO(bytes(30_000_000)))
            (file,) = (self.server.folder / "data/files/accounts").glob("*/" + self.name)
            with client.transfercmd("RETR " + self.name) as connection, connection.makefile("rb") as came:
                came.read(1_000_000)
                os.truncate(file, 2_000_000)
                came.read()
            with self.assertRaisesRegex(ftplib.error_temp, "^451 .* shorter"):
                client.voidresp()
            client.delete(self.name)

    def test_nothing_is_left_behind(self):
        self.fetch_nothing()
        before = self.server.held()
        for _ in range(20):
            with self.ftplib() as client:
                client.login(BOB, PASSWORDS[BOB])
                for _ in range(5):
                    client.sendcmd("PASV")
                connection = client.transfercmd("STOR " + self.name)
                connection.sendall(b"x")
                client.sock.shutdown(socket.SHUT_RDWR)
                connection.close()
        self.server.wait_for_log("ftp session ended")
        for _ in range(1000):
            if self.server.held() <= before:
                break
            self.fetch_nothing()
        self.assertLessEqual(self.server.held(), before)
        self.assertEqual([path for path in (self.server.folder / "data/files/uploads").rglob("*") if path.is_file()], [])

    def fetch_nothing(self):
        """Another round trip, so that the server has seen what came before."""
        with self.ftplib() as client:
            client.login(BOB, PASSWORDS[BOB])
            client.quit()

    def test_wget(self):
        self.curl("-T", self.large, self.url(self.name))
        self.assert_ran(run("wget", "-q", f"--user={BOB}", f"--password={PASSWORDS[BOB]}", self.url(self.name), "-O",
                            self.folder / "out"))
        self.assertEqual((self.folder / "out").read_bytes(), LARGE)

    def test_ncftp(self):
        server = ["-t", EXPECT_S, "-u", BOB, "-p", PASSWORDS[BOB], "-P", self.server.ports["ftp"]]
        self.assert_ran(run("ncftpput", *server, "127.0.0.1", "/", self.large))
        self.assert_ran(run("ncftpget", *server, "127.0.0.1", self.folder / "..", "/large.bin"))
        self.assertEqual((self.folder / ".." / "large.bin").read_bytes(), LARGE)

    def test_tnftp(self):
        commands = f"user {BOB} \"{PASSWORDS[BOB]}\"\nbinary\nput large.bin {self.name}\nget {self.name} back\nls\nbye\n"
        done = run("tnftp", "-n", "-v", "127.0.0.1", self.server.ports["ftp"], text=commands, cwd=self.folder)
        self.assertEqual((self.folder / "back").read_bytes(), LARGE, done.stdout + done.stderr)


class CutUploads(ServerTest):
    """Large uploads go past the page cache in blocks; what is kept of one that was cut off ends at its last octet."""

    options = "[auth]\nallow_plaintext = true\n[files]\nkeep_partials = true\n"

    def client(self, tls):
        options = {"context": ssl.create_default_context(cafile=self.server.certificate)} if tls else {}
        client = (Resuming if tls else ftplib.FTP)(timeout=PATIENCE_S, **options)
        self.addCleanup(client.close)
        client.connect("localhost", self.server.ports["ftp"])
        client.login(BOB, PASSWORDS[BOB])
        if tls:
            client.prot_p()
        client.voidcmd("TYPE I")
        return client

    def test_what_came_is_kept_to_the_octet(self):
        for tls in (False, True):
            client = self.client(tls)
            for count in (1_048_577, 1_572_864, 2_000_003, 2_621_441):
                with self.subTest(tls=tls, count=count):
                    name = f"{count}-{tls}"
                    with client.transfercmd("STOR " + name) as connection:
                        connection.sendall(LARGE[:count])
                        while f" {count} bytes" not in client.sendcmd("STAT"):
                            pass
                        self.assertRegex(client.abort(), "^426")
                        self.assertRegex(client.getmultiline(), "^226")
                    self.assertEqual(client.size(name), count)
                    with client.transfercmd("STOR " + name, rest=count) as connection:
                        connection.sendall(LARGE[count:])
                        if tls:
                            connection.unwrap()
                    client.voidresp()
                    whole = []
                    client.retrbinary("RETR " + name, whole.append)
                    self.assertEqual(b"".join(whole), LARGE)

    def test_a_pause_amid_an_upload(self):
        """The server gives the buffer to others meanwhile; the file is cut to what has come then."""
        client = self.client(False)
        with client.transfercmd("STOR paused") as connection:
            connection.sendall(LARGE[:2_000_003])
            while not (made := list((self.server.folder / "data/files/uploads").rglob("*-*"))):
                client.voidcmd("NOOP")  # its first octets are in memory
            path, = made
            while path.stat().st_size != 2_000_003:
                client.voidcmd("NOOP")
            connection.sendall(LARGE[2_000_003:])
        client.voidresp()
        whole = []
        client.retrbinary("RETR paused", whole.append)
        self.assertEqual(b"".join(whole), LARGE)


class ActiveSource(ServerTest):
    """RFC 959 3.2: the server's data port has a number that a firewall may know."""

    port = free_port()
    options = f"[auth]\nallow_plaintext = true\n[ftp]\nactive_source_port = {port}\n"

    def test_data_connections_come_from_it(self):
        client = ftplib.FTP(timeout=PATIENCE_S)
        self.addCleanup(client.close)
        client.connect("127.0.0.1", self.server.ports["ftp"])
        client.login(BOB, PASSWORDS[BOB])
        for _ in range(3):
            # It stays open, so that the next has another port: between the same two there is no second connection so
            # soon.
            listener = self.enterContext(client.makeport())
            client.putcmd("NLST")
            self.assertEqual(client.getresp()[:3], "150")
            connection, peer = listener.accept()
            with connection:
                self.assertEqual(peer, ("127.0.0.1", self.port))
            self.assertEqual(client.getresp()[:3], "226")

    @unittest.skipUnless(os.geteuid() == 0, "only root may give up root")
    def test_a_low_one_stays_when_root_has_gone(self):
        port = free_port(600, 1023)
        server = Server(services=["ftp"], options=f"[auth]\nallow_plaintext = true\n[ftp]\nactive_source_port = {port}\n")
        server.config.write_text('user = "nobody"\n' + server.config.read_text())
        server.folder.chmod(0o777)
        with server, ftplib.FTP(timeout=PATIENCE_S) as client:
            status = pathlib.Path(f"/proc/{server.process.pid}/status").read_text()
            self.assertNotRegex(status, r"Uid:.*\b0\b")
            self.assertRegex(status, r"CapPrm:\s+0000000000000400\n")  # CAP_NET_BIND_SERVICE and no other
            server.wait_for_log("a renewed certificate will not be taken file=.*key.pem")
            self.assertFalse(any("file=" in line and "cert.pem" in line for line in server.log))
            client.connect("127.0.0.1", server.ports["ftp"])
            client.login(BOB, PASSWORDS[BOB])
            with client.makeport() as listener:
                client.putcmd("NLST")
                self.assertEqual(client.getresp()[:3], "150")
                with listener.accept()[0] as connection:
                    self.assertEqual(connection.getpeername()[1], port)
            self.assertEqual(client.getresp()[:3], "226")

    @unittest.skipUnless(os.geteuid() == 0, "root alone can tell")
    def test_one_that_may_not_be_used_is_told_at_the_start(self):
        server = Server(services=["ftp"], options="[ftp]\nactive_source_port = 1023\n")
        server.folder.chmod(0o777)
        for name in ("cert.pem", "key.pem"):
            (server.folder / name).chmod(0o644)
        command = [PROGRAM, "serve", "--config", str(server.config)]
        done = subprocess.run(command, user="nobody", capture_output=True, text=True, timeout=PATIENCE_S)
        server.__exit__(None, None, None)
        self.assertEqual(done.returncode, 77)
        self.assertIn("active_source_port: cannot use the source 0.0.0.0:1023", done.stderr)


if __name__ == "__main__":
    unittest.main()
