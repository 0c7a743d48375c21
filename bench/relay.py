#!/usr/bin/env python3
"""scripts/bench relay: mail that only passes through, beside Debian's Postfix and Exim, in one run on one machine.

A load sends over 1, 50 and 200 sessions, a sink takes everything at once and counts (bench/smtp_sink.cc); a message
counts when the sink has it. Each server keeps its default durability and concurrency. Then many messages wait for
a destination that is dead, and the latency of mail for a living one is measured beside them.
"""

import argparse
import pathlib
import re
import signal
import socket
import statistics
import subprocess
import sys
import textwrap
import time

import peers

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests" / "support"))
import mtas  # noqa: E402

LIVE, DEAD = "live.example", "dead.example"
PATIENCE_S = 900


def figures(line):
    return {key: float(value) for key, value in re.findall(r"(\w+)=([\d.]+)", line)}


class Sink:
    def __init__(self, program):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        host, port = self.process.stdout.readline().strip().split(":")
        self.place = (host, int(port))

    def expect(self, messages):
        self.process.stdin.write(f"wait {messages}\n")
        self.process.stdin.flush()

    def wait(self):
        return figures(self.process.stdout.readline())

    def stop(self):
        self.process.stdin.close()
        self.process.wait(60)


class Relay:
    """What each server has in common: who it is, and what it costs."""

    def cpu_s(self):
        return sum(sum(int(f) for f in stat[11:15]) for stat in peers.family([self.pid]).values()) / peers.CLOCK_TICKS

    def rss_mib(self):
        total = 0
        for pid in peers.family([self.pid]):
            try:
                text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
                total += int(re.search(r"^Pss: +(\d+)", text, re.M)[1])  # shared pages count once
            except OSError:
                pass
        return total / 1024


class Staffetta(Relay):
    name = "staffetta"
    scale = 10  # messages beside the others', so that each is measured for about as long

    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        self.port = mtas.free_port()
        self.routes = {}

    def __enter__(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        config = self.folder / "staffetta.toml"
        text = textwrap.dedent(f"""\
            hostname = "mail.bench.example"
            data = "{self.folder}/data"
            [listen]
            smtp = ["127.0.0.1:{self.port}"]
            [limits]
            connections_per_address = 0
            [queue]
            relay_networks = ["127.0.0.1"]
            """)
        for domain, (host, port) in self.routes.items():
            text += f'[[route]]\ndomain = "{domain}"\nto = "{host}:{port}"\n'
        config.write_text(text)
        with open(self.folder / "log", "w") as log:
            self.process = subprocess.Popen([self.program, "serve", "--config", config], stdout=log, stderr=log)
        self.pid = self.process.pid
        mtas.wait_for_port("127.0.0.1", self.port)
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)


class Postfix(mtas.Postfix, Relay):
    scale = 1

    def start(self):
        super().start()
        # The tests are in a hurry; what is measured has the defaults.
        subprocess.run(["postconf", "-c", self.config, "-X", "minimal_backoff_time", "queue_run_delay"], check=True)
        subprocess.run(["postfix", "-c", self.config, "reload"], check=True, stderr=subprocess.DEVNULL)


class Exim(mtas.Exim, Relay):
    scale = 1
    queue_runs = "-q30m"


class Bench:
    def __init__(self, options, folder):
        self.options = options
        self.tools = options.build / "bench"
        self.sink = Sink(self.tools / "smtp_sink")
        self.servers = [Staffetta((options.build / "staffetta").resolve(), folder.resolve() / "staffetta")]
        if not options.alone:
            self.servers += [Postfix("bench.example"), Exim("bench.example")]
        with socket.socket() as probe:  # nobody will listen there
            probe.bind(("127.0.0.1", 0))
            nobody = probe.getsockname()
        for server in self.servers:
            server.routes[LIVE] = self.sink.place
            server.routes[DEAD] = nobody

    def load(self, server, sessions, messages, domain):
        done = subprocess.run(
            [self.tools / "smtp_load", "127.0.0.1", str(server.port), str(sessions), str(messages),
             str(self.options.octets), "alice@crepes.example", f"bob@{domain}"],
            check=False, capture_output=True, text=True, timeout=PATIENCE_S)
        if done.returncode != 0:
            raise SystemExit(f"{server.name}: {done.stderr}")
        return figures(done.stdout)

    def relay(self, server, sessions, messages):
        cpu, start = server.cpu_s(), time.monotonic()
        self.sink.expect(messages)
        accepted = self.load(server, sessions, messages, LIVE)
        arrived = self.sink.wait()
        seconds = time.monotonic() - start
        time.sleep(0.2)  # what it still writes down counts as well
        return {"rate": messages / seconds, "promise": accepted["p50_ms"], "p50": arrived["p50_ms"],
                "p99": arrived["p99_ms"], "max": arrived["max_ms"],
                "cpu": (server.cpu_s() - cpu) / messages * 1000}

    def throughput(self):
        print("| sessions | server | messages/s | 250 after ms, p50 | there after ms, p50 | p99 | CPU s per 1,000 |")
        print("|---|---|---|---|---|---|---|")
        for sessions in self.options.sessions:
            rounds = {server.name: [] for server in self.servers}
            for _ in range(self.options.rounds):
                for server in self.servers:
                    messages = max(sessions, min(400, 100 + 10 * sessions)) * server.scale
                    rounds[server.name].append(self.relay(server, sessions, messages))
            for name, results in rounds.items():
                r = {key: statistics.median(one[key] for one in results) for key in results[0]}
                print(f"| {sessions} | {name} | {r['rate']:,.0f} | {r['promise']:.1f} | {r['p50']:.1f} "
                      f"| {r['p99']:.1f} | {r['cpu']:.3f} |", flush=True)

    def beside_the_dead(self):
        print("| server | waiting for the dead | MiB | there after ms, p50 | p99 | longest |")
        print("|---|---|---|---|---|---|")
        for server in self.servers:
            count = self.options.dead if isinstance(server, Staffetta) else self.options.dead_peers
            for waiting in (0, count):
                if waiting:
                    self.load(server, 50, waiting, DEAD)
                r = self.relay(server, 1, 500)
                print(f"| {server.name} | {waiting:,} | {server.rss_mib():,.0f} | {r['p50']:.1f} | {r['p99']:.1f} "
                      f"| {r['max']:.1f} |", flush=True)

    def run(self):
        entered = []
        try:
            for server in self.servers:
                print(f"==> starting {server.name}", file=sys.stderr, flush=True)
                entered.append(server.__enter__())
                self.relay(server, 1, 50)  # warm
            if not self.options.only_dead:
                self.throughput()
                print()
            if self.options.dead:
                self.beside_the_dead()
        finally:
            for server in entered:
                server.__exit__(None, None, None)
            self.sink.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("build/release"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sessions", type=lambda t: [int(x) for x in t.split(",")], default=[1, 50, 200])
    parser.add_argument("--octets", type=int, default=4096)
    parser.add_argument("--dead", type=int, default=100_000, help="messages for a dead destination; 0: none")
    parser.add_argument("--dead-peers", type=int, default=2_000, help="the same for Postfix and Exim")
    parser.add_argument("--only-dead", action="store_true")
    parser.add_argument("--alone", action="store_true", help="staffetta only")
    options = parser.parse_args()
    with peers.scratch(options.build) as folder:
        Bench(options, folder).run()


if __name__ == "__main__":
    main()
