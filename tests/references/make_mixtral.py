"""Makes the tiny Mixtral checkpoints and their references; see README.md.

All values are exact in f32, bf16 and f16, so that one reference holds for every weight type.
mixtral-w has the weights of mixtral-a and a window: a query at p sees the keys p-7..p. mixtral-b
has one expert per token, whose weight the renormalisation makes 1, and no size that 16 divides.
"""

import numpy as np
import torch
from tiny import REFERENCES, Runner, build, save, setup, write_references
from transformers import MixtralConfig, MixtralForCausalLM
from transformers.models.mixtral.modeling_mixtral import MixtralTopKRouter
from transformer_numpy import forward as forward_float64

COMMON = dict(vocab_size=512, hidden_size=64, intermediate_size=96, num_hidden_layers=2,
              num_attention_heads=4, num_key_value_heads=2, num_local_experts=8,
              num_experts_per_tok=2, rms_norm_eps=1e-5, max_position_embeddings=512,
              tie_word_embeddings=False, bos_token_id=1, eos_token_id=2)
THETA = 1e6
# Name: weight seed, prompt seed, parameters, the rest.
MODELS = {
    "mixtral-a": (1301, 2301, 386368, dict(sliding_window=None)),
    "mixtral-w": (1301, 2302, 386368, dict(sliding_window=8)),
    "mixtral-b": (1303, 2303, 135300, dict(hidden_size=60, intermediate_size=50, num_attention_heads=3,
                                      num_key_value_heads=1, num_local_experts=3,
                                      num_experts_per_tok=1, sliding_window=None)),
}


# Rows of the long prompt over and over: far from the first position, where an angle that is
# rounded otherwise than transformers' gives other logits.
FAR = (1000, 3000, 5999)


def write_far(name, model):
    ids = [int(i) for i in (REFERENCES / f"{name}.long.txt").read_text().split()]
    ids = ids * (FAR[-1] // len(ids) + 1)
    with torch.no_grad():
        logits = model(torch.tensor([ids]), use_cache=False).logits[0].numpy()
    np.save(REFERENCES / f"{name}-f32.far.npy", logits[list(FAR)])


def main():
    setup()
    for name, (seed, prompt_seed, parameters, sizes) in MODELS.items():
        config = MixtralConfig(rope_parameters=dict(rope_type="default", rope_theta=THETA),
                               **COMMON | sizes)
        model = build(MixtralForCausalLM, config, seed, parameters)
        weights = save(model, name, old=name == "mixtral-a")
        flat = config.to_dict() | dict(rope_theta=THETA)
        runner = Runner(model, routers=(MixtralTopKRouter,))
        write_references(name, {"f32": runner},
                         {"f32": lambda ids: forward_float64(weights, flat, ids)}, prompt_seed)
        if sizes["sliding_window"]:
            write_far(name, model)


if __name__ == "__main__":
    main()
