"""`scripts/bench imap --only import`: a Maildir and an mbox file into a mailbox, in messages a minute.

Each server is running and does the work with its own command: `staffetta import`, `doveadm import`.
"""

import os
import pathlib
import re
import shutil
import tempfile
import time

from imap_client import Client, Words, log


def write_sources(folder, count):
    """The same messages as a Maildir and as an mbox file, which everybody may read and lock."""
    source = Words(200)
    for place in ("cur", "new", "tmp"):
        (folder / "maildir" / place).mkdir(parents=True)
    with open(folder / "mbox", "wb") as mbox:
        for number in range(count):
            octets = source.message(number).replace(b"\r\n", b"\n")
            mbox.write(b"From alice@crepes.example Thu Jan  1 00:00:00 2026\n" + octets + b"\n")
            (folder / "maildir" / "cur" / f"{1767225600 + number}.{number}.bench:2,S").write_bytes(octets)
    for path in (folder, *folder.rglob("*")):
        os.chmod(path, 0o777 if path.is_dir() else 0o666)


def messages_of(server, user):
    client = Client(server.imap_port, user)
    client.send(b"count STATUS INBOX (MESSAGES)\r\n")
    answer = client.read_until(b"count OK")
    client.close()
    return int(re.search(rb"MESSAGES (\d+)", answer).group(1))


def bench_import(table, count):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="staffetta-import-"))
    try:
        log(f"writing {count:,} messages")
        write_sources(folder, count)
        for number, form in ((5, "maildir"), (6, "mbox")):  # a user each: nothing is imported twice
            rates, cpu_ms = {}, {}
            for server in table.servers:
                there = messages_of(server, server.users[number])
                log(f"{server.name}: importing {form}")
                cpu, began = server.cpu_s(), time.monotonic()
                own_cpu_s = server.import_mail(server.users[number], form, folder / form)
                rates[server.name] = count / (time.monotonic() - began) * 60
                came = messages_of(server, server.users[number]) - there
                if came != count:
                    raise SystemExit(f"{server.name}: {came:,} of {count:,} messages came")
                cpu_ms[server.name] = (server.cpu_s() - cpu + own_cpu_s) * 1e6 / count
            table.put(f"import of {count:,} as {form}, messages a minute; CPU of 1,000", rates, cpu_ms,
                      more_is_better=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
