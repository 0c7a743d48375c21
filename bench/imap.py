#!/usr/bin/env python3
"""scripts/bench imap: staffetta beside Debian's Dovecot in its fastest set-up, in one run on one machine.

The same generated messages lie in the same mailboxes of both. Rounds alternate between the servers; the
table shows medians in milliseconds, and CPU milliseconds of all processes of a server. Each figure is from
the command's first octet to its tagged OK. "Cold" is the first SELECT after the server was started anew; what the
kernel has cached stays, for both. --large measures staffetta alone on a million messages in one mailbox; a
server that is alone is also asked for the memory it held at most amid each row.
"""

import argparse
import itertools
import pathlib
import re
import resource
import select
import shutil
import socket
import statistics
import subprocess
import sys
import time

import imap_peers
import peers
from imap_client import RARE, Client, Talker, append_command, fill, log
from imap_idle import bench_idle_memory
from imap_import import bench_import

USERS = 12  # the first two have the mailboxes that are measured, the others take what is appended
IN_A_ROW = 50  # so often a short command is measured, one right after the other
SLOW_MS = 3000  # what takes longer is measured once


def digits(value):
    """A figure with as many digits as say something."""
    return f"{value:,.0f}" if value >= 100 else f"{value:,.1f}" if value >= 10 else f"{value:,.2f}"


class Table:
    """Measures what is asked of each server in turn and prints a row."""

    def __init__(self, servers, rounds):
        self.servers, self.rounds = servers, rounds
        names = [server.name for server in servers]
        heads = ["", *(f"{name} ms" for name in names), "times" if len(names) > 1 else "peak MiB",
                 *(f"{name} CPU ms" for name in names)]
        print("| " + " | ".join(heads) + " |\n" + "|---" * len(heads) + "|")

    def row(self, what, act, before=None, rounds=None, times=1):
        """`act(server)` is measured, after `before(server)`; it may give its own milliseconds. What it does several
        `times`, one right after the other, is shown for one: a single short one measures how long the cores slept."""
        took = {server.name: [] for server in self.servers}
        cpu_ms = {server.name: [] for server in self.servers}
        log(what)
        for _ in range(rounds or self.rounds):
            for server in self.servers:
                if took[server.name] and took[server.name][0] > SLOW_MS:
                    continue
                if before:
                    before(server)
                self.servers[0].forget_peak()
                cpu, began = server.cpu_s(), time.monotonic()
                own = act(server)
                took[server.name].append((time.monotonic() - began) * 1000 / times if own is None else own)
                cpu_ms[server.name].append((server.cpu_s() - cpu) * 1000 / times)
        self.put(what, {name: statistics.median(all_) for name, all_ in took.items()},
                 {name: statistics.mean(all_) for name, all_ in cpu_ms.items()})

    def put(self, what, values, cpu_ms, more_is_better=False):
        mine, *others = values.values()
        if not others:
            third = f"{self.servers[0].peak_mib():,.0f}"
        elif more_is_better:
            third = f"{mine / others[0]:,.1f}"
        else:
            # What happens before it is waited for is no number of times faster.
            third = f"{others[0] / mine:,.1f}" if mine > 0 else ""
        cells = [what, *map(digits, values.values()), third, *map(digits, cpu_ms.values())]
        print("| " + " | ".join(cells) + " |", flush=True)


