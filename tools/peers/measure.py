"""Measures ingot, llama.cpp and transformers in turn, on the same weights.

    measure.py PEERS BINARIES RESULTS MODEL... [--rounds N] [--threads N] [--machine NAME]

PEERS is what make peers-ready has left; BINARIES/MODEL is our binary. A round runs every program once,
each in a process of its own that warms up by itself, in another order than the round before. Ratios are
taken within a round, so that what slows the machine for minutes slows both sides.

Writes RESULTS/peers-NAME.json after every round and RESULTS/peers-NAME.md at the end. Ctrl-C keeps the
rounds that were measured, marked as not complete, and exits with 130. Needs nothing but Python.
"""

import argparse
import json
import os
import platform
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from table import write_table

SCHEMA = 1
N_PROMPT, N_GEN = 512, 128
PROGRAMS = ("ingot", "llama.cpp", "transformers")
WAYS = {"transformers, eager": "eager", "transformers, compiled": "compiled"}
HERE = Path(__file__).resolve().parent


def run(*command):
    """(standard output, peak of resident memory in bytes) of a program; leaves if it fails."""
    words = [str(word) for word in command]
    with tempfile.TemporaryFile("w+", encoding="utf-8") as log:
        process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=log, text=True)
        try:
            output = process.stdout.read()
        except KeyboardInterrupt:
            process.kill()
            raise
        finally:
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            log.seek(0)
            sys.exit(f"peers: exit code {process.returncode}: {' '.join(words)}\n"
                     f"{log.read()[-2000:]}")
    return output, usage.ru_maxrss * 1024


class Model:
    """The programs of one model. Each method measures one: {row of the table: rates and memory}."""

    def __init__(self, arguments, name):
        self.name, self.threads = name, str(arguments.threads)
        self.folder = Path(arguments.peers) / name
        self.binary = Path(arguments.binaries) / name
        self.llama = Path(arguments.peers) / "llama.cpp"
        self.python = Path(arguments.peers) / "venv" / "bin" / "python"
        self.agreement = json.loads((self.folder / "agreement.json").read_text(encoding="utf-8"))
        self.details = {}
        self.memory = None

    def ingot(self):
        weights = ("--weights", self.folder / "model.weights")
        options = (*weights, "--threads", self.threads, "--quiet")
        output, _ = run(self.binary, "bench", *options, "-p", N_PROMPT, "-n", N_GEN, "-r", 1,
                        "-o", "json")
        record = json.loads(output)
        self.details["ingot"] = {key: record[key] for key in ("ingot", "build", "run")}
        rates = {figure["kind"]: figure["median"] for figure in record["figures"]}
        if self.memory is None:
            self.memory = self.ingot_memory(weights, options)
        return {"ingot": {"prefill": rates["prefill"], "decode": rates["decode"],
                          "memory_bytes": self.memory}}

    def ingot_memory(self, weights, options):
        """Of the same work in another verb: bench keeps more, to measure the bandwidth, too."""
        ids = self.folder / "prompt.txt"
        ids.write_text(" ".join(map(str, range(N_PROMPT))), encoding="utf-8")
        _, memory = run(self.binary, "logits", *options, "--ids", ids, "--decode", N_GEN, "--digest")
        info, _ = run(self.binary, "info", "--json", *weights)
        self.details["planned_bytes"] = json.loads(info)["memory"]["sum"]
        return memory

    def llama_cpp(self):
        output, memory = run(self.llama / "build" / "bin" / "llama-bench", "-m",
                             self.folder / "model.gguf", "-p", N_PROMPT, "-n", N_GEN, "-t",
                             self.threads, "-r", 1, "-o", "json")
        tests = json.loads(output)
        package = (self.llama / "installed.txt").read_text(encoding="utf-8").strip()
        kept = ("build_commit", "cpu_info", "backends", "model_type", "type_k", "type_v",
                "flash_attn", "n_batch", "n_ubatch", "load_mode", "repack")
        self.details["llama.cpp"] = {"package": package} | {
            key: tests[0][key] for key in kept if key in tests[0]}
        prefill = next(test["avg_ts"] for test in tests if test["n_prompt"])
        decode = next(test["avg_ts"] for test in tests if test["n_gen"])
        return {"llama.cpp": {"prefill": prefill, "decode": decode, "memory_bytes": memory}}

    def transformers(self):
        output, memory = run(self.python, HERE / "run_transformers.py", "bench",
                             self.folder / "checkpoint", "--n-prompt", N_PROMPT, "--n-gen", N_GEN,
                             "--threads", self.threads, "--ways", ",".join(WAYS.values()))
        found = json.loads(output)
        kept = ("versions", "device", "attention", "type")
        self.details["transformers"] = {key: found[key] for key in kept}
        rows = {}
        for row, way in WAYS.items():
            if "not_measured" in found[way]:
                sys.exit(f"peers: {row} does not run {self.name}: {found[way]['not_measured']}")
            # The prompt goes through the same code whatever decodes after it.
            rows[row] = {"prefill": found["eager"]["prefill_tokens_per_second"],
                         "decode": found[way]["decode_tokens_per_second"], "memory_bytes": memory}
        return rows

    def measure(self, number):
        """Round NUMBER: {row of the table: rates and memory}."""
        rows = {}
        for at in range(len(PROGRAMS)):
            program = PROGRAMS[(number + at) % len(PROGRAMS)]
            measured = getattr(self, program.replace(".", "_"))()
            for row, rates in measured.items():
                print(f"  {self.name}, round {number + 1}, {row}: prefill {rates['prefill']:.4g}, "
                      f"decode {rates['decode']:.4g} tokens/s", file=sys.stderr)
            rows |= measured
        return {row: rows[row] for row in ("ingot", "llama.cpp", *WAYS)}


