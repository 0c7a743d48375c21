#!/usr/bin/env python3
"""scripts/bench ftp: staffetta beside vsftpd and proftpd, and beside bare loops over sendfile and splice.

Each server is asked in one run: one and more streams each way, in clear and in TLS; small files; a storm of
logins; a listing of many entries. The servers' Debian packages exclude one another, so they are unpacked
into a folder instead of installed. Peers serve an anonymous tree, which costs them no password: their logins are
cheaper than staffetta's, whose password check is remembered after the first.
"""

import argparse
import ftplib
import multiprocessing
import os
import pathlib
import shutil
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import textwrap
import threading
import time

from peers import DOMAIN, PASSWORD, CLOCK_TICKS, Peer, family, free_port, wait_for_port

PACKAGES = ["vsftpd", "proftpd-core", "proftpd-mod-crypto", "libmemcached11", "libmemcachedutil2", "libhashkit2"]
BUFFER = 1 << 20


def unpack_peers(folder):
    """The servers' packages below `folder`, once."""
    root = folder / "root"
    if root.exists():
        return root
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["apt-get", "download", *PACKAGES], cwd=folder, check=True, capture_output=True)
    for package in folder.glob("*.deb"):
        subprocess.run(["dpkg-deb", "-x", package, root], check=True)
    return root


def make_certificate(folder):
    pem = folder / "both.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-keyout", folder / "key.pem", "-out", folder / "cert.pem", "-days", "30", "-subj", "/CN=localhost"],
                   check=True, capture_output=True)
    pem.write_text((folder / "key.pem").read_text() + (folder / "cert.pem").read_text())
    return pem


class FtpPeer(Peer):
    user, password = "anonymous", "bench@"

    def __init__(self, folder, program_root=None):
        super().__init__(folder, 0)
        self.port = free_port()
        self.program_root = program_root
        self.tree = self.folder / "tree"
        self.process = None

    def prepare(self):
        for name in ("tree/pub", "empty"):
            (self.folder / name).mkdir(parents=True)
        for path in (self.folder, self.tree):
            path.chmod(0o755)
        (self.tree / "pub").chmod(0o777)
        self.pem = make_certificate(self.folder)

    def run(self, *command):
        environment = {**os.environ}
        if self.program_root:
            environment["LD_LIBRARY_PATH"] = str(self.program_root / "usr/lib/x86_64-linux-gnu")
        log = open(self.folder / "log", "w")
        self.process = subprocess.Popen([str(word) for word in command], stdout=log, stderr=log, env=environment)
        wait_for_port(self.port)

    def roots(self):
        return [self.process.pid]

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait(60)


class Vsftpd(FtpPeer):
    name = "vsftpd"

    def start(self):
        self.prepare()
        config = self.folder / "vsftpd.conf"
        config.write_text(textwrap.dedent(f"""\
            listen=YES
            background=NO
            listen_address=127.0.0.1
            listen_port={self.port}
            anonymous_enable=YES
            no_anon_password=YES
            anon_root={self.tree}
            write_enable=YES
            anon_upload_enable=YES
            anon_other_write_enable=YES
            anon_mkdir_write_enable=YES
            anon_umask=022
            secure_chroot_dir={self.folder}/empty
            ssl_enable=YES
            allow_anon_ssl=YES
            force_local_data_ssl=NO
            force_local_logins_ssl=NO
            rsa_cert_file={self.pem}
            ssl_ciphers=HIGH
            max_per_ip=0
            """))
        self.run(self.program_root / "usr/sbin/vsftpd", config)


