#!/usr/bin/env python3
"""staffetta ftp against proftpd and pure-ftpd, in clear and with TLS, active and passive."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
import ftp_peers  # noqa: E402
from ftp_client_suite import OneShot, Protected  # noqa: E402


class ActiveToProftpd(OneShot, unittest.TestCase):
    kind = ftp_peers.Proftpd
    options = ["--tls", "never", "-A"]


class TlsToProftpd(Protected, unittest.TestCase):
    kind = ftp_peers.Proftpd


class ListingsToProftpd(OneShot, unittest.TestCase):
    kind = ftp_peers.Proftpd
    options = ["--tls", "never", "--no-mlsd", "--no-epsv"]


class ClearToPureFtpd(OneShot, unittest.TestCase):
    kind = ftp_peers.PureFtpd


class TlsToPureFtpd(Protected, unittest.TestCase):
    kind = ftp_peers.PureFtpd
    test_more_parts_than_connections = None  # it says nothing of a cut, so that each costs a while


if __name__ == "__main__":
    unittest.main(verbosity=2)
