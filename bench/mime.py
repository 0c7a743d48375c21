#!/usr/bin/env python3
"""scripts/bench mime: what mime does, in MB/s, beside GMime and Python's email, over one corpus.

The corpus is made by bench/mime_structure.cc from a fixed seed: messages of four kinds, their header blocks
and their encoded bodies. Rounds alternate between the three, so that a noisy machine disturbs all; the table
shows each one's best round, since nothing but disturbance makes a parser slower. GMime is left out when
libgmime-3.0-dev is not installed.
"""

import argparse
import email
import email.base64mime
import email.message
import email.policy
import email.quoprimime
import pathlib
import subprocess
import sys
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parent.parent
KINDS = ["plain", "alternative", "attachments", "many-parts"]
TASKS = {**{kind: f"structure: {kind.replace('-', ' ')}" for kind in KINDS}, "header": "header to values",
         **{f"{name} {way}": f"{name}, {way}" for name in ("base64", "quoted-printable") for way in ("decode", "encode")}}


def run(program, corpus, seconds):
    done = subprocess.run([program, corpus, str(seconds)] if program.name == "mime_gmime"
                          else [program, "run", corpus, str(seconds)], check=True, text=True, capture_output=True)
    return {task: float(rate) for task, rate in (line.split("\t") for line in done.stdout.splitlines())}


def build_gmime(folder):
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "gmime-3.0"], text=True, capture_output=True)
    if flags.returncode != 0:
        print("==> libgmime-3.0-dev is not installed: GMime is left out", file=sys.stderr)
        return None
    program = folder / "mime_gmime"
    subprocess.run(["clang-16", "-O2", "-o", program, TOP / "bench/mime_gmime.c", *flags.stdout.split()], check=True)
    return program


def header_values(octets):
    message = email.message_from_bytes(octets, policy=email.policy.default)
    return [str(message["subject"]), message["date"].datetime, message["message-id"], message["references"],
            *(message[name].addresses for name in ("from", "to"))]


def holder(encoding):
    message = email.message.Message()
    message["Content-Transfer-Encoding"] = encoding
    return message


def decode(message, body):
    message.set_payload(body)
    return message.get_payload(decode=True)


def best_rate(texts, seconds, function):
    octets, best, end = sum(map(len, texts)), 0.0, time.monotonic() + seconds
    while time.monotonic() < end:
        begin = time.monotonic()
        for text in texts:
            function(text)
        best = max(best, octets / (time.monotonic() - begin) / 1e6)
    return best


def python_email(corpus, seconds):
    texts = {kind: [path.read_bytes() for path in sorted((corpus / kind).glob("*.eml"))]
             for kind in (*KINDS, "header", "base64", "quoted-printable")}
    rates = {kind: best_rate(texts[kind], seconds, email.message_from_bytes) for kind in KINDS}
    rates["header"] = best_rate(texts["header"][:200], seconds, header_values)
    for encoding in ("base64", "quoted-printable"):
        bodies = [body.decode("ascii") for body in texts[encoding]]
        message = holder(encoding)
        rates[f"{encoding} decode"] = best_rate(bodies, seconds, lambda body: decode(message, body))
        contents = [decode(message, body) for body in bodies]
        if encoding == "base64":
            rates["base64 encode"] = best_rate(contents, seconds, email.base64mime.body_encode)
        else:  # its encoder takes octets as Latin-1 text with bare line ends
            lines = [content.decode("latin-1").replace("\r\n", "\n") for content in contents]
            rates["quoted-printable encode"] = best_rate(
                lines, seconds, lambda text: email.quoprimime.body_encode(text, eol="\r\n"))
    return rates


def best_of(rounds):
    return {task: max(rates[task] for rates in rounds) for task in rounds[0]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=TOP / "build/release")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=1, help="for each task in each round")
    options = parser.parse_args()
    program = options.build / "bench/mime_structure"
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        corpus = folder / "corpus"
        subprocess.run([program, "generate", corpus], check=True)
        contestants = {"staffetta": lambda: run(program, corpus, options.seconds)}
        peer = build_gmime(folder)
        if peer:
            contestants["GMime"] = lambda: run(peer, corpus, options.seconds)
        contestants["Python email"] = lambda: python_email(corpus, options.seconds)
        rounds = {name: [] for name in contestants}
        for _ in range(options.rounds):
            for name, contestant in contestants.items():
                rounds[name].append(contestant())
    results = {name: best_of(of_one) for name, of_one in rounds.items()}
    print("| MB/s | " + " | ".join(results) + (" | times GMime |" if peer else " |"))
    print("|---" * (len(results) + (2 if peer else 1)) + "|")
    for task, title in TASKS.items():
        cells = [f"{results[name][task]:,.0f}" for name in results]
        if peer:
            cells.append(f"{results['staffetta'][task] / results['GMime'][task]:.1f}")
        print(f"| {title} | " + " | ".join(cells) + " |")
    for task, title in (("memcpy", "memcpy of a message"), ("memchr", "memchr for its line ends")):
        print(f"| {title} | {results['staffetta'][task]:,.0f} |" + " |" * (len(results) - (0 if peer else 1)))


if __name__ == "__main__":
    main()