def read_machine():
    """What /proc says of this machine; null where it says nothing."""
    cpu = Path("/proc/cpuinfo").read_text(encoding="utf-8")

    def field(name):
        found = re.search(rf"^{name}\s*: (.*)$", cpu, re.MULTILINE)
        return found[1] if found else None

    memory = re.search(r"MemTotal:\s*(\d+)", Path("/proc/meminfo").read_text(encoding="utf-8"))
    flags = (field("flags") or field("Features") or "").split()
    return {
        "processor": field("model name") or platform.machine(),
        "family": field("cpu family"), "model": field("model"), "stepping": field("stepping"),
        "flags": sorted(f for f in flags if re.match("avx|fma|amx|asimd|bf16|i8mm|sve", f)),
        "processors": os.cpu_count(), "memory_bytes": int(memory[1]) * 1024,
        "kernel": platform.release(), "load_before": os.getloadavg()[0],
    }


def measure_rounds(arguments, models, result, path):
    """Fills RESULT["models"], and writes it after every round of a model."""
    for number in range(arguments.rounds):
        for model in models:
            row = model.measure(number)
            kept = result["models"].setdefault(model.name, {"rounds": []})
            kept["rounds"].append(row)
            kept |= {"details": model.details, "agreement": model.agreement}
            save(path, result)


def save(path, result):
    aside = path.with_suffix(".new")
    aside.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    aside.replace(path)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("peers", "binaries", "results"):
        parser.add_argument(name)
    parser.add_argument("models", nargs="+")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--machine", default="")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    machine = read_machine()
    name = arguments.machine or f"{machine['processor']} {machine['processors']}"
    slug = re.sub("[^a-z0-9]+", "-", name.lower()).strip("-")
    path = Path(arguments.results) / f"peers-{slug}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    result = {"schema": SCHEMA, "complete": False, "machine": machine,
              "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
              "threads": arguments.threads, "n_prompt": N_PROMPT, "n_gen": N_GEN, "models": {}}
    os.environ["TORCHINDUCTOR_CACHE_DIR"] = str(Path(arguments.peers).resolve() / "inductor")
    models = [Model(arguments, model) for model in arguments.models]
    try:
        measure_rounds(arguments, models, result, path)
        result["complete"] = True
    except KeyboardInterrupt:
        print("peers: interrupted: the rounds that were measured are kept", file=sys.stderr)
    if result["models"]:
        save(path, result)
        write_table(result, path.with_suffix(".md"))
        print(path.with_suffix(".md").read_text(encoding="utf-8"), end="")
    sys.exit(0 if result["complete"] else 130)


if __name__ == "__main__":
    main()
