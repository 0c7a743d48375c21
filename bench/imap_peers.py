"""The servers of `scripts/bench imap`: staffetta, and Debian's Dovecot as its people tune it.

Beside what peers.Peer offers each has `imap_port`, `imaps_port`, `restart()`, and `deliver_port`, which
takes mail by LMTP. settle() returns when what a server does in the background for new mail is done.
"""

import pathlib
import re
import resource
import signal
import subprocess
import textwrap

from ftp_peers import make_certificate
from peers import DOMAIN, PASSWORD, Peer, dovecot_basis, free_port, wait_for_port


class ImapPeer(Peer):
    def __init__(self, folder, users):
        super().__init__(folder, users)
        self.imap_port, self.imaps_port, self.deliver_port = free_port(), free_port(), free_port()
        self.process = None

    def prepare(self):
        """What is done once, before the first run()."""
        raise NotImplementedError

    def run(self):
        raise NotImplementedError

    def start(self):
        self.folder.mkdir(parents=True)
        make_certificate(self.folder)
        self.prepare()
        self.run()

    def wait_until_it_listens(self):
        for port in (self.imap_port, self.imaps_port, self.deliver_port):
            wait_for_port(port)

    def restart(self):
        self.stop()
        self.run()

    def settle(self):
        pass

    def import_mail(self, user, form, path):
        """Into INBOX, by a command that ends when all is there; gives the CPU seconds of that command."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.run_import(user, form, path)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    def run_import(self, user, form, path):
        raise NotImplementedError

    def forget_peak(self):
        """peak_mib() is of what comes from now on."""
        pathlib.Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")

    def peak_mib(self):
        """The most memory that its first process held."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+)", status).group(1)) / 1024

    def roots(self):
        return [self.process.pid]

    def stop(self):
        if self.process:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(120)
            self.process = None


class Staffetta(ImapPeer):
    name = "staffetta"

    def __init__(self, folder, users, program):
        super().__init__(folder, users)
        self.program = program
        self.config = self.folder / "staffetta.toml"

    def prepare(self):
        self.config.write_text(textwrap.dedent(f"""\
            hostname = "mail.{DOMAIN}"
            data = "{self.folder}/data"
            [listen]
            imap = ["127.0.0.1:{self.imap_port}"]
            imaps = ["127.0.0.1:{self.imaps_port}"]
            lmtp = ["127.0.0.1:{self.deliver_port}"]
            [tls]
            certificate = "{self.folder}/cert.pem"
            key = "{self.folder}/key.pem"
            [auth]
            allow_plaintext = true
            [limits]
            connections = 20000
            connections_per_address = 0
            """))
        self.administer("domain", "add", DOMAIN)
        for user in self.users:
            self.administer("account", "add", user, "--password-stdin", words=PASSWORD + "\n")

    def administer(self, *arguments, words=None):
        return subprocess.run([self.program, *arguments, "--config", self.config], input=words, text=True, check=True,
                              capture_output=True).stdout

    def settle(self):
        # A running server takes its time, so as not to be in the way; this does not.
        self.stop()
        self.administer("check", "--rebuild-index")
        self.run()

    def run_import(self, user, form, path):
        mailbox = ["--mailbox", "INBOX"] if form == "mbox" else []
        self.administer("import", path, "--account", user, *mailbox)

    def run(self):
        log = open(self.folder / "log", "a")
        self.process = subprocess.Popen([self.program, "serve", "--config", self.config], stdout=log, stderr=log)
        self.wait_until_it_listens()


class Dovecot(ImapPeer):
    """mdbox, log-in processes that serve for ever, mail processes that are used again, hibernation for IDLE."""

    name = "Dovecot"
    fsync = "optimized"  # Debian's: messages before their OK, flags and removals some time later

    def prepare(self):
        basis = dovecot_basis(self.folder, self.deliver_port)
        self.config = self.folder / "dovecot.conf"
        self.config.write_text(textwrap.dedent(f"""\
            base_dir = {self.folder}/run
            state_dir = {self.folder}/state
            protocols = lmtp imap
            ssl = yes
            ssl_cert = <{self.folder}/cert.pem
            ssl_key = <{self.folder}/key.pem
            mail_location = mdbox:%h/mdbox
            mail_fsync = {self.fsync}
            imap_max_line_length = 128k
            imap_hibernate_timeout = 2s
            default_client_limit = 19000
            default_process_limit = 12000
            default_vsz_limit = 2G
            service imap-login {{
              service_count = 0
              process_min_avail = 2
              process_limit = 2
              inet_listener imap {{
                address = 127.0.0.1
                port = {self.imap_port}
              }}
              inet_listener imaps {{
                address = 127.0.0.1
                port = {self.imaps_port}
                ssl = yes
              }}
            }}
            service imap {{
              service_count = 1000
              process_min_avail = 2
              unix_listener imap-master {{
                user = $default_internal_user
              }}
            }}
            service imap-hibernate {{
              unix_listener imap-hibernate {{
                mode = 0666
              }}
            }}
            """) + basis)

    def run_import(self, user, form, path):
        source = f"maildir:{path}" if form == "maildir" else f"mbox:{path.parent}:INBOX={path}"
        subprocess.run(["doveadm", "-c", self.config, "import", "-u", user, f"{source}:INDEX=MEMORY", "", "mailbox",
                        "INBOX", "all"], check=True)

    def run(self):
        self.process = subprocess.Popen(["dovecot", "-F", "-c", self.config])
        self.wait_until_it_listens()


class SyncingDovecot(Dovecot):
    """The same, with flags and removals on the disk too before they are answered, as staffetta has them."""

    name = "Dovecot, syncing"
    fsync = "always"
