"""Debian's Postfix and Exim as neighbours: each in a folder and on an address of its own, as its packagers start it.

`with Postfix("postfix.example", "127.0.0.13") as mta:` listens on mta.port; mta.routes[DOMAIN] = (ADDRESS, PORT)
before the start says where other domains' mail goes. What arrives for its own domain lies in a Maildir: mta.messages().
Both programs want to be installed as the only mail server of a machine, so exim4-daemon-light is unpacked into
build/peers instead (need_exim in scripts/common.sh).
"""

import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import tempfile
import textwrap
import time

from ports import PATIENCE_S, free_port, wait_for_port

TOP = pathlib.Path(__file__).resolve().parents[2]
EXIM = TOP / "build" / "peers" / "exim4" / "usr" / "sbin" / "exim4"


class Mta:
    user = "mail"  # who owns the Maildir

    def __init__(self, domain, address="127.0.0.1", port=None, certificate=None, key=None):
        self.domain = domain
        self.address = address
        self.port = port or free_port()
        self.certificate, self.key = certificate, key  # PEM files; None: no TLS
        self.routes = {}
        # Each has parts that run as its own user, and mkdtemp's folders are root's alone.
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="staffetta-mta-", dir="/tmp"))
        os.chmod(self.folder, 0o755)
        self.owner = pwd.getpwnam(self.user)
        self.mail = self.make_folder("mail")

    def make_folder(self, name):
        folder = self.folder / name
        folder.mkdir()
        os.chown(folder, self.owner.pw_uid, self.owner.pw_gid)
        return folder

    def copy_for_owner(self, file):
        """A certificate's key lies where only its reader gets at it."""
        copy = self.folder / pathlib.Path(file).name
        shutil.copy(file, copy)
        os.chown(copy, self.owner.pw_uid, self.owner.pw_gid)
        os.chmod(copy, 0o600)
        return copy

    def files(self):
        return sorted((self.mail / "new").glob("*"))

    def messages(self):
        """What has arrived, as octets with CRLF."""
        return [file.read_bytes().replace(b"\n", b"\r\n") for file in self.files()]

    def wait_for_message(self, marker):
        """The one that has `marker` in it, now or later."""
        end = time.monotonic() + PATIENCE_S
        while True:
            found = [message for message in self.messages() if marker in message]
            if found:
                return found[0]
            if time.monotonic() > end:
                raise AssertionError(f"{self.domain} never got {marker}\n{self.log()}")
            time.sleep(0.1)

    def __enter__(self):
        self.start()
        if not wait_for_port(self.address, self.port):
            said = self.log()
            self.__exit__()
            raise AssertionError(f"{self.name} does not listen: {said}")
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


class Postfix(Mta):
    name = "Postfix"
    user = "postfix"

    def start(self):
        config, spool = self.folder / "postfix", self.folder / "spool"
        config.mkdir()
        spool.mkdir()
        self.make_folder("data")
        self.config = config
        routes = ", ".join(f"{{{domain} = smtp:[{host}]:{port}}}" for domain, (host, port) in self.routes.items())
        text = textwrap.dedent(f"""\
            compatibility_level = 3.6
            queue_directory = {spool}
            data_directory = {self.folder}/data
            maillog_file = {self.folder}/postfix.log
            maillog_file_prefixes = {self.folder}
            myhostname = mail.{self.domain}
            mydestination =
            mynetworks = 127.0.0.0/8
            inet_interfaces = 127.0.0.1
            inet_protocols = ipv4
            alias_maps =
            alias_database =
            local_recipient_maps =
            smtpd_relay_restrictions = permit_mynetworks, reject
            smtpd_client_connection_count_limit = 0
            smtputf8_enable = yes
            disable_dns_lookups = yes
            smtp_host_lookup = native
            transport_maps = {f"inline:{{ {routes} }}" if routes else ""}
            virtual_mailbox_domains = {self.domain}
            virtual_mailbox_base = {self.folder}
            virtual_mailbox_maps = static:mail/
            virtual_uid_maps = static:{self.owner.pw_uid}
            virtual_gid_maps = static:{self.owner.pw_gid}
            virtual_minimum_uid = 1
            minimal_backoff_time = 2s
            queue_run_delay = 2s
            """)
        if self.certificate:
            text += textwrap.dedent(f"""\
                smtpd_tls_security_level = may
                smtpd_tls_cert_file = {self.certificate}
                smtpd_tls_key_file = {self.key}
                smtp_tls_security_level = encrypt
                smtp_tls_loglevel = 1
                """)
        (config / "main.cf").write_text(text)
        (config / "master.cf").write_text(self.master())
        done = subprocess.run(["postfix", "-c", config, "start"], check=False, capture_output=True, text=True)
        if done.returncode != 0:
            raise AssertionError(f"Postfix does not start: {done.stdout}{done.stderr}{self.log()}")
        self.pid = int((spool / "pid" / "master.pid").read_text())

    def master(self):
        """Debian's services on a port of our own, and no chroot: the folder is a bare one."""
        lines = []
        for line in pathlib.Path("/etc/postfix/master.cf").read_text().splitlines():
            fields = line.split()
            if not line or line[0].isspace() or line.startswith("#"):
                continue
            if fields[0] == "smtp" and fields[1] == "inet":
                fields[0] = f"{self.address}:{self.port}"
            fields[4] = "n"
            lines.append(" ".join(fields))
        return "\n".join(lines) + "\n"

    def log(self):
        file = self.folder / "postfix.log"
        return file.read_text() if file.exists() else ""

    def stop(self):
        subprocess.run(["postfix", "-c", self.config, "stop"], check=False, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)


