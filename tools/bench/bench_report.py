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

SCHEMA = 1
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
NUMBERS = (
    "decode_tokens_per_second",
    "token_seconds_p50",
    "token_seconds_p99",
    "token_seconds_max",
    "prefill_tokens_per_second",
    "decode_share_of_read",
    "read_bytes_per_second",
)


def read_parts(folder, model, mode):
    """The parts of one mode, in the order of the rounds."""
    parts = []
    for path in sorted(glob.glob(os.path.join(folder, f"{model}.{mode}.[0-9]*.json"))):
        with open(path, encoding="utf-8") as file:
            part = json.load(file)
        if part.get("schema") != SCHEMA:
            sys.exit(f"{path}: schema {part.get('schema')}, expected {SCHEMA}")
        parts.append(part)
    return parts


def medians(rows):
    """Of every number that all rows have; the longest token of all rounds is the longest."""
    row = {"rounds": len(rows)}
    for key in NUMBERS:
        values = [r[key] for r in rows if r.get(key) is not None]
        if values:
            row[key] = max(values) if key.endswith("_max") else statistics.median(values)
            row[key + "_spread"] = [min(values), max(values)]
    return row


def peer_rows(parts, read):
    """Rows of the peer's ways; its share is of the same read bandwidth and bytes as ours."""
    rows = {}
    for way in PEERS:
        measured = [p[way] for p in parts if "decode_tokens_per_second" in p.get(way, {})]
        reasons = [p[way]["not_measured"] for p in parts if "not_measured" in p.get(way, {})]
        if measured:
            rows[way] = medians(measured)
            if read:
                rows[way]["decode_share_of_read"] = (
                    rows[way]["decode_tokens_per_second"] * read["decode_weight_bytes"] / read["read"]
                )
        elif reasons:
            rows[way] = {"not_measured": reasons[0]}
    return rows


def collect(folder, model):
    with open(os.path.join(folder, "probe.json"), encoding="utf-8") as file:
        probe = json.load(file)
    result = {"schema": SCHEMA, "model": model, "probe": probe, "modes": {}, "peer": {}}
    reads, first = [], None
    for mode in MODES:
        parts = read_parts(folder, model, mode)
        if parts:
            result["modes"][mode] = medians(parts)
            reads += [p["read_bytes_per_second"] for p in parts]
            first = first or parts[0]
    if not first:
        sys.exit(f"{folder}: nothing was measured of {model}")
    for key in ("weights_bytes", "decode_weight_bytes", "decode_tokens", "prefill_tokens"):
        result[key] = first[key]
    result["read_bytes_per_second"] = statistics.median(reads)
    peers = read_parts(folder, model, "peer")
    read = {"read": result["read_bytes_per_second"], "decode_weight_bytes": first["decode_weight_bytes"]}
    result["peer"] = peer_rows(peers, read)
    if peers:
        result["peer_versions"] = peers[0]["versions"]
    return result


def number(row, key, scale, form):
    return form.format(row[key] * scale) if key in row else "not measured"


def table_row(name, row):
    if not row or "not_measured" in row:
        reason = f": {row['not_measured']}" if row else ""
        return f"| {name} | not measured{reason} | | | | | | |"
    cells = (
        number(row, "decode_tokens_per_second", 1, "{:,.1f}"),
        number(row, "decode_share_of_read", 100, "{:.1f}%"),
        number(row, "token_seconds_p50", 1e6, "{:,.1f}"),
        number(row, "token_seconds_p99", 1e6, "{:,.1f}"),
        number(row, "token_seconds_max", 1e6, "{:,.1f}"),
        f"{row['token_seconds_p99'] / row['token_seconds_p50']:.3f}",
        number(row, "prefill_tokens_per_second", 1, "{:,.0f}"),
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
        " rounds: what the share is of. Times of a token are between stamps that the device makes; the peer's"
        " are by the host's clock.",
        "",
        f"| way | decode tok/s | of read | us p50 | p99 | longest | p99/p50 | prefill of {result['prefill_tokens']} tok/s |",
        "|---|---|---|---|---|---|---|---|",
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