class Proftpd(FtpPeer):
    name = "proftpd"

    def start(self):
        self.prepare()
        config = self.folder / "proftpd.conf"
        config.write_text(textwrap.dedent(f"""\
            ModulePath {self.program_root}/usr/lib/proftpd
            LoadModule mod_tls.c
            ServerType standalone
            DefaultAddress 127.0.0.1
            Port {self.port}
            UseIPv6 off
            UseReverseDNS off
            MaxInstances none
            PidFile {self.folder}/pid
            ScoreboardFile {self.folder}/score
            DelayEngine off
            WtmpLog off
            TransferLog none
            <IfModule mod_tls.c>
              TLSEngine on
              TLSRSACertificateFile {self.folder}/cert.pem
              TLSRSACertificateKeyFile {self.folder}/key.pem
              TLSECCertificateFile {self.folder}/cert.pem
              TLSECCertificateKeyFile {self.folder}/key.pem
            </IfModule>
            <Anonymous {self.tree}>
              User nobody
              Group nogroup
              UserAlias anonymous nobody
              RequireValidShell off
              AllowOverwrite on
            </Anonymous>
            """))
        self.run(self.program_root / "usr/sbin/proftpd", "-n", "-c", config)


class Staffetta(FtpPeer):
    name = "staffetta"
    user, password = f"bench@{DOMAIN}", PASSWORD

    def __init__(self, folder, program):
        super().__init__(folder)
        self.program = program

    def start(self):
        self.folder.mkdir(parents=True)
        make_certificate(self.folder)
        config = self.folder / "staffetta.toml"
        config.write_text(textwrap.dedent(f"""\
            hostname = "mail.{DOMAIN}"
            data = "{self.folder}/data"
            [listen]
            ftp = ["127.0.0.1:{self.port}"]
            [tls]
            certificate = "cert.pem"
            key = "key.pem"
            [auth]
            allow_plaintext = true
            [limits]
            connections_per_address = 0
            [log]
            level = "warning"
            """))
        for words, text in ((["domain", "add", DOMAIN], None),
                            (["account", "add", self.user, "--password-stdin"], PASSWORD + "\n")):
            subprocess.run([self.program, *words, "--config", config], check=True, capture_output=True, input=text, text=True)
        self.run(self.program, "serve", "--config", config)
        with connect(self, folder="/") as client:
            client.mkd("pub")
        self.tree = next((self.folder / "data/files").rglob("pub")).parent


class Client(ftplib.FTP_TLS):
    """Resumes the control connection's session, as servers that bind data connections want."""

    def ntransfercmd(self, cmd, rest=None):
        connection, size = ftplib.FTP.ntransfercmd(self, cmd, rest)
        if self._prot_p:
            connection = self.context.wrap_socket(connection, server_hostname="localhost", session=self.sock.session)
        return connection, size


def connect(peer, tls=False, folder="/pub"):
    context = ssl._create_unverified_context()
    client = Client(context=context)
    client.connect("127.0.0.1", peer.port, timeout=100)
    if tls:
        client.auth()
        client.prot_p()
    ftplib.FTP.login(client, peer.user, peer.password)
    client.cwd(folder)
    client.voidcmd("TYPE I")
    return client


def close_data(connection):
    if isinstance(connection, ssl.SSLSocket):
        connection.unwrap()
    connection.close()


def retrieve(peer, tls, name, barrier):
    client = connect(peer, tls)
    room = memoryview(bytearray(BUFFER))
    barrier.wait()
    connection = client.transfercmd("RETR " + name)
    while connection.recv_into(room):
        pass
    close_data(connection)
    client.voidresp()
    client.close()


