#!/usr/bin/env python3
"""staffetta ftp against vsftpd and our own server, in clear and with TLS, active and passive."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
import ftp_peers  # noqa: E402
from ftp_client_suite import OneShot, OwnServer, Protected  # noqa: E402


class ClearToVsftpd(OneShot, unittest.TestCase):
    kind = ftp_peers.Vsftpd


class ActiveToVsftpd(OneShot, unittest.TestCase):
    kind = ftp_peers.Vsftpd
    options = ["--tls", "never", "-A", "--no-epsv"]


class TlsToVsftpd(Protected, unittest.TestCase):
    kind = ftp_peers.Vsftpd


class ActiveToOurs(OneShot, unittest.TestCase):
    kind = OwnServer
    options = ["--tls", "never", "-A"]


class TlsToOurs(Protected, unittest.TestCase):
    kind = OwnServer


if __name__ == "__main__":
    unittest.main(verbosity=2)