class MailboxRows:
    """The rows about one user's INBOX of `count` messages."""

    def __init__(self, table, tools, user, count):
        self.table, self.tools, self.user, self.count = table, tools, user, count
        self.clients = {}

    def connect(self, server):
        client = self.clients.get(server.name)
        if client:
            client.close()
        self.clients[server.name] = Talker(self.tools, server.imap_port, self.user)
        self.clients[server.name].command("NOOP")  # it is logged in

    def ask(self, what, words, before=None, times=1):
        def act(server):
            return self.clients[server.name].commands([words] * times)
        self.table.row(f"{self.count:,}: {what}", act, before, times=times)

    def selecting(self):
        def restart(server):
            server.restart()
            self.connect(server)

        self.ask("SELECT, cold", "SELECT INBOX", before=restart)
        self.ask("SELECT, warm, of a new connection", "SELECT INBOX", before=self.connect)
        self.ask("SELECT, warm", "SELECT INBOX", times=IN_A_ROW)

    def fetching(self, bodies):
        last = min(self.count, 10_000)
        self.ask("FETCH 1:* (FLAGS UID)", "FETCH 1:* (FLAGS UID)")
        for item in ("ENVELOPE", "BODYSTRUCTURE", "BODY.PEEK[HEADER.FIELDS (FROM SUBJECT DATE)]"):
            self.ask(f"FETCH 1:{last} {item}", f"FETCH 1:{last} {item}")
        if bodies:
            self.ask(f"FETCH 1:{last} BODY.PEEK[]", f"FETCH 1:{last} BODY.PEEK[]")

    def searching(self):
        self.ask("UID SEARCH SUBJECT, a rare word", f"UID SEARCH SUBJECT {RARE}")
        self.ask("UID SEARCH BODY, a rare word", f"UID SEARCH BODY {RARE}")
        self.ask("UID SEARCH UNSEEN", "UID SEARCH UNSEEN")

    def storing(self):
        def unmark(server):
            self.clients[server.name].command("STORE 1:* -FLAGS.SILENT (\\Flagged)")
        self.ask("STORE 1:* +FLAGS.SILENT", "STORE 1:* +FLAGS.SILENT (\\Flagged)", before=unmark)
        self.ask("STORE 1:* +FLAGS", "STORE 1:* +FLAGS (\\Flagged)", before=unmark)
        unread = {server.name: itertools.count(1) for server in self.table.servers}
        self.table.row(f"{self.count:,}: STORE of one", lambda server: self.clients[server.name].commands(
            [f"STORE {next(unread[server.name])} +FLAGS (\\Answered)" for _ in range(IN_A_ROW)]), times=IN_A_ROW)

    def changing_one(self):
        numbers = itertools.count(1)  # what is there already would not be written again
        self.table.row(f"{self.count:,}: APPEND of one, selected", lambda server: self.clients[server.name].commands(
            [append_command("INBOX", [b"Subject: one\r\n\r\none, number %d\r\n" % next(numbers)])
             for _ in range(IN_A_ROW)]), times=IN_A_ROW)
        first = {server.name: self.count + (self.table.rounds - 1) * IN_A_ROW for server in self.table.servers}

        def mark_last(server):
            self.clients[server.name].command(f"STORE {first[server.name] + 1}:* +FLAGS.SILENT (\\Deleted)")
            first[server.name] -= IN_A_ROW
        self.ask("UID EXPUNGE of the last", "UID EXPUNGE *", before=mark_last, times=IN_A_ROW)

    def carrying(self):
        """COPY, MOVE and EXPUNGE, each round in mailboxes of its own."""
        rounds = iter(range(1, 1000))
        names = {}

        def make(server):
            names[server.name] = number = next(rounds)
            for name in ("copy", "move"):
                self.clients[server.name].command(f"CREATE {name}{number}")

        def open_copy(server):
            self.clients[server.name].command(f"SELECT copy{names[server.name]}")

        def move(server):
            self.clients[server.name].command(f"MOVE 1:* move{names[server.name]}")

        self.table.row(f"{self.count:,}: COPY 1:*",
                       lambda server: self.clients[server.name].command(f"COPY 1:* copy{names[server.name]}"),
                       make)

        def fill_again(server):
            client = self.clients[server.name]
            client.command("SELECT INBOX")
            make(server)
            client.command(f"COPY 1:* copy{names[server.name]}")
            open_copy(server)

        self.table.row(f"{self.count:,}: MOVE 1:*", move, fill_again)

        def mark_half(server):
            fill_again(server)
            half = ",".join(str(number) for number in range(1, self.count + 1, 2))
            self.clients[server.name].command(f"STORE {half} +FLAGS.SILENT (\\Deleted)")

        self.table.row(f"{self.count:,}: EXPUNGE of half", lambda server: self.clients[server.name].command(
            "EXPUNGE"), mark_half)
        for server in self.table.servers:
            self.clients[server.name].command("SELECT INBOX")

    def close(self):
        for client in self.clients.values():
            client.close()
        self.clients.clear()


def run_load(tools, server, mode, sessions, count, users, *more):
    done = subprocess.run([tools / "imap_load", mode, "127.0.0.1", str(server.imap_port), str(sessions), str(count),
                           peers.PASSWORD, ",".join(users), *(str(word) for word in more)],
                          check=True, capture_output=True, text=True, timeout=600)
    return float(re.search(r"rate=([\d.]+)", done.stdout).group(1))


def bench_rates(table, tools, scale):
    """Rows of things a second; CPU is a thousand operations'."""
    def rate(what, act, count):
        rates = {server.name: [] for server in table.servers}
        cpu_ms = {server.name: [] for server in table.servers}
        for _ in range(table.rounds):
            for server in table.servers:
                cpu = server.cpu_s()
                rates[server.name].append(act(server))
                cpu_ms[server.name].append((server.cpu_s() - cpu) * 1000 / count * 1000)
        table.put(what, {n: statistics.median(r) for n, r in rates.items()},
                  {n: statistics.mean(c) for n, c in cpu_ms.items()}, more_is_better=True)

    # The first log-in of each user costs a password hash; later ones do not.
    for server in table.servers:
        for user in server.users:
            Client(server.imap_port, user).close()
    count = 2000 // scale
    for sessions in (1, 10):
        rate(f"log-ins a second, {sessions} at a time; CPU of 1,000",
             lambda server, n=sessions: run_load(tools, server, "login", n, count, server.users[2:]), count)
    for sessions in (1, 10):
        rate(f"APPEND of 4 KiB a second, {sessions} sessions; CPU of 1,000",
             lambda server, n=sessions: run_load(tools, server, "append", n, count, server.users[2:], 4096, "INBOX"),
             count)

    # Other messages each time: those that are there already would not be written again.
    rounds = {server.name: itertools.count(100) for server in table.servers}

    def multiappend(server):
        return fill(server, server.users[2], count, 500, next(rounds[server.name]))
    rate("MULTIAPPEND of 4 KiB messages, messages a second; CPU of 1,000", multiappend, count)


