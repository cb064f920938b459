"""Writes tests/data/defaults/FAMILY.json: what transformers takes for a config.json that says nothing.

Each is the whole default configuration of a family's class, as transformers 5.23.0 writes it.
"""

import pathlib

import transformers

CLASSES = {
    "mamba": transformers.MambaConfig,
    "mamba2": transformers.Mamba2Config,
    "llama": transformers.LlamaConfig,
    "phi": transformers.PhiConfig,
    "mixtral": transformers.MixtralConfig,
    "jamba": transformers.JambaConfig,
    "mistral": transformers.MistralConfig,
}

folder = pathlib.Path(__file__).resolve().parent.parent / "data" / "defaults"
folder.mkdir(parents=True, exist_ok=True)
for family, make in CLASSES.items():
    text = make().to_json_string(use_diff=False)
    (folder / f"{family}.json").write_text(text)
