"""Do ingot, llama.cpp and transformers compute the same? Logits of one text, before any measuring.

    agree.py PEERS MODEL BINARY OUTPUT.json [--threads N]

PEERS/MODEL holds the same weights three times: checkpoint, model.gguf, model.weights. The judge is
transformers in float32 (judge.py). The error of a row of logits is the root mean square of its distance
from the judge's, over that of the judge's deviation from its own mean.

What rounds nothing on its way, as ingot with a model whose state is in float32, must be within 1e-4 at
every position. What rounds to bf16 - the others their activations, ingot the keys and values of a cache
that its config has in bf16 - must be within 5%. Exits with 4 if one is not: nothing may be compared.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

import numpy

BOUND_EXACT, BOUND_ROUNDED = 1e-4, 0.05
HERE = Path(__file__).resolve().parent


def commands(arguments, folder):
    """{program: the command that writes its logits to folder/PROGRAM.npy}; the judge writes ids, too."""
    ids, threads = folder / "ids.txt", ("--threads", str(arguments.threads))
    llama = Path(arguments.peers) / "llama.cpp"
    return {
        "judge": (sys.executable, HERE / "judge.py", folder / "checkpoint", ids, folder / "judge.npy",
                  *threads),
        "transformers": (sys.executable, HERE / "run_transformers.py", "logits", folder / "checkpoint",
                         "--ids", ids, "--output", folder / "transformers.npy", *threads),
        "llama.cpp": (sys.executable, HERE / "llama_logits.py", llama, folder / "model.gguf", ids,
                      threads[1], folder / "llama.cpp.npy"),
        "ingot": (arguments.binary, "logits", "--weights", folder / "model.weights", "--ids", ids,
                  "--output", folder / "ingot.npy", *threads),
    }


def collect(arguments):
    """{program: [rows][vocab]}"""
    folder = Path(arguments.peers) / arguments.model
    logits = {}
    for program, command in commands(arguments, folder).items():
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.exit(f"peers: {arguments.model}: {program} gives no logits:\n{done.stderr[-2000:]}")
        logits[program] = numpy.load(folder / f"{program}.npy").astype(numpy.float64)
    return logits


def errors(logits, judge):
    """[rows]"""
    spread = judge - judge.mean(axis=-1, keepdims=True)
    distance = numpy.sqrt(((logits - judge) ** 2).mean(axis=-1))
    return distance / numpy.sqrt((spread**2).mean(axis=-1))


def compare(model, logits, exact):
    """What there is to say of every program, and whether all agree with the judge."""
    judge, result, whole = logits.pop("judge"), {}, True
    for program, rows in logits.items():
        error = float(errors(rows, judge).max())
        same = int((rows.argmax(-1) == judge.argmax(-1)).sum())
        agrees = error <= (BOUND_EXACT if program in exact else BOUND_ROUNDED)
        result[program] = {"error": error, "same_greedy": same, "positions": len(judge)}
        print(f"  {'agrees' if agrees else 'DIFFERS'}  {model}: {program}: logits off by at most "
              f"{error:.2g}; {same} of {len(judge)} greedy tokens the same")
        whole = whole and agrees
    return result, whole


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("peers", "model", "binary", "output"):
        parser.add_argument(name)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    logits = collect(arguments)
    build = json.loads(subprocess.check_output([arguments.binary, "info", "--json"]))["build"]
    exact = {"ingot"} if build.get("kv_type", "f32") == "f32" else set()
    result, whole = compare(arguments.model, logits, exact)
    if not whole:
        print(f"peers: {arguments.model}: not all compute the same", file=sys.stderr)
        sys.exit(4)
    Path(arguments.output).write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
