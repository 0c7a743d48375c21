#!/usr/bin/env python3
"""A DNS server for tests: answers over UDP and TCP on loopback from a few lines of text, faults included.

    dns_server.py ZONE-FILE      prints its port, then each question as it comes; ends with its standard input

A line of the zone is "NAME TYPE DATA"; "#" begins a comment.
    crepes.example       MX     10 mail.crepes.example
    mail.crepes.example  A      192.0.2.1
    www.crepes.example   CNAME  mail.crepes.example
    crepes.example       TXT    v=spf1 -all
    _25._tcp.mail.crepes.example TLSA 03 01 01 ab cd       (octets)
and for a whole name
    slow.example         DELAY 7s      until any answer
    away.example         TIMEOUT       never an answer
    broken.example       SERVFAIL      or REFUSED
    long.example         TRUNCATE      over UDP: ask again over TCP
    twice.example        DROP 1        the first question of a name is lost
    signed.example       SIGN          this zone is signed; its key goes to ZONE-FILE.anchor
    forged.signed.example FORGE        its signatures are wrong

It answers as a recursive resolver does, so that whoever forwards to it needs nothing else. Of DNSSEC it knows
positive answers and the key itself (RFC 4034, ECDSA P-256), enough to be believed or caught.
"""

import base64
import ipaddress
import os
import pathlib
import select
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28, "DS": 43, "RRSIG": 46,
         "DNSKEY": 48, "TLSA": 52}
NAMES = {number: name for name, number in TYPES.items()}
FAULTS = {"DELAY", "TIMEOUT", "SERVFAIL", "REFUSED", "TRUNCATE", "DROP", "SIGN", "FORGE"}
TTL_S = 3600
RCODES = {"SERVFAIL": 2, "NXDOMAIN": 3, "REFUSED": 5}
ALGORITHM = 13  # ECDSAP256SHA256


