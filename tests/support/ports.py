"""Ports for programs that must be told theirs, and kept from everybody else.

A number that the kernel gives and takes back may be another program's before its own asks for it, or between two of
its starts. So a socket stays bound to it, listening to nothing, until the test ends: nobody who asks for any port
gets it, connections to it are refused, and a server that sets SO_REUSEADDR, as all do, may listen there.
"""

import random
import socket
import time

PATIENCE_S = 300

# Below the ports that the kernel gives by itself, and those that an FTP server chooses for its data.
_FIRST, _LAST = 20_000, 32_000
_keepers = []


def free_port(first=_FIRST, last=_LAST):
    """On every address of this machine."""
    while True:
        keeper, port = socket.socket(), random.randint(first, last)
        try:
            keeper.bind(("", port))
        except OSError:  # somebody has it, be it a socket like this one
            keeper.close()
            continue
        keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        _keepers.append(keeper)
        return port


def wait_for_port(address, port, is_alive=lambda: True):
    """Returns whether somebody listens, as soon as somebody does; or as soon as nobody will. There is no event to
    wait for in a program of others, so it is tried again."""
    end = time.monotonic() + PATIENCE_S
    while is_alive() and time.monotonic() < end:
        try:
            socket.create_connection((address, port), timeout=PATIENCE_S).close()
            return True
        except OSError:
            time.sleep(0.05)
    return False
