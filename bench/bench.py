#!/usr/bin/env python3
"""scripts/bench smtp|pop3|idle: staffetta beside Debian's Postfix and Dovecot, in one run on one machine.

Each server keeps its default durability. Rounds alternate between the servers, so that a noisy machine
disturbs both; the table shows medians. A message counts when it can be seen in its mailbox by POP3.
"""

import argparse
import concurrent.futures
import pathlib
import poplib
import re
import socket
import statistics
import subprocess
import sys
import time

import peers

USERS = 10


def message_count(peer, user):
    drop = poplib.POP3("127.0.0.1", peer.pop3_port, timeout=60)
    drop.user(user)
    drop.pass_(peers.PASSWORD)
    count = drop.stat()[0]
    drop.quit()
    return count


def visible(peer):
    with concurrent.futures.ThreadPoolExecutor(USERS) as pool:
        return sum(pool.map(lambda user: message_count(peer, user), peer.users))


def load(tools, peer, connections, messages, octets):
    """Runs the load to its end; returns its own figures: p50 and p99 of the final 250 in ms."""
    done = subprocess.run(
        [tools / "smtp_load", "127.0.0.1", str(peer.smtp_port), str(connections), str(messages), str(octets),
         "alice@crepes.example", ",".join(peer.users)],
        check=True, capture_output=True, text=True, timeout=600)
    figures = {key: float(value) for key, value in re.findall(r"(\w+)=([\d.]+)", done.stdout)}
    return figures["p50_ms"], figures["p99_ms"]


def smtp_round(tools, peer, connections, messages, octets):
    before, cpu = visible(peer), peer.cpu_s()
    start = time.monotonic()
    p50, p99 = load(tools, peer, connections, messages, octets)
    while visible(peer) < before + messages:
        if time.monotonic() - start > 300:
            raise SystemExit(f"{peer.name}: messages do not arrive")
        time.sleep(0.02)
    seconds = time.monotonic() - start
    if visible(peer) != before + messages:
        raise SystemExit(f"{peer.name}: more messages arrived than were sent")
    return {"rate": messages / seconds, "p50": p50, "p99": p99, "cpu": (peer.cpu_s() - cpu) / messages * 1000}


def median(rounds, key):
    return statistics.median(r[key] for r in rounds)


def bench_smtp(options, tools, servers):
    print("| octets | connections | server | messages/s | p50 ms | p99 ms | CPU s per 1,000 |")
    print("|---|---|---|---|---|---|---|")
    for octets in options.octets:
        for connections in options.connections:
            results = {server.name: [] for server in servers}
            for _ in range(options.rounds):
                for server in servers:
                    # About as long for each: a second or two.
                    scale = 12 if isinstance(server, peers.Staffetta) else 1
                    messages = max(connections, min(200, 40 + 10 * connections)) * scale
                    results[server.name].append(smtp_round(tools, server, connections, messages, octets))
            for server in servers:
                r = results[server.name]
                print(f"| {octets:,} | {connections} | {server.name} | {median(r, 'rate'):,.0f} | {median(r, 'p50'):.1f} "
                      f"| {median(r, 'p99'):.1f} | {median(r, 'cpu'):.3f} |", flush=True)


def bench_pop3(options, tools, servers):
    print("| octets | server | messages | MB/s | CPU s per 1,000 messages |")
    print("|---|---|---|---|---|")
    for octets in options.octets:
        results = {server.name: [] for server in servers}
        for server in servers:
            user, others = server.users[0], server.users
            server.users = [user]  # one maildrop of a thousand
            drop = poplib.POP3("127.0.0.1", server.pop3_port)
            drop.user(user)
            drop.pass_(peers.PASSWORD)
            for number in range(1, drop.stat()[0] + 1):
                drop.dele(number)
            drop.quit()
            smtp_round(tools, server, 10, 1000, octets)
            server.users = others
        for _ in range(options.rounds):
            for server in servers:
                cpu = server.cpu_s()
                done = subprocess.run([tools / "pop3_load", "127.0.0.1", str(server.pop3_port), server.users[0],
                                       peers.PASSWORD], check=True, capture_output=True, text=True, timeout=600)
                figures = {k: float(v) for k, v in re.findall(r"(\w+)=([\d.]+)", done.stdout)}
                results[server.name].append({"rate": figures["mb_per_s"], "cpu": server.cpu_s() - cpu})
        for server in servers:
            r = results[server.name]
            print(f"| {octets:,} | {server.name} | 1,000 | {median(r, 'rate'):,.0f} | {median(r, 'cpu'):.3f} |", flush=True)


def idle_cost(server, port, count):
    before = server.rss_kib()
    held = []
    for _ in range(count):
        connection = socket.create_connection(("127.0.0.1", port))
        connection.recv(512)  # the greeting
        held.append(connection)
    cost = (server.rss_kib() - before) / count
    for connection in held:
        connection.close()
    return cost


def bench_idle(_options, _tools, servers):
    print("| server | protocol | idle connections | KiB each |")
    print("|---|---|---|---|")
    for server in servers:
        # Postfix and Dovecot keep a process a connection and a hundred processes at most.
        counts = (90, 4000) if isinstance(server, peers.Staffetta) else (90,)
        for protocol, port in (("SMTP", server.smtp_port), ("POP3", server.pop3_port)):
            for count in counts:
                print(f"| {server.name} | {protocol} | {count:,} | {idle_cost(server, port, count):,.1f} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["smtp", "pop3", "idle"])
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("build/release"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=lambda t: [int(x) for x in t.split(",")], default=[1, 10, 50, 200])
    parser.add_argument("--octets", type=lambda t: [int(x) for x in t.split(",")], default=[4096, 102400])
    parser.add_argument("--alone", action="store_true", help="staffetta only")
    options = parser.parse_args()
    if not options.alone and peers.missing_programs():
        sys.exit(f"not installed: {', '.join(peers.missing_programs())} (scripts/bench installs them)")
    others = [] if options.alone else [peers.PostfixDovecot]
    with peers.started(peers.Staffetta, others, USERS, options.build) as servers:
        for server in servers:
            visible(server)  # the first log-in of each user costs a password hash; later ones do not
        {"smtp": bench_smtp, "pop3": bench_pop3, "idle": bench_idle}[options.what](
            options, options.build / "bench", servers)


if __name__ == "__main__":
    main()
