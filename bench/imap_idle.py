"""`scripts/bench imap --only idle`: the memory of sessions amid IDLE, in clear, with TLS, and compressed."""

import time

from imap_client import PROGRESS_S, Client, log

# A session's view sleeps after 30 s; Dovecot's sessions hibernate after 2.
SETTLE_S = 40
# Dovecot hibernates no session that compresses: each keeps its process, which this many fit in memory.
AWAKE_MAX = 1000
# A server that takes longer to let sessions in is not waited for.
OPENING_S_MAX = 180


def open_sessions(server, count, kind):
    """`count` sessions amid IDLE, or as many as came in time."""
    held, began, told = [], time.monotonic(), time.monotonic()
    for number in range(count):
        tls = kind == "TLS"
        client = Client(server.imaps_port if tls else server.imap_port, server.users[number % 10], tls)
        if kind == "compressed":
            client.compress()
        client.command("SELECT INBOX")
        client.idle()
        held.append(client)
        if time.monotonic() - told > PROGRESS_S:
            told = time.monotonic()
            log(f"{server.name}: {len(held):,} of {count:,} {kind} sessions")
        if time.monotonic() - began > OPENING_S_MAX:
            log(f"{server.name}: too slow, {len(held):,} sessions are what is measured")
            break
    return held


def idle_kib(server, count, kind, settle_s):
    """KiB a session, and how many there were."""
    # What the first sessions bring about, password hashes before all, is no cost of those that follow.
    for client in open_sessions(server, 10, kind):
        client.close()
    before = server.rss_kib()
    held = open_sessions(server, count, kind)
    time.sleep(settle_s)
    cost = (server.rss_kib() - before) / len(held)
    for client in held:
        client.close()
    return cost, len(held)


def bench_idle_memory(servers, quick):
    print("\n| KiB of memory a session amid IDLE | " + " | ".join(server.name for server in servers) + " |\n"
          + "|---" * (1 + len(servers)) + "|")
    for kind in ("clear", "TLS", "compressed"):
        for count in (100, 400) if quick else (1_000, 10_000):
            cells = []
            for server in servers:
                if kind == "compressed" and count > AWAKE_MAX and server.name == "Dovecot":
                    cells.append("")
                    continue
                server.restart()
                cost, opened = idle_kib(server, count, kind, 5 if quick else SETTLE_S)
                cells.append(f"{cost:,.1f}" + (f" ({opened:,})" if opened < count else ""))
            print(f"| {count:,} sessions, {kind} | " + " | ".join(cells) + " |", flush=True)
