#!/usr/bin/env python3
"""scripts/bench queue: a server that starts with many messages waiting for dead destinations.

They are written straight into its store (bench/queue_load.cc). Then: how long a start takes, what the server keeps in
memory, how long the administrator's questions take, and the latency of mail for a living destination beside them.
"""

import argparse
import pathlib
import re
import shutil
import subprocess
import time

import peers
import relay


def peak_mib(pid):
    return int(re.search(r"^VmHWM:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text(), re.M)[1]) / 1024


class QueueBench(relay.Bench):
    def ask(self, *command):
        start = time.monotonic()
        done = subprocess.run([self.server.program, *command, "--config", self.server.folder / "staffetta.toml"],
                              check=True, stdout=subprocess.PIPE)
        return time.monotonic() - start, done.stdout

    def wait_until_ready(self):
        log = self.server.folder / "log"
        while " ready " not in log.read_text():
            if self.server.process.poll() is not None:
                raise SystemExit(log.read_text())
            time.sleep(0.005)

    def round(self, messages, destinations):
        [self.server] = self.servers
        store = self.server.folder / "data" / "store"
        with self.server:  # which leaves behind what its routes are: nobody need be asked for another way later
            self.wait_until_ready()
        loaded = subprocess.run([self.tools / "queue_load", store, str(messages), str(destinations)],
                                check=True, capture_output=True, text=True)
        start = time.monotonic()
        with self.server:
            self.wait_until_ready()
            started, rss = time.monotonic() - start, self.server.rss_mib()
            latency = self.relay(self.server, 1, 500)
            table, _ = self.ask("queue", "list")
            json, text = self.ask("queue", "list", "--json")
            assert text.count(b'"queue_id"') == messages, text[:200]
            print(f"| {messages:,} | {destinations:,} | {relay.figures(loaded.stdout)['rate']:,.0f} | {started * 1000:,.0f} "
                  f"| {rss:,.0f} | {peak_mib(self.server.pid):,.0f} | {latency['p50']:.1f} | {latency['p99']:.1f} "
                  f"| {table:.1f} | {json:.1f} |", flush=True)
        shutil.rmtree(self.server.folder)

    def run(self):
        print("| messages | destinations | written/s | start, ms | MiB | MiB at most | live mail there after ms, p50 | p99 "
              "| `queue list`, s | with `--json`, s |")
        print("|---|---|---|---|---|---|---|---|---|---|")
        try:
            for messages in self.options.messages:
                for destinations in self.options.destinations:
                    self.round(messages, destinations)
        finally:
            self.sink.stop()


def main():
    def numbers(text):
        return [int(x) for x in text.split(",")]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("build/release"))
    parser.add_argument("--messages", type=numbers, default=[100_000, 1_000_000])
    parser.add_argument("--destinations", type=numbers, default=[1, 20_000])
    parser.add_argument("--octets", type=int, default=4096)
    options = parser.parse_args()
    options.alone = True
    with peers.scratch(options.build) as folder:
        QueueBench(options, folder).run()


if __name__ == "__main__":
    main()
