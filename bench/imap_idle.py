"""`scripts/bench imap --only idle`: the memory of sessions amid IDLE, in clear, with TLS, and compressed."""

import pathlib
import time

from imap_client import PROGRESS_S, Client, log

# A session's view sleeps after 30 s; Dovecot's sessions hibernate after 2.
SETTLE_S = 40
# A Dovecot session that is awake keeps a process of its own, and this many are allowed.
AWAKE_MAX = 1000
# It hibernates none that compresses, nor more than the kernel watches mailboxes for.
INOTIFY_MAX = pathlib.Path("/proc/sys/fs/inotify/max_user_instances")
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


def is_too_much(server, count, kind):
    if server.name != "Dovecot" or count <= AWAKE_MAX:
        return False
    if kind != "compressed" and int(INOTIFY_MAX.read_text()) > count:
        return False
    log(f"{server.name}: {count:,} {kind} sessions would not hibernate (see {INOTIFY_MAX}): left out")
    return True


def bench_idle_memory(servers, quick):
    print("\n| KiB of memory a session amid IDLE | " + " | ".join(server.name for server in servers) + " |\n"
          + "|---" * (1 + len(servers)) + "|")
    for kind in ("clear", "TLS", "compressed"):
        for count in (100, 400) if quick else (1_000, 10_000):
            cells = []
            for server in servers:
                if is_too_much(server, count, kind):
                    cells.append("")
                    continue
                server.restart()
                cost, opened = idle_kib(server, count, kind, 5 if quick else SETTLE_S)
                cells.append(f"{cost:,.1f}" + (f" ({opened:,})" if opened < count else ""))
            print(f"| {count:,} sessions, {kind} | " + " | ".join(cells) + " |", flush=True)