def store(peer, tls, octets, name, barrier):
    client = connect(peer, tls)
    piece = bytes(BUFFER)
    barrier.wait()
    connection = client.transfercmd("STOR " + name)
    for _ in range(octets // BUFFER):
        connection.sendall(piece)
    close_data(connection)
    client.voidresp()
    client.close()


def small_files(peer, up, count, number, barrier):
    client = connect(peer)
    barrier.wait()
    for i in range(count):
        name = f"small-{number}-{i}"
        if up:
            with client.transfercmd("STOR " + name) as connection:
                connection.sendall(b"x" * 1000)
        else:
            with client.transfercmd("RETR " + name) as connection:
                while connection.recv(4096):
                    pass
        client.voidresp()
    client.close()


def cpu_of(peer):
    return sum((int(f[11]) + int(f[12]) + int(f[13]) + int(f[14])) / CLOCK_TICKS for f in family(peer.roots()).values())


def in_parallel(peer, target, calls):
    """Runs `target` once for each tuple of arguments, all at once: seconds, and the server's CPU seconds."""
    barrier = multiprocessing.Barrier(len(calls) + 1)
    idle = len(family(peer.roots()))
    workers = [multiprocessing.Process(target=target, args=(*call, barrier)) for call in calls]
    for worker in workers:
        worker.start()
    barrier.wait()
    cpu, begin = cpu_of(peer), time.monotonic()
    for worker in workers:
        worker.join()
        if worker.exitcode != 0:
            raise RuntimeError(f"{peer.name}: a client failed")
    took = time.monotonic() - begin
    # Children that serve one session each are counted once they are waited for.
    end = time.monotonic() + 3
    while len(family(peer.roots())) > idle and time.monotonic() < end:
        time.sleep(0.02)
    return took, cpu_of(peer) - cpu


def report(row, peer, text):
    print(f"{row:<28} {peer:<12} {text}", flush=True)


def bench_streams(options, peer):
    gib = options.octets / (1 << 30)
    for tls in (False, True):
        for streams in options.streams:
            octets = options.octets // streams
            for i in range(streams):
                path = peer.tree / "pub" / f"large-{i}"
                with open(path, "wb") as file:
                    for _ in range(octets // BUFFER):
                        file.write(bytes(BUFFER))
                path.chmod(0o644)
            names = [f"large-{i}" for i in range(streams)]
            way = f"{'TLS' if tls else 'clear'}, {streams} stream{'s' if streams > 1 else ''}"
            took, cpu = in_parallel(peer, retrieve, [(peer, tls, name) for name in names])
            report(f"RETR {way}", peer.name, f"{options.octets / took / 1e6:7.0f} MB/s {cpu / gib:6.2f} CPU s/GiB")
            took, cpu = in_parallel(peer, store, [(peer, tls, octets, "up-" + name) for name in names])
            report(f"STOR {way}", peer.name, f"{options.octets / took / 1e6:7.0f} MB/s {cpu / gib:6.2f} CPU s/GiB")
            for path in (peer.tree / "pub").iterdir():
                path.unlink()


def bench_small(options, peer):
    for up in (True, False):
        each = options.files // 8
        took, cpu = in_parallel(peer, small_files, [(peer, up, each, number) for number in range(8)])
        report(f"{'STOR' if up else 'RETR'} small, 8 sessions", peer.name,
               f"{8 * each / took:7.0f} files/s {cpu * 1e6 / 8 / each:6.0f} CPU us/file")
    for path in (peer.tree / "pub").iterdir():
        path.unlink()


def bench_logins(options, peer):
    connect(peer).close()
    begin, cpu = time.monotonic(), cpu_of(peer)
    sockets = []
    for _ in range(options.logins):
        sockets.append(socket.create_connection(("127.0.0.1", peer.port)).makefile("rwb"))
    for words in (None, f"USER {peer.user}", f"PASS {peer.password}"):
        for file in sockets:
            if words:
                file.write((words + "\r\n").encode())
                file.flush()
        for file in sockets:
            line = file.readline()
            while line[3:4] == b"-":
                line = file.readline()
    took = time.monotonic() - begin
    report(f"{options.logins} logins", peer.name, f"{took:7.2f} s    {(cpu_of(peer) - cpu) * 1000 / options.logins:6.2f} CPU ms/login")
    for file in sockets:
        file.close()


def bench_listing(options, peer):
    folder = peer.tree / "many"
    folder.mkdir()
    folder.chmod(0o755)
    for i in range(options.entries):
        (folder / f"entry-{i:06}").touch()
    for verb in ("LIST", "MLSD"):
        with connect(peer) as client:
            client.cwd("/many")
            times = []
            for _ in range(3):
                begin = time.monotonic()
                try:
                    with client.transfercmd(verb) as connection:
                        while connection.recv(BUFFER):
                            pass
                    client.voidresp()
                except ftplib.error_perm:
                    break
                times.append(time.monotonic() - begin)
            if times:
                report(f"{verb} {options.entries} entries", peer.name, f"{statistics.median(times) * 1000:7.0f} ms")
    shutil.rmtree(folder)


def bare_loop(row, options, serve):
    """A server of one connection without a protocol: the limit."""
    with tempfile.TemporaryDirectory(dir=options.folder) as folder, socket.create_server(("127.0.0.1", 0)) as listener:
        path = pathlib.Path(folder) / "file"
        with open(path, "wb") as file:
            for _ in range(options.octets // BUFFER):
                file.write(bytes(BUFFER))
        sends = "sendfile" in row
        client = threading.Thread(target=drain if sends else pour, args=(listener.getsockname(), options.octets))
        pid = os.fork()
        if pid == 0:
            connection, _ = listener.accept()
            serve(connection, path)
            os._exit(0)
        begin = time.monotonic()
        client.start()
        client.join()
        _, _, usage = os.wait4(pid, 0)
        took, cpu = time.monotonic() - begin, usage.ru_utime + usage.ru_stime
        gib = options.octets / (1 << 30)
        report(row, "limit", f"{options.octets / took / 1e6:7.0f} MB/s {cpu / gib:6.2f} CPU s/GiB")


def drain(address, _octets):
    room = memoryview(bytearray(BUFFER))
    with socket.create_connection(address) as connection:
        while connection.recv_into(room):
            pass


def pour(address, octets):
    with socket.create_connection(address) as connection:
        for _ in range(octets // BUFFER):
            connection.sendall(bytes(BUFFER))


def serve_sendfile(connection, path):
    with open(path, "rb") as file:
        offset = 0
        while sent := os.sendfile(connection.fileno(), file.fileno(), offset, BUFFER):
            offset += sent
    connection.close()


def serve_splice(connection, path):
    reader, writer = os.pipe()
    with open(str(path) + ".new", "wb") as file:
        while count := os.splice(connection.fileno(), writer, BUFFER):
            while count:
                count -= os.splice(reader, file.fileno(), count)
        os.fsync(file.fileno())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default="build/release/staffetta")
    parser.add_argument("--octets", type=int, default=1 << 30)
    parser.add_argument("--streams", type=int, nargs="+", default=[1, 8, 50])
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--logins", type=int, default=300)
    parser.add_argument("--entries", type=int, default=20_000)
    parser.add_argument("--peers", default="staffetta vsftpd proftpd")
    parser.add_argument("--rows", default="limit streams small logins listing")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="staffetta-bench-", dir="/var/tmp") as folder:
        options.folder = folder
        os.chmod(folder, 0o755)
        if "limit" in options.rows:
            bare_loop("sendfile loop", options, serve_sendfile)
            bare_loop("splice loop", options, serve_splice)
        root = unpack_peers(pathlib.Path("build/bench-peers").absolute())
        for name in options.peers.split():
            home = pathlib.Path(folder) / name
            kinds = {"vsftpd": Vsftpd, "proftpd": Proftpd}
            peer = kinds[name](home, root) if name in kinds else Staffetta(home, pathlib.Path(options.program).absolute())
            try:
                peer.start()
                for row in ("streams", "small", "logins", "listing"):
                    if row in options.rows:
                        {"streams": bench_streams, "small": bench_small, "logins": bench_logins,
                         "listing": bench_listing}[row](options, peer)
            finally:
                peer.stop()


if __name__ == "__main__":
    sys.exit(main())
