#!/usr/bin/env python3
"""Sums up what tools/bench/bench_gpu.sh measured: one JSON file and one Markdown table.

    tools/bench/bench_report.py PARTS MODEL RESULTS

Reads PARTS/probe.json, PARTS/MODEL.MODE.ROUND.json and PARTS/MODEL.peer.ROUND.json, takes medians
over the rounds, and writes RESULTS/GPU.json and RESULTS/GPU.md, GPU being the device's name in
small letters and dashes. What has no part is "not measured". Needs nothing but Python 3.8.
"""
import glob
import json
import os
import re
import statistics
import sys

SCHEMA = 2  # of ingot's records
PEER_SCHEMA = 1  # of tools/peers/run_transformers.py
MODES = {
    "no-graph": "no graph",
    "graph,no-pdl": "graph",
    "graph": "graph, PDL",
    "loop,no-pdl": "loop",
    "loop": "loop, PDL",
}
PEERS = {
    "eager": "transformers, eager",
    "graph": "transformers, CUDA graph",
    "compiled": "transformers, compiled",
}
# What a row has, and where it comes from: the kind of the figure, and its key there.
NUMBERS = {
    "decode_tokens_per_second": ("decode", "median"),
    "token_seconds_p50": ("decode", "token_seconds_p50"),
    "token_seconds_p99": ("decode", "token_seconds_p99"),
    "token_seconds_max": ("decode", "token_seconds_max"),
    "bytes_per_token": ("decode", "bytes_per_token"),
    "read_bytes_per_second": ("decode", "read_peak"),
    "decode_share_of_read": ("decode", "share_of_read"),
    "prefill_tokens_per_second": ("prefill", "median"),
    "multiply_adds_per_token": ("prefill", "multiply_adds_per_token"),
    "multiply_adds_per_second": ("prefill", "multiply_adds_peak"),
    "prefill_share_of_multiply_adds": ("prefill", "share_of_multiply_adds"),
}


def read_schema(path, schema):
    with open(path, encoding="utf-8") as file:
        part = json.load(file)
    if part.get("schema") != schema:
        sys.exit(f"{path}: schema {part.get('schema')}, expected {schema}")
    return part


def read_parts(folder, model, mode, schema=SCHEMA):
    """The parts of one mode, in the order of the rounds."""
    paths = sorted(glob.glob(os.path.join(folder, f"{model}.{mode}.[0-9]*.json")))
    return [read_schema(path, schema) for path in paths]


def figure_of(part, kind):
    """The first figure of that kind, or nothing."""
    return next((f for f in part["figures"] if f["kind"] == kind), {})


def numbers_of(part):
    """What a record of ours says of NUMBERS."""
    return {key: figure_of(part, kind).get(source) for key, (kind, source) in NUMBERS.items()}


def medians(rows):
    """Of every number that all rows have; the longest token of all rounds is the longest."""
    row = {"rounds": len(rows)}
    for key in NUMBERS:
        values = [r.get(key) for r in rows]
        if None not in values:
            row[key] = max(values) if key.endswith("_max") else statistics.median(values)
            row[key + "_spread"] = [min(values), max(values)]
    return row


def peer_rows(parts, ours):
    """Rows of the peer's ways; its shares are of the same peaks and work as ours."""
    rows = {}
    for way in PEERS:
        measured = [p[way] for p in parts if "decode_tokens_per_second" in p.get(way, {})]
        reasons = [p[way]["not_measured"] for p in parts if "not_measured" in p.get(way, {})]
        if measured:
            row = rows[way] = medians(measured)
            row["decode_share_of_read"] = (
                row["decode_tokens_per_second"] * ours["bytes_per_token"] / ours["read_bytes_per_second"])
            if "prefill_tokens_per_second" in row:
                row["prefill_share_of_multiply_adds"] = (
                    row["prefill_tokens_per_second"] * ours["multiply_adds_per_token"]
                    / ours["multiply_adds_per_second"])
        elif reasons:
            rows[way] = {"not_measured": reasons[0]}
    return rows


