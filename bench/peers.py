"""The servers that `scripts/bench` measures side by side, each with its own defaults for durability.

Every one lives in a folder and on loopback ports of its own, is started as its packagers start it, and
is stopped by its own command. A peer offers `smtp_port`, `pop3_port`, `users`, `start()`, `stop()`,
`cpu_s()` (of all its processes, ended children included) and `rss_kib()`.
"""

import contextlib
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests/support"))
from ports import free_port  # noqa: E402

DOMAIN = "bench.example"
PASSWORD = "bench-password"
CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


def wait_for_port(port, seconds=30):
    """Returns when somebody listens; what cannot be waited for by an event is tried again."""
    end = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


def children_of():
    """{pid: [child pid]} of every process, and the fields of /proc/PID/stat behind the name."""
    tree, fields = {}, {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            text = pathlib.Path(f"/proc/{entry}/stat").read_text()
        except OSError:
            continue
        rest = text.rsplit(")", 1)[1].split()
        fields[int(entry)] = rest
        tree.setdefault(int(rest[1]), []).append(int(entry))
    return tree, fields


def family(roots):
    tree, fields = children_of()
    todo, found = [pid for pid in roots if pid in fields], {}
    while todo:
        pid = todo.pop()
        if pid not in found and pid in fields:
            found[pid] = fields[pid]
            todo += tree.get(pid, [])
    return found


def process_cpu_s(pid, stat):
    """CPU of a process, and of its children that ended and were waited for.

    /proc/PID/stat counts ticks, of which a server with a process a session never has one; schedstat counts
    nanoseconds, of threads that are there.
    """
    running = 0
    for path in pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat"):
        try:
            running += int(path.read_text().split()[0])
        except OSError:
            pass
    user, system, children_user, children_system = (int(field) for field in stat[11:15])
    return max(running / 1e9, (user + system) / CLOCK_TICKS) + (children_user + children_system) / CLOCK_TICKS


class Peer:
    name = ""

    def __init__(self, folder, users):
        self.folder = pathlib.Path(folder)
        self.users = [f"user{i}@{DOMAIN}" for i in range(users)]
        self.smtp_port = free_port()
        self.pop3_port = free_port()

    def roots(self):
        raise NotImplementedError

    def cpu_s(self):
        return sum(process_cpu_s(pid, stat) for pid, stat in family(self.roots()).items())

    def rss_kib(self):
        total = 0
        for pid in family(self.roots()):
            try:
                for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                    if line.startswith("Pss:"):  # shared pages count once
                        total += int(line.split()[1])
            except OSError:
                pass
        return total


class Staffetta(Peer):
    name = "staffetta"

    def __init__(self, folder, users, program):
        super().__init__(folder, users)
        self.program = program
        self.process = None

    def start(self):
        self.folder.mkdir(parents=True)
        config = self.folder / "staffetta.toml"
        config.write_text(textwrap.dedent(f"""\
            hostname = "mail.{DOMAIN}"
            data = "{self.folder}/data"
            [listen]
            smtp = ["127.0.0.1:{self.smtp_port}"]
            pop3 = ["127.0.0.1:{self.pop3_port}"]
            [auth]
            allow_plaintext = true
            [limits]
            connections_per_address = 0
            """))
        run = lambda *a, **k: subprocess.run([self.program, *a, "--config", config], check=True,
                                             stdout=subprocess.DEVNULL, **k)
        run("domain", "add", DOMAIN)
        for user in self.users:
            run("account", "add", user, "--password-stdin", input=PASSWORD + "\n", text=True)
        log = open(self.folder / "log", "w")
        self.process = subprocess.Popen([self.program, "serve", "--config", config], stdout=log, stderr=log)
        wait_for_port(self.smtp_port)
        wait_for_port(self.pop3_port)

    def roots(self):
        return [self.process.pid]

    def stop(self):
        if self.process:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(60)


def dovecot_basis(folder, lmtp_port):
    """What any set-up of Dovecot says here of its users, whose mail it keeps below `folder`, and of LMTP."""
    for path in (folder.parent, folder):
        os.chmod(path, 0o755)  # mkdtemp's is root's alone, and these servers run as others
    mail = folder / "mail"
    mail.mkdir()
    owner = pwd.getpwnam("mail")
    os.chown(mail, owner.pw_uid, owner.pw_gid)
    return textwrap.dedent(f"""\
        log_path = {folder}/dovecot.log
        disable_plaintext_auth = no
        auth_mechanisms = plain
        first_valid_uid = 1
        mail_max_userip_connections = 20000
        passdb {{
          driver = static
          args = password={PASSWORD}
        }}
        userdb {{
          driver = static
          args = uid={owner.pw_uid} gid={owner.pw_gid} home={mail}/%u allow_all_users=yes
        }}
        service lmtp {{
          inet_listener lmtp {{
            address = 127.0.0.1
            port = {lmtp_port}
          }}
        }}
        """)


@contextlib.contextmanager
def scratch(build):
    """A folder on the disk that the build is on, swept up at last."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="staffetta-bench-", dir=build))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def started(ours, others, users, build):
    """The servers of the kind `ours`, then of the kinds `others`, each in a folder of its own; ended and swept up at last."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="staffetta-bench-", dir=build))
    servers = [ours(folder.resolve() / "staffetta", users, (build / "staffetta").resolve())]
    servers += [other(pathlib.Path(tempfile.mkdtemp(prefix="staffetta-peer-")) / "peer", users) for other in others]
    try:
        for server in servers:
            print(f"==> starting {server.name}", file=sys.stderr, flush=True)
            server.start()
        yield servers
    finally:
        for server in servers:
            server.stop()
            shutil.rmtree(server.folder.parent, ignore_errors=True)


class PostfixDovecot(Peer):
    """Debian's Postfix, delivering by LMTP into Debian's Dovecot with Maildir."""

    name = "Postfix + Dovecot"

    def __init__(self, folder, users):
        super().__init__(folder, users)
        self.lmtp_port = free_port()
        self.pids = []
        self.dovecot = None
        self.postfix_config = None

    def start(self):
        self.folder.mkdir(parents=True)
        self.start_dovecot()
        self.start_postfix()
        wait_for_port(self.lmtp_port)
        wait_for_port(self.pop3_port)
        wait_for_port(self.smtp_port)

    def start_dovecot(self):
        basis = dovecot_basis(self.folder, self.lmtp_port)
        self.dovecot_config = self.folder / "dovecot.conf"
        self.dovecot_config.write_text(textwrap.dedent(f"""\
            base_dir = {self.folder}/dovecot-run
            state_dir = {self.folder}/dovecot-state
            protocols = lmtp pop3
            ssl = no
            mail_location = maildir:{self.folder}/mail/%u
            default_client_limit = 20000
            service pop3-login {{
              inet_listener pop3 {{
                address = 127.0.0.1
                port = {self.pop3_port}
              }}
              inet_listener pop3s {{
                port = 0
              }}
            }}
            """) + basis)
        self.dovecot = subprocess.Popen(["dovecot", "-F", "-c", self.dovecot_config])
        self.pids.append(self.dovecot.pid)

    def start_postfix(self):
        config, data, spool = (self.folder / n for n in ("postfix", "postfix-data", "spool"))
        config.mkdir()
        data.mkdir()
        spool.mkdir()
        owner = pwd.getpwnam("postfix")
        os.chown(data, owner.pw_uid, owner.pw_gid)
        (config / "main.cf").write_text(textwrap.dedent(f"""\
            compatibility_level = 3.6
            queue_directory = {spool}
            data_directory = {data}
            maillog_file = {self.folder}/postfix.log
            maillog_file_prefixes = {self.folder}
            myhostname = mail.{DOMAIN}
            mydestination =
            mynetworks = 127.0.0.0/8
            inet_interfaces = 127.0.0.1
            inet_protocols = ipv4
            alias_maps =
            alias_database =
            local_recipient_maps =
            smtpd_relay_restrictions = permit_mynetworks, reject
            smtpd_client_connection_count_limit = 0
            virtual_mailbox_domains = {DOMAIN}
            virtual_mailbox_maps = static:all
            virtual_transport = lmtp:inet:127.0.0.1:{self.lmtp_port}
            """))
        services = pathlib.Path("/etc/postfix/master.cf").read_text().splitlines()
        lines = []
        for line in services:
            if line.startswith("smtp      inet"):
                line = line.replace("smtp      inet", f"127.0.0.1:{self.smtp_port} inet").replace(" y ", " n ", 1)
            elif line and not line[0].isspace() and not line.startswith("#"):
                fields = line.split()
                fields[4] = "n"  # no chroot: the folder is a bare one
                line = " ".join(fields)
            lines.append(line)
        (config / "master.cf").write_text("\n".join(lines) + "\n")
        self.postfix_config = config
        subprocess.run(["postfix", "-c", config, "start"], check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        pid_file = spool / "pid" / "master.pid"
        self.pids.append(int(pid_file.read_text()))

    def roots(self):
        return self.pids

    def stop(self):
        if self.postfix_config:
            subprocess.run(["postfix", "-c", self.postfix_config, "stop"], check=False,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if self.dovecot:
            self.dovecot.terminate()
            self.dovecot.wait(60)


def missing_programs():
    return [p for p in ("postfix", "dovecot", "doveadm") if not shutil.which(p, path="/usr/sbin:/usr/bin:/sbin")]
