"""The table of what measure.py has measured, in Markdown.

    table.py RESULT.json TABLE.md
"""

import json
import statistics
import sys
from pathlib import Path

HEAD = """\
| model | program | prefill | ingot is | decode | ingot is | peak memory | logits off by | same token |
|---|---|--:|--:|--:|--:|--:|--:|--:|
"""
NOTES = """\
Weights are bf16 in all three, read from files in the page cache. `logits off by`: the distance from
transformers in float32, as a share of how far logits spread (at most, over {positions} positions);
`same token`: where the largest logit is at the same place. `peak memory`: the resident memory of the
process at its most; of llama.cpp and transformers that which measured (transformers both ways), of
ingot one of the same prompt and tokens, because its bench keeps a second block to measure the bandwidth
with. `compiled` is decode by torch.compile, with a cache of fixed size; its prefill is the eager one.
"""
# Of a processor's flags, those that say how fast a product of bf16 can be.
TELLING = ("avx2", "avx512f", "avx512_bf16", "amx_bf16", "asimd", "bf16", "sve")


def amount(value):
    """Three digits, as '26.4' and '1,240'."""
    return f"{value:.3g}" if value < 100 else f"{value:,.0f}"


def times(ratio):
    return f"{ratio:.2f}" if ratio < 100 else f"{ratio:,.0f}"


def compared(rounds, program, key):
    """Two cells: the program's median rate; ingot's over it, taken within a round, with its range."""
    rate = amount(statistics.median(row[program][key] for row in rounds))
    if program == "ingot":
        return f"{rate} | "
    ratios = [row["ingot"][key] / row[program][key] for row in rounds]
    middle = times(statistics.median(ratios))
    return f"{rate} | {middle}× ({times(min(ratios))} to {times(max(ratios))})"


def rows(name, model):
    rounds = model["rounds"]
    for program in rounds[0]:
        agreement = model["agreement"][program.split(",")[0]]
        memory = f"{max(row[program]['memory_bytes'] for row in rounds) / 1e9:.2f} GB"
        if program == "ingot":
            memory += f", {model['details']['planned_bytes'] / 1e9:.2f} planned"
        cells = (name, program, compared(rounds, program, "prefill"),
                 compared(rounds, program, "decode"), memory, f"{agreement['error']:.1g}",
                 f"{agreement['same_greedy']} of {agreement['positions']}")
        yield "| " + " | ".join(cells) + " |\n"


def programs(details):
    """What each program is, and in which types it computes."""
    ours, llama, torch = details["ingot"], details["llama.cpp"], details["transformers"]
    kv = llama["type_k"]
    kv += "" if llama["type_v"] == kv else f" and {llama['type_v']}"
    found = torch["versions"]
    absent = [name for name, text in found.items() if text.startswith("absent")]
    yield (f"- ingot {ours['ingot']}, {ours['build']['compiler']}, {ours['build']['isa']}: keys and "
           "values in bf16, activations and products in f32\n")
    yield (f"- llama.cpp {llama['build_commit']} (llama-cpp-python {llama['package']}), built for this "
           f"processor: keys and values in {kv}, activations rounded to bf16 before a product\n")
    yield (f"- transformers {found['transformers']}, torch {found['torch']}: activations, keys "
           "and values in bf16" + (f"; without {', '.join(absent)}" if absent else "") + "\n")


def write_table(result, path):
    machine, models = result["machine"], result["models"]
    flags = [flag for flag in TELLING if flag in machine["flags"]]
    rounds = sorted({len(model["rounds"]) for model in models.values()})
    first = next(iter(models.values()))
    text = [
        f"# Beside its peers: {machine['processor']}, {result['threads']} threads\n\n",
        "" if result["complete"] else "Not complete: interrupted.\n\n",
        f"Tokens per second of {result['n_prompt']} prompt tokens and of {result['n_gen']} decoded "
        "ones; random weights, the same for all three. Medians of "
        f"{' or '.join(map(str, rounds))} round{'' if rounds == [1] else 's'}, in each of which every "
        "program ran once; ratios are taken within a round, their range in brackets.\n\n",
        HEAD, *(row for name, model in models.items() for row in rows(name, model)), "\n",
        NOTES.format(positions=first["agreement"]["ingot"]["positions"]), "\n",
        *programs(first["details"]),
        f"- {machine['processor']}, family {machine['family']}, model {machine['model']}, "
        f"{', '.join(flags)}; {machine['processors']} processors, "
        f"{machine['memory_bytes'] / 1e9:.0f} GB; Linux {machine['kernel']}; {result['started'][:10]}\n"]
    path.write_text("".join(text), encoding="utf-8")


if __name__ == "__main__":
    write_table(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")), Path(sys.argv[2]))
