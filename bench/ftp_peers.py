"""The FTP servers that `scripts/bench ftp` measures side by side, each in a folder of its own on a loopback port.

vsftpd and proftpd serve an anonymous tree and check no password; pure-ftpd and staffetta have one account. Each
forgets nothing of its packager's settings but what a benchmark cannot work with (one client address, no delays).
"""

import contextlib
import os
import pathlib
import pwd
import signal
import subprocess
import textwrap

from peers import DOMAIN, PASSWORD, Peer, family, free_port, wait_for_port
from peer_tools import make_certificate, unpack_ftp_servers


class FtpPeer(Peer):
    """Beside what every peer has: `user`, `password`, and `tree`, the folder that clients see as "/"."""

    user, password = "anonymous", "bench@"

    def __init__(self, folder, root=None):
        super().__init__(folder, 0)
        self.port = free_port()
        self.root = root
        self.tree = self.folder / "tree"
        self.process = None
        self.command = ()

    def prepare(self):
        for name in ("tree/pub", "empty"):
            (self.folder / name).mkdir(parents=True)
        for path in (self.folder, self.tree):
            path.chmod(0o755)
        (self.tree / "pub").chmod(0o777)
        return make_certificate(self.folder)

    def run(self, *command):
        self.command = command
        environment = {**os.environ}
        if self.root:
            environment["LD_LIBRARY_PATH"] = f"{self.root}/usr/lib/x86_64-linux-gnu:{self.root}/lib/x86_64-linux-gnu"
        with open(self.folder / "log", "w") as log:
            self.process = subprocess.Popen([str(word) for word in command], stdout=log, stderr=log, env=environment)
        wait_for_port(self.port)

    def restart(self):
        """Anew on what it has: its memory tells nothing of earlier rows."""
        self.stop()
        self.run(*self.command)

    def roots(self):
        return [self.process.pid]

    def stop(self):
        """Ends the server, and what it leaves of its sessions."""
        if not self.process:
            return
        left = family(self.roots())
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for pid, stat in left.items():
            # The same process still, and not another of that number (field 22: when it was started).
            if family([pid]).get(pid, [None] * 20)[19] == stat[19]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


class Vsftpd(FtpPeer):
    name = "vsftpd"

    def start(self):
        both = self.prepare()
        config = self.folder / "vsftpd.conf"
        config.write_text(textwrap.dedent(f"""\
            listen=YES
            background=NO
            listen_address=127.0.0.1
            listen_port={self.port}
            anonymous_enable=YES
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
            rsa_cert_file={both}
            ssl_ciphers=HIGH
            max_per_ip=0
            """))
        self.run(self.root / "usr/sbin/vsftpd", config)


class Proftpd(FtpPeer):
    name = "proftpd"

    def start(self):
        self.prepare()
        config = self.folder / "proftpd.conf"
        config.write_text(textwrap.dedent(f"""\
            ModulePath {self.root}/usr/lib/proftpd
            LoadModule mod_tls.c
            ServerType standalone
            DefaultAddress 127.0.0.1
            Port {self.port}
            UseIPv6 off
            UseReverseDNS off
            UseFtpUsers off
            MaxInstances none
            PidFile {self.folder}/pid
            ScoreboardFile {self.folder}/score
            DelayEngine off
            WtmpLog off
            TransferLog none
            <IfModule mod_tls.c>
              TLSEngine on
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
        self.run(self.root / "usr/sbin/proftpd", "-n", "-c", config)


class PureFtpd(FtpPeer):
    name = "pure-ftpd"
    user, password = "bench", PASSWORD

    def start(self):
        both = self.prepare()
        passwords, database = self.folder / "passwd", self.folder / "passwords.pdb"
        # A quick hash: the server is to be measured, not Argon2. Then 18 fields, of which most say nothing.
        secret = subprocess.run(["openssl", "passwd", "-1", PASSWORD], check=True, capture_output=True, text=True).stdout.strip()
        nobody = pwd.getpwnam("nobody")
        passwords.write_text(f"{self.user}:{secret}:{nobody.pw_uid}:{nobody.pw_gid}::{self.tree}/./" + ":" * 12 + "\n")
        subprocess.run([self.root / "usr/bin/pure-pw", "mkdb", database, "-f", passwords], check=True, capture_output=True,
                       env={**os.environ, "LD_LIBRARY_PATH": str(self.root / "usr/lib/x86_64-linux-gnu")})
        self.run(self.root / "usr/sbin/pure-ftpd", "-S", f"127.0.0.1,{self.port}", "-l", f"puredb:{database}", "-c", 20000,
                 "-C", 20000, "-H", "-E", "-A", "-u", 1, "-L", "1000000:5", "-Y", 1, "-2", both, "-g", self.folder / "pid")


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

    def make_tree(self, session):
        """Its folder is made at the first login."""
        with session:
            self.tree = next((self.folder / "data/files/accounts").iterdir())
        (self.tree / "pub").mkdir()


KINDS = {kind.name: kind for kind in (Vsftpd, Proftpd, PureFtpd)}


def make_peers(names, folder, program):
    """Each server, started, with an empty /pub that clients may write."""
    root = unpack_ftp_servers(pathlib.Path("build/ftp-peers").absolute())
    for name in names:
        home = pathlib.Path(folder) / name
        yield KINDS[name](home, root) if name in KINDS else Staffetta(home, program)
