"""The FTP servers that Debian packages, as peers of our client: vsftpd, proftpd and pure-ftpd.

Every server is `with Kind() as server:`, has one writable folder `server.url` and listens on
loopback; its certificate is its own authority (server.certificate).
"""

import os
import pathlib
import shutil
import subprocess
import tempfile

import harness
from peer_tools import make_certificate, make_dated_certificate, unpack_ftp_servers
from ports import free_port, wait_for_port

USER, PASSWORD = "green", "crepes and ketchup"
BUILD = pathlib.Path(os.environ.get("STAFFETTA_BUILD_DIR", pathlib.Path(harness.PROGRAM).parent)).resolve()


class Peer:
    """One server in a folder of its own; a kind says how it is configured and started, in command()."""

    certificate_name = "localhost"
    certificate_span = None  # or its first and last moment, as 20260131000000Z

    def __init__(self):
        self.root = unpack_ftp_servers(BUILD / "ftp-peers")
        self.libraries = {"LD_LIBRARY_PATH":
                          f"{self.root}/usr/lib/x86_64-linux-gnu:{self.root}/lib/x86_64-linux-gnu"}
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="ftp-peer-", dir="/tmp"))
        self.folder.chmod(0o755)
        self.home = self.folder / "home"
        (self.home / "in").mkdir(parents=True)
        self.owner = (os.getuid(), os.getgid())
        if os.geteuid() == 0:
            self.owner = (65534, 65534)  # nobody
            os.chown(self.home / "in", *self.owner)
        self.port = free_port()
        if self.certificate_span:
            make_dated_certificate(self.folder, *self.certificate_span, self.certificate_name)
        else:
            make_certificate(self.folder, self.certificate_name)
        self.certificate = self.folder / "cert.pem"
        self.url = f"ftp://{USER}:{PASSWORD.replace(' ', '%20')}@localhost:{self.port}/in/"

    def __enter__(self):
        words = [str(word) for word in self.command()]
        self.log = open(self.folder / "log", "w+")
        self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
                                        env={**os.environ, **self.libraries})
        if not wait_for_port("127.0.0.1", self.port, lambda: self.process.poll() is None):
            raise AssertionError(f"{words[0]} did not start:\n" + (self.folder / "log").read_text())
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(harness.PATIENCE_S)
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)


class Vsftpd(Peer):
    """Anonymous: named users would need PAM. It demands that TLS sessions be resumed."""

    def __init__(self):
        super().__init__()
        self.url = f"ftp://localhost:{self.port}/in/"
        self.home.chmod(0o555)
        (self.folder / "empty").mkdir()

    def command(self):
        if os.geteuid() == 0:
            shutil.chown(self.home / "in", "ftp" if _has_user("ftp") else "nobody")
        (self.folder / "vsftpd.conf").write_text(f"""listen=YES
listen_address=127.0.0.1
listen_port={self.port}
background=NO
ftp_username={"ftp" if _has_user("ftp") else "nobody"}
{"" if os.geteuid() == 0 else "run_as_launching_user=YES"}
anonymous_enable=YES
local_enable=NO
no_anon_password=YES
anon_root={self.home}
write_enable=YES
anon_upload_enable=YES
anon_mkdir_write_enable=YES
anon_other_write_enable=YES
anon_world_readable_only=NO
anon_umask=022
mdtm_write=YES
secure_chroot_dir={self.folder}/empty
seccomp_sandbox=NO
isolate=NO
isolate_network=NO
ssl_enable=YES
allow_anon_ssl=YES
force_anon_logins_ssl=NO
force_anon_data_ssl=NO
require_ssl_reuse=YES
strict_ssl_read_eof=YES
rsa_cert_file={self.folder}/cert.pem
rsa_private_key_file={self.folder}/key.pem
""")
        return [self.root / "usr/sbin/vsftpd", self.folder / "vsftpd.conf"]

    def __exit__(self, *outcome):
        self.home.chmod(0o755)
        super().__exit__(*outcome)


class Proftpd(Peer):
    """With HASH (mod_digest) and MODE Z (mod_deflate); it demands that TLS sessions be resumed."""

    def command(self):
        crypted = harness.run("openssl", "passwd", "-6", PASSWORD).stdout.strip()
        passwords = self.folder / "passwords"
        passwords.write_text(f"{USER}:{crypted}:{self.owner[0]}:{self.owner[1]}::{self.home}:/bin/sh\n")
        passwords.chmod(0o600)
        config = self.folder / "proftpd.conf"
        config.write_text(f"""ModulePath {self.root}/usr/lib/proftpd
LoadModule mod_tls.c
LoadModule mod_digest.c
LoadModule mod_deflate.c
LoadModule mod_site_misc.c
ServerType standalone
DefaultAddress 127.0.0.1
Port {self.port}
UseIPv6 off
UseReverseDNS off
PidFile {self.folder}/pid
ScoreboardFile {self.folder}/score
DelayEngine off
WtmpLog off
TransferLog none
AuthOrder mod_auth_file.c
AuthUserFile {passwords}
RequireValidShell off
{"" if os.geteuid() == 0 else f"User {_name_of(os.getuid())}"}
{"DefaultRoot ~" if os.geteuid() == 0 else ""}
AllowOverwrite on
AllowStoreRestart on
AllowRetrieveRestart on
TLSEngine on
TLSECCertificateFile {self.folder}/cert.pem
TLSECCertificateKeyFile {self.folder}/key.pem
""")
        return [self.root / "usr/sbin/proftpd", "-n", "-c", config]


class PureFtpd(Peer):
    """A virtual user in a PureDB. Its privileges cannot be given up by somebody who has none: root only.

    pure-pw chooses the cost of a hash by the memory that a log-in may take; by default one takes seconds.
    """

    def command(self):
        passwords = self.folder / "passwords"
        made = harness.run(self.root / "usr/bin/pure-pw", "useradd", USER, "-u", str(self.owner[0]), "-g",
                           str(self.owner[1]), "-d", self.home, "-f", passwords, "-F", self.folder / "users.pdb", "-m",
                           "-C", "1000", "-M", "65536",
                           text=f"{PASSWORD}\n{PASSWORD}\n", environment=self.libraries)
        assert made.returncode == 0, made.stdout + made.stderr
        return [self.root / "usr/sbin/pure-ftpd", "-l", f"puredb:{self.folder}/users.pdb", "-S",
                f"127.0.0.1,{self.port}", "-u", "1", "-H", "-Y", "1", "-2", self.folder / "both.pem", "-g",
                self.folder / "pid", "-E", "-C", "50"]


def _has_user(name):
    return any(line.startswith(name + ":") for line in pathlib.Path("/etc/passwd").read_text().splitlines())


def _name_of(uid):
    return next((line.split(":")[0] for line in pathlib.Path("/etc/passwd").read_text().splitlines()
                 if line.split(":")[2] == str(uid)), str(uid))