def deliver(server, user, number):
    """One message by LMTP; gives when its 250 was here."""
    def expect(code):
        line = lines.readline()
        while line[3:4] == b"-":
            line = lines.readline()
        if not line.startswith(code):
            raise SystemExit(f"LMTP: {line}")
    peer = socket.create_connection(("127.0.0.1", server.deliver_port))
    lines = peer.makefile("rb")
    expect(b"220")
    for words in ("LHLO bench", "MAIL FROM:<alice@crepes.example>", f"RCPT TO:<{user}>"):
        peer.sendall(words.encode() + b"\r\n")
        expect(b"250")
    peer.sendall(b"DATA\r\n")
    expect(b"354")
    peer.sendall(f"Subject: news {number}\r\n\r\nhello\r\n.\r\n".encode())
    return peer, lines, expect


def bench_idle_notice(table, scale):
    """From the 250 of LMTP to the EXISTS of a session amid IDLE, less than nothing where that comes first."""
    clients = {}
    for server in table.servers:
        clients[server.name] = client = Client(server.imap_port, server.users[3])
        client.command("SELECT INBOX")
        client.idle()

    def act(server):
        peer, _, _ = deliver(server, server.users[3], 0)
        idle = clients[server.name].connection
        seen, told = {}, b""
        while len(seen) < 2:
            readable = select.select([peer, idle], [], [], 60)[0]
            if not readable:
                raise SystemExit(f"{server.name}: no EXISTS within a minute")
            for ready in readable:
                octets = ready.recv(65536)
                told += octets if ready is idle else b""
                if ready is peer or b"EXISTS" in told:
                    seen.setdefault(ready, time.monotonic())
        peer.close()
        return (seen[idle] - seen[peer]) * 1000

    table.row("LMTP 250 to EXISTS amid IDLE", act, rounds=max(3, 31 // scale))
    for client in clients.values():
        client.close()


def bench_mailbox(table, tools, user, count, words, is_small):
    for server in table.servers:
        log(f"{server.name}: filling a mailbox with {count:,} messages")
        rate = fill(server, user, count, words)
        log(f"{server.name}: {rate:,.0f} messages a second")
        began = time.monotonic()
        server.settle()
        log(f"{server.name}: settled after {time.monotonic() - began:,.1f} s")
    rows = MailboxRows(table, tools, user, count)
    rows.selecting()
    rows.fetching(bodies=is_small)
    rows.searching()
    rows.storing()
    rows.changing_one()
    if is_small:
        rows.carrying()
    rows.close()


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("build/release"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--small", type=int, default=10_000)
    parser.add_argument("--middle", type=int, default=100_000)
    parser.add_argument("--large", type=int, nargs="?", const=1_000_000, metavar="MESSAGES",
                        help="a million messages, or so many, in one mailbox; staffetta only")
    parser.add_argument("--alone", action="store_true", help="staffetta only")
    parser.add_argument("--synced", action="store_true", help="beside a Dovecot that syncs whatever it answers")
    parser.add_argument("--quick", action="store_true", help="small mailboxes and one round: does it run?")
    parser.add_argument("--only", choices=["mailboxes", "rates", "idle", "import"])
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.small, options.middle = 1, 1000, 5000
    options.alone = options.alone or bool(options.large)
    return options


def run(options, servers, tools):
    table = Table(servers, options.rounds)
    if options.large:
        bench_mailbox(table, tools, servers[0].users[1], options.large, 40, is_small=False)
        return
    scale = 10 if options.quick else 1
    if options.only in (None, "mailboxes"):
        bench_mailbox(table, tools, servers[0].users[0], options.small, 200, is_small=True)
        bench_mailbox(table, tools, servers[0].users[1], options.middle, 200, is_small=False)
    if options.only in (None, "rates"):
        bench_rates(table, tools, scale)
        bench_idle_notice(table, scale)
    if options.only in (None, "import"):
        bench_import(table, 30_000 // scale)
    if options.only in (None, "idle"):
        bench_idle_memory(servers, options.quick)


def main():
    options = parse_options()
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    missing = [] if options.alone else [p for p in ("dovecot", "doveadm") if not shutil.which(p, path="/usr/sbin:/usr/bin")]
    if missing:
        sys.exit(f"not installed: {', '.join(missing)} (scripts/bench installs them)")
    dovecot = imap_peers.SyncingDovecot if options.synced else imap_peers.Dovecot
    others = [] if options.alone else [dovecot]
    with peers.started(imap_peers.Staffetta, others, USERS, options.build) as servers:
        run(options, servers, options.build / "bench")


if __name__ == "__main__":
    main()