def wire_name(name):
    labels = [label.encode() for label in name.split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def read_name(octets, at):
    labels = []
    while octets[at]:
        labels.append(octets[at + 1:at + 1 + octets[at]].decode("latin-1").lower())
        at += 1 + octets[at]
    return ".".join(labels), at + 1


def wire_data(kind, data):
    if kind in ("A", "AAAA"):
        return ipaddress.ip_address(data).packed
    if kind in ("CNAME", "PTR", "NS"):
        return wire_name(data)
    if kind == "MX":
        preference, host = data.split()
        return struct.pack("!H", int(preference)) + wire_name(host)
    if kind == "TXT":
        text = data.encode()
        pieces = [text[i:i + 255] for i in range(0, len(text), 255)] or [b""]
        return b"".join(bytes([len(piece)]) + piece for piece in pieces)
    return bytes(int(octet, 16) for octet in data.split())


class Key:
    """A zone's only key, made and used by openssl(1)."""

    def __init__(self, zone):
        self.zone = zone
        self.file = tempfile.NamedTemporaryFile(suffix=".pem")
        self.openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", self.file.name)
        point = self.openssl("pkey", "-in", self.file.name, "-pubout", "-outform", "DER")[-64:]
        self.data = struct.pack("!HBB", 257, 3, ALGORITHM) + point
        total = sum(octet << 8 if i % 2 == 0 else octet for i, octet in enumerate(self.data))
        self.tag = (total + (total >> 16)) & 0xffff  # RFC 4034 appendix B

    @staticmethod
    def openssl(*arguments, text=b""):
        return subprocess.run(["openssl", *arguments], input=text, capture_output=True, check=True).stdout

    def anchor(self):
        return f"{self.zone}. IN DNSKEY 257 3 {ALGORITHM} {base64.b64encode(self.data[4:]).decode()}\n"

    def rrsig(self, owner, kind, datas, forge):
        """RFC 4034 3.1.8.1: the signature covers its own fields, then the records in order."""
        now = int(time.time())
        labels = len([label for label in owner.split(".") if label])
        head = struct.pack("!HBBIIIH", TYPES[kind], ALGORITHM, labels, TTL_S, now + 86400, now - 3600,
                           self.tag) + wire_name(self.zone)
        records = b"".join(
            wire_name(owner) + struct.pack("!HHIH", TYPES[kind], 1, TTL_S, len(data)) + data for data in sorted(datas))
        der = self.openssl("dgst", "-sha256", "-sign", self.file.name, text=head + records)
        signature = b""
        at = 2
        for _ in range(2):  # SEQUENCE { INTEGER r, INTEGER s }
            length = der[at + 1]
            signature += der[at + 2:at + 2 + length].lstrip(b"\0").rjust(32, b"\0")
            at += 2 + length
        if forge:
            signature = bytes(64)
        return head + signature


class Zone:
    def __init__(self, text):
        self.records = {}  # name -> type -> [data]
        self.faults = {}   # name -> {fault: argument}
        self.keys = {}
        for line in text.splitlines():
            words = line.split("#")[0].split(None, 2)
            if not words:
                continue
            name = words[0].lower().rstrip(".")
            data = words[2].strip() if len(words) > 2 else ""
            if words[1] in FAULTS:
                self.faults.setdefault(name, {})[words[1]] = data
                self.records.setdefault(name, {})
            elif words[1] in TYPES:
                self.records.setdefault(name, {}).setdefault(words[1], []).append(wire_data(words[1], data))
            else:
                raise SystemExit(f"the zone has {line!r}: no such type")
        for name, faults in self.faults.items():
            if "SIGN" in faults:
                self.keys[name] = Key(name)
                self.records[name]["DNSKEY"] = [self.keys[name].data]

    def key_of(self, name):
        while name:
            if name in self.keys:
                return self.keys[name]
            name = name.partition(".")[2]
        return None

    def exists(self, name):
        return any(known == name or known.endswith("." + name) for known in self.records)

    def fault(self, name):
        return self.faults.get(name, {})

    def answer(self, name, kind):
        """The records of the answer section, and the code."""
        answers = []
        for _ in range(8):
            sets = self.records.get(name, {})
            found = kind if kind in sets else "CNAME" if "CNAME" in sets else None
            if found is None:
                return answers, 0 if self.exists(name) else RCODES["NXDOMAIN"]
            answers += [(name, found, data) for data in sets[found]]
            key = self.key_of(name)
            if key:
                answers.append((name, "RRSIG", key.rrsig(name, found, sets[found], "FORGE" in self.fault(name))))
            if found == kind:
                return answers, 0
            name = read_name(sets["CNAME"][0], 0)[0]
        return answers, 0


def tell(line):
    try:
        print(line, flush=True)
    except BrokenPipeError:
        os._exit(0)  # whoever asked for us is gone


def bound_udp(port):
    """None: somebody else has the number, which is free over TCP only."""
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        udp.bind(("127.0.0.1", port))
        return udp
    except OSError:
        udp.close()
        return None


class Server:
    def __init__(self, zone):
        self.zone = zone
        self.dropped = {}
        self.udp = None
        while self.udp is None:
            self.tcp = socket.create_server(("127.0.0.1", 0))
            self.port = self.tcp.getsockname()[1]
            self.udp = bound_udp(self.port)

    def reply(self, octets, over_udp):
        """The answer to one message, or None; it may take its time."""
        if len(octets) < 17:
            return None
        name, end = read_name(octets, 12)
        kind = NAMES.get(struct.unpack_from("!H", octets, end)[0], "?")
        tell(f"{kind} {name}" + ("" if over_udp else " tcp"))
        fault = self.zone.fault(name)
        if "DROP" in fault and self.dropped.get(name, 0) < int(fault["DROP"]):
            self.dropped[name] = self.dropped.get(name, 0) + 1
            return None
        if "TIMEOUT" in fault:
            return None
        if "DELAY" in fault:
            time.sleep(float(fault["DELAY"].rstrip("s")))
        answers, rcode = self.zone.answer(name, kind)
        rcode = next((RCODES[f] for f in ("SERVFAIL", "REFUSED") if f in fault), rcode)
        truncated = over_udp and "TRUNCATE" in fault
        answers = [] if truncated or rcode in (2, 5) else answers
        flags = 0x8180 | (0x0200 if truncated else 0) | rcode  # QR RD RA, TC
        message = octets[:2] + struct.pack("!HHHHH", flags, 1, len(answers), 0, 1) + octets[12:end + 4]
        for owner, answer_kind, data in answers:
            message += wire_name(owner) + struct.pack("!HHIH", TYPES[answer_kind], 1, TTL_S, len(data)) + data
        return message + b"\0" + struct.pack("!HHIH", 41, 1232, 0x8000, 0)  # EDNS, DNSSEC OK

    def serve_udp(self, octets, peer):
        message = self.reply(octets, True)
        if message:
            self.udp.sendto(message, peer)

    def serve_tcp(self, connection):
        with connection, connection.makefile("rb") as stream:
            while True:
                head = stream.read(2)
                if len(head) < 2:
                    return
                message = self.reply(stream.read(struct.unpack("!H", head)[0]), False)
                if message:
                    connection.sendall(struct.pack("!H", len(message)) + message)

    def run(self):
        """Until standard input ends."""
        while True:
            for ready in select.select([self.udp, self.tcp, sys.stdin], [], [])[0]:
                if ready is sys.stdin:
                    if not sys.stdin.buffer.raw.read(1):
                        return
                elif ready is self.udp:
                    threading.Thread(target=self.serve_udp, args=self.udp.recvfrom(4096), daemon=True).start()
                else:
                    threading.Thread(target=self.serve_tcp, args=(self.tcp.accept()[0],), daemon=True).start()


def main():
    path = pathlib.Path(sys.argv[1])
    zone = Zone(path.read_text())
    anchors = "".join(key.anchor() for key in zone.keys.values())
    if anchors:
        path.with_name(path.name + ".anchor").write_text(anchors)
    server = Server(zone)
    print(server.port, flush=True)
    server.run()


if __name__ == "__main__":
    main()
