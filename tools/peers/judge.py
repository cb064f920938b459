"""The text by which the peers are compared, and its logits by transformers in float32.

    judge.py FOLDER IDS.txt LOGITS.npy [--threads N]

Tokens are drawn at random. With experts, a token is drawn again while the last expert that is chosen
leads the next one by less than CLEAR in any layer: rounding an activation to bf16 moves the router's
logits by some hundredths, and a choice that turns there says nothing about who computes what.
"""

import argparse
import random
from pathlib import Path

import numpy
import torch
import transformers

TOKENS = 24
SEED = 1
CLEAR = 0.05
MOST_DRAWS = 2000


class Routers:
    """How clear the choices of experts were since clear() was asked last."""

    def __init__(self, model):
        self.chosen, self.gap = model.config.num_experts_per_tok, float("inf")
        for module in model.modules():
            if type(module).__name__.endswith("Router"):
                module.register_forward_hook(self.watch)

    def watch(self, module, inputs, output):
        rows = inputs[0].reshape(-1, inputs[0].shape[-1])
        scores = torch.nn.functional.linear(rows, module.weight).sort(-1, descending=True).values
        gap = (scores[:, self.chosen - 1] - scores[:, self.chosen]).min().item()
        self.gap = min(self.gap, gap)

    def clear(self):
        gap, self.gap = self.gap, float("inf")
        return gap >= CLEAR


def draw_text(model):
    """(ids, their logits)."""
    draw = random.Random(SEED)
    if not hasattr(model.config, "num_experts_per_tok"):
        ids = [draw.randrange(model.config.vocab_size) for _ in range(TOKENS)]
        return ids, model(torch.tensor([ids])).logits[0]
    routers, ids, rows = Routers(model), [], []
    cache = transformers.DynamicCache(config=model.config)
    for _ in range(MOST_DRAWS):
        token = draw.randrange(model.config.vocab_size)
        out = model(torch.tensor([[token]]), past_key_values=cache, use_cache=True)
        if routers.clear():
            ids.append(token)
            rows.append(out.logits[0, -1])
        else:
            cache.crop(-1)  # tokens to remove
        if len(ids) == TOKENS:
            return ids, torch.stack(rows)
    raise SystemExit(f"judge: {len(ids)} of {TOKENS} tokens with clear choices in {MOST_DRAWS} draws")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("folder", "ids", "logits"):
        parser.add_argument(name)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    with torch.inference_mode():
        model = transformers.AutoModelForCausalLM.from_pretrained(arguments.folder, dtype=torch.float32)
        ids, logits = draw_text(model.eval())
    Path(arguments.ids).write_text(" ".join(map(str, ids)), encoding="utf-8")
    numpy.save(arguments.logits, logits.numpy())


if __name__ == "__main__":
    main()
