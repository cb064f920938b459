"""A checkpoint of random weights in bf16, as a folder of transformers, out of one of our configs.

    checkpoint.py CONFIG.ini FOLDER

The keys of [model] are config.json's own. The values have the ranges of tools/pack/random_weights.h,
so activations stay near 1 at any depth; every one is exact in bf16, so all programs hold the same.
"""

import configparser
import json
import math
import sys

import torch
import transformers

FAMILIES = ("mamba", "llama", "mistral", "mixtral")
SEED = 1


def read_config(path):
    """transformers' config of our CONFIG.ini."""
    ini = configparser.ConfigParser(inline_comment_prefixes=("#",))
    with open(path, encoding="utf-8") as file:
        ini.read_file(file)
    keys = {key: json.loads(text) if text[0] in "0123456789tf" else text
            for key, text in ini["model"].items()}
    family = keys.pop("model_type")
    if family not in FAMILIES:
        sys.exit(f"{path}: model_type is {family}; the peers are measured for {', '.join(FAMILIES)}")
    if family == "mamba":
        keys["expand"] = keys["intermediate_size"] // keys["hidden_size"]
    else:
        keys["sliding_window"] = keys["sliding_window"] or None
        keys["rope_parameters"] = {"rope_type": "default", "rope_theta": keys.pop("rope_theta")}
    return transformers.AutoConfig.for_model(family, **keys)


def fill(name, tensor, generator):
    """One tensor in place."""
    uniform = torch.rand(tensor.shape, generator=generator) * 2 - 1
    if name.endswith("A_log"):
        values = torch.arange(1, tensor.shape[-1] + 1).log().expand(tensor.shape)
    elif name.endswith("dt_proj.bias"):
        values = (uniform - 2) * 2.3
    elif name.endswith("conv1d.weight"):
        values = uniform / math.sqrt(tensor.shape[-1])
    elif name.endswith(".bias"):
        values = uniform * 0.1
    elif tensor.dim() == 1:
        values = torch.ones(tensor.shape)
    else:
        values = uniform * math.sqrt(3 / tensor.shape[-1])
    tensor.copy_(values.bfloat16())


def main():
    config_path, folder = sys.argv[1:3]
    config = read_config(config_path)
    with torch.device("meta"):
        model = transformers.AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16)
    model = model.to_empty(device="cpu")
    model.tie_weights()
    generator = torch.Generator().manual_seed(SEED)
    with torch.no_grad():
        for name, tensor in model.named_parameters():
            fill(name, tensor, generator)
    model.to(torch.bfloat16).save_pretrained(folder, max_shard_size="100GB")


if __name__ == "__main__":
    main()
