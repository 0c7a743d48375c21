#!/usr/bin/env python3
"""scripts/bench ftp: staffetta beside vsftpd, proftpd and pure-ftpd, and beside the limits: bare loops over sendfile and
splice, and `openssl s_server`.

Each row is measured for one server after the other; streams and small files in several rounds. The limit of small files
is a bare loop that syncs. CPU is that of the server's processes alone, children
included; the wall clock has the client on the same cores. Only staffetta syncs an upload before it says 226; so each row
of STOR has another below it, of the same uploads, whose clock goes on until syncfs(2) has all on the disk.
"""

import argparse
import contextlib
import ctypes
import os
import pathlib
import re
import resource
import shutil
import signal
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import threading
import time

from ftp_peers import Staffetta, make_certificate, make_peers
from peers import free_port, wait_for_port

BUFFER = 1 << 20
GIB = 1 << 30
MANY = "many"  # the folder that is listed


class Load:
    """bench/ftp_load at one server: `with Load(...) as load:` has logged in; load.go() works and says how long."""

    def __init__(self, options, peer, work, sessions, count=1, octets=0, tls=False):
        self.command = [options.tools / "ftp_load", peer.port, peer.user, peer.password, "tls" if tls else "clear", work,
                        sessions, count, octets]

    def __enter__(self):
        self.process = subprocess.Popen([str(word) for word in self.command], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.expect("ready")
        return self

    def expect(self, pattern):
        line = self.process.stdout.readline()
        found = re.match(pattern, line)
        if not found:
            raise RuntimeError(f"{self.command}: {line or 'failed'}")
        return found

    def go(self):
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        figures = self.expect(r"octets=(\d+) seconds=([\d.]+)")
        return int(figures[1]), float(figures[2])

    def __exit__(self, *_exception):
        self.process.stdin.close()
        self.process.wait(60)


class Table:
    """Rows of figures by server, printed as they come and as Markdown at the end."""

    def __init__(self, servers):
        self.servers, self.rows = servers, {}

    def add(self, row, server, text):
        print(f"{row:<36} {server:<16} {text}", flush=True)
        self.rows.setdefault(row, {})[server] = text

    def print(self):
        columns = ["limit", *self.servers]
        print(f"\n| | {' | '.join(columns)} |\n|---{'|---' * len(columns)}|")
        for row, figures in self.rows.items():
            print(f"| {row} | {' | '.join(figures.get(column, '') for column in columns)} |")


def throughput(octets, seconds, cpu):
    return f"{octets / seconds / 1e6:,.0f} MB/s, {cpu * GIB / octets:.2f} CPU s/GiB"


def write_file(path, octets):
    with open(path, "wb") as file:
        for _ in range(octets // BUFFER):
            file.write(bytes(BUFFER))
    path.chmod(0o644)


def empty(folder):
    for path in folder.iterdir():
        path.unlink()


def set_aside(folder, away):
    """As empty(), and deletes nothing: on an ext4 without a journal whoever makes a file searches for an inode that was
    not deleted of late, so that each round would pay for the files of the one before."""
    into = pathlib.Path(tempfile.mkdtemp(dir=away))
    for path in folder.iterdir():
        path.rename(into / path.name)


def transfer(options, peer, work, sessions, count, octets, tls):
    """Octets, seconds and the server's CPU seconds."""
    with Load(options, peer, work, sessions, count, octets, tls) as load:
        cpu = peer.cpu_s()
        moved, seconds = load.go()
        return moved, seconds, peer.cpu_s() - cpu


def sync(folder):
    """Seconds until all that was written to the folder's file system is on the disk (syncfs(2))."""
    directory = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    begin = time.monotonic()
    if ctypes.CDLL(None, use_errno=True).syncfs(directory) != 0:
        raise OSError(ctypes.get_errno(), "syncfs")
    os.close(directory)
    return time.monotonic() - begin


def in_turns(options, peers, measure):
    """The medians of what `measure` says of each peer, which is several numbers. Each round begins with another one: the
    first to fill the page cache meets memory that the machine, or its host, has to bring first."""
    measured = {peer: [] for peer in peers}
    for i in range(options.rounds):
        first = i % len(peers)
        for peer in peers[first:] + peers[:first]:
            measured[peer].append(measure(peer))
    return [(peer, [statistics.median(values) for values in zip(*figures)]) for peer, figures in measured.items()]


def measure_streams(options, peer, streams, octets, tls):
    """Octets, seconds and CPU seconds of RETR, then those of STOR, then the seconds until what came is on the disk."""
    for i in range(streams):
        write_file(peer.tree / "pub" / f"load-{i}-0", octets)
    sync(peer.tree)
    fetched = transfer(options, peer, "retr", streams, 1, octets, tls)
    empty(peer.tree / "pub")
    sync(peer.tree)
    stored = transfer(options, peer, "stor", streams, 1, octets, tls)
    synced = stored[1] + sync(peer.tree)
    empty(peer.tree / "pub")
    return *fetched, *stored, synced


def bench_streams(options, table, peers):
    for tls in (False, True):
        for streams in options.streams:
            row = f"{'TLS' if tls else 'clear'}, {streams} stream{'s' if streams > 1 else ''}"
            octets = options.octets // streams // BUFFER * BUFFER
            for peer, figures in in_turns(options, peers, lambda peer, streams=streams, octets=octets, tls=tls:
                                          measure_streams(options, peer, streams, octets, tls)):
                table.add(f"RETR {row}", peer.name, throughput(*figures[:3]))
                table.add(f"STOR {row}", peer.name, throughput(*figures[3:6]))
                table.add(f"STOR {row}, on the disk", peer.name, f"{figures[3] / figures[6] / 1e6:,.0f} MB/s")


def measure_small(options, peer, sessions, each, away):
    """Seconds and CPU seconds of STOR, then those of RETR of the same files, which go into `away`."""
    _, *stored = transfer(options, peer, "stor", sessions, each, 1000, False)
    for path in (peer.tree / "pub").iterdir():
        path.chmod(0o644)
    _, *fetched = transfer(options, peer, "retr", sessions, each, 1000, False)
    set_aside(peer.tree / "pub", away)
    return *stored, *fetched


def small_figures(files, seconds, cpu):
    return f"{files / seconds:,.0f} files/s, {cpu * 1e6 / files:.0f} CPU us each"


def store_bare(folder, number, each):
    """What a file costs that is told to be there only when it is: written aside, synced, renamed, its folder synced."""
    directory = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    for i in range(each):
        aside, name = f"aside-{number}-{i}", f"bare-{number}-{i}"
        file = os.open(aside, os.O_WRONLY | os.O_CREAT, 0o644, dir_fd=directory)
        os.write(file, bytes(1000))
        os.fdatasync(file)
        os.close(file)
        os.rename(aside, name, src_dir_fd=directory, dst_dir_fd=directory)
        os.fsync(directory)


def measure_bare_small(writers, each, away):
    """Seconds and CPU seconds of so many processes that store into one folder, which stays below `away`."""
    folder = tempfile.mkdtemp(dir=away)
    begin = time.monotonic()
    children = []
    for number in range(writers):
        children.append(os.fork())
        if children[-1] == 0:
            store_bare(folder, number, each)
            os._exit(0)
    usages = [os.wait4(child, 0)[2] for child in children]
    return time.monotonic() - begin, sum(usage.ru_utime + usage.ru_stime for usage in usages)


def bench_small(options, table, peers):
    with tempfile.TemporaryDirectory(dir=options.folder) as away:
        for sessions in (1, 8):
            bench_small_of(options, table, peers, sessions, away)


def bench_small_of(options, table, peers, sessions, away):
    each = options.files // sessions
    row = f"{options.files:,} files, {sessions} session{'s' if sessions > 1 else ''}"
    bare = [measure_bare_small(sessions, each, away) for _ in range(options.rounds)]
    table.add(f"STOR {row}", "limit", small_figures(sessions * each, *map(statistics.median, zip(*bare))))
    measured = in_turns(options, peers, lambda peer: measure_small(options, peer, sessions, each, away))
    for peer, figures in measured:
        for work, seconds, cpu in (("STOR", *figures[:2]), ("RETR", *figures[2:])):
            table.add(f"{work} {row}", peer.name, small_figures(sessions * each, seconds, cpu))


def bench_logins(options, table, peers):
    for peer in peers:
        with Load(options, peer, "login", options.logins) as load:
            cpu = peer.cpu_s()
            _, seconds = load.go()
            table.add(f"{options.logins} logins", peer.name,
                      f"{seconds:.2f} s, {(peer.cpu_s() - cpu) * 1000 / options.logins:.2f} CPU ms each")


def bench_listing(options, table, peers):
    for entries in options.entries:
        for peer in peers:
            folder = peer.tree / MANY
            folder.mkdir()
            folder.chmod(0o755)
            for i in range(entries):
                (folder / f"entry-{i:06}").touch()
            for verb in ("LIST", "MLSD"):
                with contextlib.suppress(RuntimeError):  # not every server has MLSD
                    figures = [transfer(options, peer, verb, 1, 1, 0, False) for _ in range(3)]
                    table.add(f"{verb} {entries:,} entries", peer.name,
                              f"{statistics.median(f[1] for f in figures) * 1000:,.0f} ms, "
                              f"{statistics.median(f[2] for f in figures) * 1000:,.0f} CPU ms")
            shutil.rmtree(folder)


def bench_idle(options, table, peers):
    for tls in (False, True):
        for sessions in options.idle:
            for peer in peers:
                # A process a session: more than a thousand would measure this machine's memory.
                if sessions > 1000 and not isinstance(peer, Staffetta):
                    continue
                peer.restart()
                # One that has logged in: what the first session takes (code, buffers of threads) is not each one's.
                with Load(options, peer, "idle", 1, tls=tls):
                    before = peer.rss_kib()
                with Load(options, peer, "idle", sessions, tls=tls):
                    table.add(f"{sessions:,} idle sessions, {'TLS' if tls else 'clear'}", peer.name,
                              f"{(peer.rss_kib() - before) / sessions:.1f} KiB each")


def bench_limits(options, table):
    bare_loop(options, table, "RETR clear, 1 stream", serve_sendfile, drain)
    bare_loop(options, table, "STOR clear, 1 stream", serve_splice, pour)
    bare_loop(options, table, "STOR clear, 1 stream, synced", serve_splice_and_sync, pour)
    openssl_server(options, table)


def bare_loop(options, table, row, serve, client):
    """A server of one connection without a protocol."""
    with tempfile.TemporaryDirectory(dir=options.folder) as folder, socket.create_server(("127.0.0.1", 0)) as listener:
        path = pathlib.Path(folder) / "file"
        write_file(path, options.octets)
        pid = os.fork()
        if pid == 0:
            serve(listener.accept()[0], path)
            os._exit(0)
        thread = threading.Thread(target=client, args=(socket.create_connection(listener.getsockname()), options.octets))
        begin = time.monotonic()
        thread.start()
        thread.join()
        _, _, usage = os.wait4(pid, 0)
        table.add(row, "limit", throughput(options.octets, time.monotonic() - begin, usage.ru_utime + usage.ru_stime))


def openssl_server(options, table):
    """`openssl s_server -WWW`: a file in TLS, behind the shortest of protocols."""
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        folder, port = pathlib.Path(folder), free_port()
        make_certificate(folder)
        write_file(folder / "file", options.octets)
        server = subprocess.Popen(["openssl", "s_server", "-WWW", "-accept", f"127.0.0.1:{port}", "-cert", "cert.pem", "-key",
                                   "key.pem", "-quiet"], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_for_port(port)
            connection = ssl._create_unverified_context().wrap_socket(socket.create_connection(("127.0.0.1", port)))
            connection.sendall(b"GET /file HTTP/1.0\r\n\r\n")
            begin = time.monotonic()
            drain(connection, options.octets)
            seconds = time.monotonic() - begin
        finally:
            server.terminate()
            _, _, usage = os.wait4(server.pid, 0)
        table.add("RETR TLS, 1 stream", "limit", throughput(options.octets, seconds, usage.ru_utime + usage.ru_stime))


def drain(connection, _octets):
    room = memoryview(bytearray(BUFFER))
    with connection:
        while connection.recv_into(room):
            pass


def pour(connection, octets):
    with connection:
        for _ in range(octets // BUFFER):
            connection.sendall(bytes(BUFFER))


def serve_sendfile(connection, path):
    with open(path, "rb") as file:
        offset = 0
        while sent := os.sendfile(connection.fileno(), file.fileno(), offset, BUFFER):
            offset += sent
    connection.close()


def serve_splice(connection, path, ending=lambda fd: None):
    reader, writer = os.pipe()
    with open(str(path) + ".new", "wb") as file:
        while count := os.splice(connection.fileno(), writer, BUFFER):
            while count:
                count -= os.splice(reader, file.fileno(), count)
        ending(file.fileno())


def serve_splice_and_sync(connection, path):
    serve_splice(connection, path, os.fdatasync)


ROWS = {"streams": bench_streams, "small": bench_small, "logins": bench_logins, "listing": bench_listing, "idle": bench_idle}


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("build/release"))
    parser.add_argument("--program", type=pathlib.Path, help="instead of the build's")
    parser.add_argument("--quick", action="store_true", help="less of everything: some minutes instead of an hour")
    parser.add_argument("--octets", type=int, help="of all streams together")
    parser.add_argument("--streams", type=int, nargs="+", default=[1, 8, 50])
    parser.add_argument("--files", type=int)
    parser.add_argument("--rounds", type=int, default=3, help="of streams and small files, whose medians are shown")
    parser.add_argument("--logins", type=int, default=300)
    parser.add_argument("--entries", type=int, nargs="+")
    parser.add_argument("--idle", type=int, nargs="+")
    parser.add_argument("--servers", nargs="+", default=["staffetta", "vsftpd", "proftpd", "pure-ftpd"])
    parser.add_argument("--rows", nargs="+", default=["limits", *ROWS], choices=["limits", *ROWS])
    options = parser.parse_args()
    quick = options.quick
    options.octets = options.octets or (GIB // 8 if quick else GIB)
    options.files = options.files or (800 if quick else 10_000)
    options.entries = options.entries or ([20_000] if quick else [20_000, 200_000])
    options.idle = options.idle or ([1000] if quick else [1000, 10_000])
    options.tools = (options.build / "bench").absolute()
    options.program = (options.program or options.build / "staffetta").absolute()
    return options


def start(options, peer):
    peer.start()
    if isinstance(peer, Staffetta):
        peer.make_tree(Load(options, peer, "idle", 1))


def main():
    options = parse_options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))  # the servers are ended on the way out
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    table = Table(options.servers)
    with tempfile.TemporaryDirectory(prefix="staffetta-bench-", dir="/var/tmp") as folder, contextlib.ExitStack() as stack:
        options.folder = folder
        os.chmod(folder, 0o755)
        if "limits" in options.rows:
            bench_limits(options, table)
        peers = []
        for peer in make_peers(options.servers, folder, options.program):
            stack.callback(peer.stop)
            start(options, peer)
            peers.append(peer)
        for name, bench in ROWS.items():
            if name in options.rows:
                bench(options, table, peers)
    table.print()


if __name__ == "__main__":
    sys.exit(main())
