"""What tests and benchmarks need to run Debian's FTP servers beside ours: certificates, and the packages.

The packages exclude one another, so none is installed: they are downloaded once and unpacked below the build's
folder.
"""

import fcntl
import shutil
import subprocess

# With the libraries that nothing else on a machine may have brought.
FTP_PACKAGES = ["vsftpd", "proftpd-core", "proftpd-mod-crypto", "pure-ftpd", "pure-ftpd-common", "libmemcached11",
                "libmemcachedutil2", "libhashkit2", "libhiredis0.14", "libwrap0", "libnsl2", "libtirpc3", "libsodium23",
                "libpcre2-posix3"]


def make_certificate(folder, name="localhost"):
    """key.pem and cert.pem, which is its own authority, and both.pem with both of them, which it returns."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                    folder / "key.pem", "-out", folder / "cert.pem", "-days", "30", "-subj", f"/CN={name}", "-addext",
                    f"subjectAltName=DNS:{name}"], check=True, capture_output=True)
    return _join(folder)


def make_dated_certificate(folder, first, last, name="localhost"):
    """The same as make_certificate, good from `first` to `last`, as 20260131000000Z."""
    (folder / "index.txt").write_text("")
    (folder / "ca.cnf").write_text(f"""[ca]
default_ca = own
[own]
database = {folder}/index.txt
new_certs_dir = {folder}
rand_serial = yes
default_md = sha256
policy = names
[names]
commonName = supplied
[extensions]
basicConstraints = critical, CA:TRUE
subjectAltName = DNS:{name}
""")
    subprocess.run(["openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                    folder / "key.pem", "-out", folder / "request.pem", "-subj", f"/CN={name}"],
                   check=True, capture_output=True)
    subprocess.run(["openssl", "ca", "-batch", "-selfsign", "-config", folder / "ca.cnf", "-extensions", "extensions",
                    "-keyfile", folder / "key.pem", "-in", folder / "request.pem", "-out", folder / "cert.pem", "-notext",
                    "-startdate", first, "-enddate", last], check=True, capture_output=True)
    return _join(folder)


def _join(folder):
    both = folder / "both.pem"
    both.write_text((folder / "key.pem").read_text() + (folder / "cert.pem").read_text())
    both.chmod(0o600)
    return both


def unpack_ftp_servers(folder):
    """The folder that stands for / of the packages; made by the first who asks, kept for the next."""
    root = folder / "root"
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # ctest runs several of us
        if not root.exists():
            making = folder / "making"
            shutil.rmtree(making, ignore_errors=True)
            # Mirrors are at times busy.
            subprocess.run(["apt-get", "-o", "Acquire::Retries=5", "download", *FTP_PACKAGES], cwd=folder, check=True,
                           stdout=subprocess.DEVNULL)
            for package in folder.glob("*.deb"):
                subprocess.run(["dpkg-deb", "-x", package, making], check=True)
            making.rename(root)
    return root