def collect(folder, model):
    with open(os.path.join(folder, "probe.json"), encoding="utf-8") as file:
        probe = json.load(file)
    result = {"schema": SCHEMA, "model": model, "probe": probe, "modes": {}, "peer": {}}
    all_parts = []
    for mode in MODES:
        parts = read_parts(folder, model, mode)
        if parts:
            result["modes"][mode] = medians([numbers_of(p) for p in parts])
            all_parts += parts
    if not all_parts:
        sys.exit(f"{folder}: nothing was measured of {model}")
    first, whole = all_parts[0], medians([numbers_of(p) for p in all_parts])
    for key in ("weights_bytes", "decode_weight_bytes"):
        result[key] = first["model"][key]
    result["decode_tokens"] = figure_of(first, "decode")["n_gen"]
    result["prefill_tokens"] = figure_of(first, "prefill")["n_prompt"]
    for key in ("read_bytes_per_second", "bytes_per_token", "multiply_adds_per_second",
                "multiply_adds_per_token"):
        result[key] = whole[key]
    peers = read_parts(folder, model, "peer", PEER_SCHEMA)
    result["peer"] = peer_rows(peers, result)
    if peers:
        result["peer_versions"] = peers[0]["versions"]
    return result


def number(row, key, scale, form):
    return form.format(row[key] * scale) if key in row else "not measured"


def table_row(name, row):
    if not row or "not_measured" in row:
        reason = f": {row['not_measured']}" if row else ""
        return f"| {name} | not measured{reason} | | | | | | | |"
    cells = (
        number(row, "decode_tokens_per_second", 1, "{:,.1f}"),
        number(row, "decode_share_of_read", 100, "{:.1f}%"),
        number(row, "token_seconds_p50", 1e6, "{:,.1f}"),
        number(row, "token_seconds_p99", 1e6, "{:,.1f}"),
        number(row, "token_seconds_max", 1e6, "{:,.1f}"),
        f"{row['token_seconds_p99'] / row['token_seconds_p50']:.3f}",
        number(row, "prefill_tokens_per_second", 1, "{:,.0f}"),
        number(row, "prefill_share_of_multiply_adds", 100, "{:.1f}%"),
    )
    return f"| {name} | " + " | ".join(cells) + " |"


def probe_lines(probe):
    yield "| machine | median | least | most |"
    yield "|---|---|---|---|"
    for name, m in probe["measures"].items():
        if "median" in m:
            yield (f"| {name.replace('_', ' ')} | {m['median']:,.3f} {m['unit']} "
                   f"| {m['least']:,.3f} | {m['most']:,.3f} |")
        else:
            yield f"| {name.replace('_', ' ')} | not measured: {m['not_measured']} | | |"


def markdown(result):
    probe = result["probe"]
    rounds = max(row["rounds"] for row in result["modes"].values())
    lines = [
        f"# {result['model']} on {probe['device']}",
        "",
        f"{probe['multiprocessors']} multiprocessors at up to {probe['clock_khz'] // 1000} MHz, driver for CUDA"
        f" {probe['driver']}, runtime {probe['runtime']}. Random weights of the real shapes;"
        f" medians of {rounds} interleaved rounds. The weights,"
        f" {result['weights_bytes'] / 1e9:.2f} GB, are read at"
        f" {result['read_bytes_per_second'] / 1e9:,.0f} GB/s by a kernel that does nothing else, in the same"
        " rounds: what the first share is of, with all that a token reads. The second is of"
        f" {result['multiply_adds_per_second'] / 1e12:,.1f} T multiply-adds a second, those of one large matrix"
        " product of the library. Times of a token are between stamps that the device makes; the peer's are by"
        " the host's clock.",
        "",
        f"| way | decode tok/s | of read | us p50 | p99 | longest | p99/p50 | prefill of {result['prefill_tokens']} tok/s"
        " | of peak |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    lines += [table_row(name, result["modes"].get(mode)) for mode, name in MODES.items()]
    lines += [table_row(name, result["peer"].get(way)) for way, name in PEERS.items()]
    if "peer_versions" in result:
        lines += ["", "Peer: " + ", ".join(f"{k} {v}" for k, v in result["peer_versions"].items()) + "."]
    return "\n".join(lines + [""] + list(probe_lines(probe))) + "\n"


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    parts, model, results = sys.argv[1:]
    result = collect(parts, model)
    name = re.sub(r"[^a-z0-9]+", "-", result["probe"]["device"].lower()).strip("-")
    for ending, text in ((".json", json.dumps(result, indent=2) + "\n"), (".md", markdown(result))):
        path = os.path.join(results, name + ending)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        print(path)


if __name__ == "__main__":
    main()
