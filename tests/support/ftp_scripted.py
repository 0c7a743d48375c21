"""An FTP server that does what a test needs and no real one does on demand: it cuts connections, and lies."""

import socket
import socketserver
import threading


class ScriptedServer:
    """`with ScriptedServer(files) as server:` serves `files` {name: octets} on loopback, in clear.

    server.cuts: each RETR and STOR takes one number away, and both connections break after so many octets.
    server.seen: the commands of all sessions, in order. server.answers: {verb: reply} instead of what it would say;
    server.greeting likewise. A subclass may answer a command itself, by reply(), and list what it likes.
    """

    greeting = "220 scripted"

    def __init__(self, files=None, answers=None, features=()):
        self.files = dict(files or {})
        self.answers = dict(answers or {})
        self.cuts = []
        self.seen = []
        self.features = ["SIZE", "MDTM", "REST STREAM", *features]
        scripted = self

        class Session(socketserver.StreamRequestHandler):
            def handle(self):
                state = {"rest": 0, "door": None}
                try:
                    scripted.serve(self.rfile, self.connection, state)
                except ConnectionError:
                    pass  # the client was killed
                if state["door"]:
                    state["door"].close()

        class Listener(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True

        self.listener = Listener(("127.0.0.1", 0), Session)
        self.port = self.listener.server_address[1]
        self.url = f"ftp://127.0.0.1:{self.port}/"

    def __enter__(self):
        threading.Thread(target=self.listener.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.shutdown()
        self.listener.server_close()

    def reply(self, verb, argument):
        """A subclass's own answer to a command, or None."""
        return self.answers.get(verb)

    def listing(self):
        return "".join(f"-rw-r--r-- 1 a b {len(octets)} Jan  1  2024 {name}\r\n"
                       for name, octets in self.files.items())

    def facts(self):
        return "".join(f"type=file;size={len(octets)};modify=20240101000000; {name}\r\n"
                       for name, octets in self.files.items())

    def serve(self, lines, connection, state):
        self.say(connection, self.greeting)
        for line in lines:
            text = line.decode().rstrip("\r\n")
            self.seen.append(text)
            verb, _, argument = text.partition(" ")
            own = self.reply(verb.upper(), argument)
            if own is not None:
                self.say(connection, own)
            elif not self.obey(connection, state, verb.upper(), argument):
                return

    def obey(self, connection, state, verb, argument):
        """False: the session is over."""
        name = argument.rsplit("/", 1)[-1]
        simple = {"USER": "331 password", "PASS": "230 in", "TYPE": "200 ok", "PWD": '257 "/" is here', "NOOP": "200 ok",
                  "ABOR": "226 nothing to abort", "MKD": "257 made", "CWD": "250 there", "DELE": "250 gone",
                  "FEAT": "211-Features\r\n" + "".join(f" {f}\r\n" for f in self.features) + "211 End"}
        if verb in simple:
            self.say(connection, simple[verb])
        elif verb == "QUIT":
            self.say(connection, "221 bye")
            return False
        elif verb in ("SIZE", "MDTM") and name in self.files:
            self.say(connection, f"213 {len(self.files[name])}" if verb == "SIZE" else "213 20240101000000")
        elif verb == "EPSV":
            if state["door"]:
                state["door"].close()
            state["door"] = socket.create_server(("127.0.0.1", 0))
            self.say(connection, f"229 come (|||{state['door'].getsockname()[1]}|)")
        elif verb == "REST":
            state["rest"] = int(argument)
            self.say(connection, "350 go on")
        elif verb in ("LIST", "MLSD", "RETR", "STOR", "APPE") and (verb != "RETR" or name in self.files):
            return self.transfer(connection, state, verb, name)
        else:
            self.say(connection, "550 no" if verb in ("SIZE", "MDTM", "RETR") else "502 not here")
        return True

    def transfer(self, connection, state, verb, name):
        listings = {"LIST": self.listing, "MLSD": self.facts}
        cut = self.cuts.pop(0) if self.cuts and verb not in listings else None
        rest, state["rest"] = state["rest"], 0
        self.say(connection, "150 here it comes")
        data, _ = state["door"].accept()
        with data:
            if verb in ("STOR", "APPE"):
                before = self.files.get(name, b"") if verb == "APPE" else b""
                self.files[name] = before + self.receive(data, cut)
            else:
                octets = listings[verb]().encode() if verb in listings else self.files[name][rest:]
                data.sendall(octets if cut is None else octets[:cut])
        if cut is not None:
            connection.shutdown(socket.SHUT_RDWR)
            return False
        self.say(connection, "226 done")
        return True

    @staticmethod
    def receive(data, cut):
        octets = b""
        while cut is None or len(octets) < cut:
            got = data.recv(65536 if cut is None else min(65536, cut - len(octets)))
            if not got:
                break
            octets += got
        return octets

    @staticmethod
    def say(connection, text):
        connection.sendall(text.encode() + b"\r\n")
