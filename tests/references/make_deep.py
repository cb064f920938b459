"""Makes the logits of deep models over long texts that tests/models/precision.sh compares with; see README.md.

Weights and texts are not stored: build/tests/sweep makes them from the seed, here and in the test.
Stored are config.json, the length of the text, and, for each seed, 16 rows of transformers' float32
logits, evenly spread to the last. Run it from the root of the tree after `make build/tests/sweep`.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from deepseek_torch import DeepSeek
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

DEEP = Path(__file__).resolve().parent.parent / "data" / "deep"
SEEDS = (1, 2)
ROWS = 16


def load(folder, config):
    """The plain torch path in float32: eager attention, experts in a loop."""
    if config["model_type"] == "deepseek":
        model = DeepSeek(config)
        model.load_state_dict(load_file(folder / "model.safetensors"))
        return model.float().eval()
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32,
                                                 attn_implementation="eager").eval()
    if hasattr(model.config, "num_experts_per_tok"):
        model.set_experts_implementation("eager")
    return model


def logits_of(name, seed, folder):
    """All rows of float32 logits; FOLDER gets the checkpoint, ids and exact logits."""
    tokens = (DEEP / name / "tokens").read_text().strip()
    text = (DEEP / name / "config.json").read_text()
    (folder / "config.json").write_text(text)
    ini = folder / "deep.ini"
    ini.write_bytes(subprocess.check_output(["build/tools/gen", "import", folder]))
    for verb, *more in (("weights",), ("text", tokens)):
        subprocess.check_call(["build/tests/sweep", verb, str(seed), "0", folder, ini, *more])
    ids = [int(i) for i in (folder / "ids").read_text().split()]
    with torch.no_grad():
        return load(folder, json.loads(text))(torch.tensor([ids]), use_cache=False).logits[0]


def main():
    torch.set_num_threads(1)
    for name in sys.argv[1:] or sorted(p.name for p in DEEP.iterdir()):
        for seed in SEEDS:
            with tempfile.TemporaryDirectory() as folder:
                logits = logits_of(name, seed, Path(folder)).numpy()
            rows = [(i + 1) * len(logits) // ROWS - 1 for i in range(ROWS)]
            np.save(DEEP / name / f"{seed}.npy", logits[rows])


if __name__ == "__main__":
    main()