class Exim(Mta):
    name = "Exim"
    user = "Debian-exim"
    queue_runs = "-q2s"

    def start(self):
        if not EXIM.exists():
            raise AssertionError(f"{EXIM} is not there; scripts/test unpacks it")
        self.make_folder("spool")
        self.make_folder("log")
        tls = "tls_advertise_hosts =\n"
        if self.certificate:
            tls = (f"tls_advertise_hosts = *\ntls_certificate = {self.copy_for_owner(self.certificate)}\n"
                   f"tls_privatekey = {self.copy_for_owner(self.key)}\n")
        routes = " ; ".join(f"{domain} {host}::{port}" for domain, (host, port) in self.routes.items())
        config = self.folder / "exim.conf"
        config.write_text(textwrap.dedent(f"""\
            primary_hostname = mail.{self.domain}
            exim_path = {EXIM}
            qualify_domain = {self.domain}
            exim_user = {self.user}
            exim_group = {self.user}
            spool_directory = {self.folder}/spool
            log_file_path = {self.folder}/log/%slog
            pid_file_path = {self.folder}/spool/exim.pid
            local_interfaces = {self.address}
            daemon_smtp_ports = {self.port}
            deliver_drop_privilege = true
            keep_environment =
            never_users =
            host_lookup =
            rfc1413_query_timeout = 0s
            smtp_accept_max = 0
            smtp_accept_queue_per_connection = 0
            smtp_enforce_sync = true
            dsn_advertise_hosts = *
            chunking_advertise_hosts = *
            smtputf8_advertise_hosts = *
            """) + tls + textwrap.dedent(f"""\
            acl_smtp_rcpt = check_rcpt
            begin acl
            check_rcpt:
              accept hosts = 127.0.0.0/8
              accept domains = {self.domain}
              deny message = relay not permitted
            begin routers
            away:
              driver = manualroute
              domains = ! {self.domain}
              transport = smtp
              route_list = {routes}
              host_find_failed = defer
              self = send
              no_more
            here:
              driver = accept
              transport = maildir
            begin transports
            smtp:
              driver = smtp
              allow_localhost
              hosts_try_chunking = *
              tls_tempfail_tryclear = false
              hosts_require_tls = {"*" if self.certificate else ""}
            maildir:
              driver = appendfile
              directory = {self.mail}
              create_directory
              maildir_format
              return_path_add
              user = {self.user}
              group = {self.user}
            begin retry
            * * F,5d,2s
            """))
        self.process = subprocess.Popen([EXIM, "-bdf", self.queue_runs, "-C", config], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.pid = self.process.pid

    def log(self):
        return "".join(file.read_text() for file in sorted((self.folder / "log").glob("*")))

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(PATIENCE_S)
