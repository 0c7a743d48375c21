"""A mail server that takes everything and remembers it: the world outside, for tests of what is sent there.

`with Sink() as sink:` listens on sink.port; sink.open() and sink.close() as well. sink.copies counts what each
recipient got, sink.letters has (sender, recipients, octets) of each message. Recipients in sink.strangers get 550.
"""

import collections
import re
import socket
import threading

PATIENCE_S = 120


class Sink:
    def __init__(self, strangers=()):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.strangers = set(strangers)
        self.letters = []
        self.copies = collections.Counter()
        self.changed = threading.Condition()
        self.listener = None

    @property
    def route(self):
        return f'[[route]]\nto = "127.0.0.1:{self.port}"\ntls = "never"\n'

    def open(self):
        self.listener = socket.create_server(("127.0.0.1", self.port), backlog=100)
        threading.Thread(target=self.accept_all, args=(self.listener,), daemon=True).start()
        return self

    def close(self):
        self.listener.close()

    __enter__ = open

    def __exit__(self, _kind, _value, _trace):
        self.close()

    def accept_all(self, listener):
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        connection.settimeout(PATIENCE_S)
        try:
            with connection, connection.makefile("rwb") as peer:
                self.converse(peer)
        except OSError:
            pass  # the other side is gone

    def converse(self, peer):
        def say(line):
            peer.write(line.encode() + b"\r\n")
            peer.flush()

        say("220 sink.example ESMTP")
        sender, recipients = "", []
        for line in iter(peer.readline, b""):
            verb = line[:4].upper()
            path = re.search(rb"<(.*?)>", line)
            if verb == b"EHLO":
                say("250-sink.example\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 DSN")
            elif verb == b"MAIL":
                sender, recipients = path[1].decode(), []
                say("250 2.1.0 ok")
            elif verb == b"RCPT":
                if path[1].decode() in self.strangers:
                    say("550 5.1.1 nobody of that name")
                else:
                    recipients.append(path[1].decode())
                    say("250 2.1.5 ok")
            elif verb == b"DATA" and not recipients:
                say("554 5.5.1 nobody to send to")
            elif verb == b"DATA":
                say("354 go on")
                self.take(sender, recipients, self.read_text(peer))
                say("250 2.0.0 ok")
            elif verb == b"QUIT":
                say("221 2.0.0 bye")
                return
            else:
                say("250 2.0.0 ok")

    @staticmethod
    def read_text(peer):
        lines = []
        for line in iter(peer.readline, b".\r\n"):
            if not line:
                raise ConnectionResetError
            lines.append(line[1:] if line.startswith(b".") else line)
        return b"".join(lines)

    def take(self, sender, recipients, text):
        with self.changed:
            self.letters.append((sender, recipients, text))
            self.copies.update(recipients)
            self.changed.notify_all()

    def wait_for(self, condition):
        """Until condition(self) holds; it is asked anew after each message."""
        with self.changed:
            if not self.changed.wait_for(lambda: condition(self), PATIENCE_S):
                raise AssertionError(f"it never came: {len(self.letters)} messages, {sum(self.copies.values())} copies")
