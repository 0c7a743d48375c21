"""A mail server that takes everything and remembers it: the world outside, for tests of what is sent there.

`with Sink() as sink:` listens on sink.port; sink.open() and sink.close() as well. sink.copies counts what each
recipient got, sink.letters has (sender, recipients, octets) of each message. Recipients in sink.strangers get 550.
A subclass may refuse more, remember otherwise and hang up: refusal(), take(), hangs_up(), go_on().
"""

import collections
import re
import socket
import threading

from ports import PATIENCE_S, free_port


class Sink:
    extensions = ["8BITMIME", "SMTPUTF8", "DSN"]

    def __init__(self, strangers=()):
        self.port = free_port()
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
        self.listener.shutdown(socket.SHUT_RDWR)  # wakes who waits in accept(), who would go on listening
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
        sender, recipients, taken = "", [], None
        for line in iter(peer.readline, b""):
            self.go_on(taken)
            taken = None
            verb = line[:4].upper()
            path = re.search(rb"<(.*?)>", line)
            if verb == b"EHLO":
                say("250-" + "\r\n250-".join(["sink.example", *self.extensions[:-1]]))
                say("250 " + self.extensions[-1])
            elif verb == b"MAIL":
                sender, recipients = path[1].decode(), []
                say("250 2.1.0 ok")
            elif verb == b"RCPT":
                refusal = self.refusal(path[1].decode())
                if not refusal:
                    recipients.append(path[1].decode())
                say(refusal or "250 2.1.5 ok")
            elif verb == b"DATA" and not recipients:
                say("554 5.5.1 nobody to send to")
            elif verb == b"DATA":
                say("354 go on")
                taken = self.take(sender, recipients, self.read_text(peer))
                if self.hangs_up():
                    return
                say("250 2.0.0 ok")
                recipients = []
            elif verb == b"QUIT":
                say("221 2.0.0 bye")
                return
            else:
                say("250 2.0.0 ok")

    @staticmethod
    def read_text(peer):
        lines = []
        for line in iter(peer.readline, b".\r\n"):
            if not line.endswith(b"\r\n"):
                raise ConnectionResetError("a part of a message is no message")
            lines.append(line[1:] if line.startswith(b".") else line)
        return b"".join(lines)

    def refusal(self, recipient):
        """The reply to a recipient who is not taken."""
        return "550 5.1.1 nobody of that name" if recipient in self.strangers else None

    def hangs_up(self):
        """Instead of the reply to a message that was taken."""
        return False

    def go_on(self, taken):
        """The other side has spoken again behind what take() gave back: it heard the reply."""

    def take(self, sender, recipients, text):
        with self.changed:
            self.letters.append((sender, recipients, text))
            self.copies.update(recipients)
            self.changed.notify_all()

    def wait_for(self, condition):
        """Until condition(self) holds; it is asked anew after each message, for as long as messages come."""
        with self.changed:
            while not condition(self):
                if self.changed.wait(PATIENCE_S):
                    continue
                raise AssertionError(f"it never came: {len(self.letters)} messages, {sum(self.copies.values())} copies")
