"""Makes the tiny Phi checkpoints and their references; see README.md.

All values are exact in f32, bf16 and f16, so that one reference holds for every weight type. phi-a
is stored as f16, as the real files are, phi-b as bf16.
"""

from tiny import Runner, build, save, setup, write_references
from transformers import PhiConfig, PhiForCausalLM
from transformer_numpy import forward as forward_float64

# The context is 512 because prompts of 300 tokens and 64 more follow.
COMMON = dict(vocab_size=512, hidden_size=64, intermediate_size=256, num_hidden_layers=3,
              num_attention_heads=4, hidden_act="gelu_new", layer_norm_eps=1e-5, resid_pdrop=0.0,
              embd_pdrop=0.0, attention_dropout=0.0, max_position_embeddings=512,
              tie_word_embeddings=False, bos_token_id=2, eos_token_id=2)
ROPE = dict(rope_theta=10000.0, partial_rotary_factor=0.4)  # 6 of the 16 elements of a head
# Name: seed, parameters, type on disk, the rest.
MODELS = {
    "phi-a": (1201, 215744, "f16", dict(num_key_value_heads=4)),
    "phi-b": (1202, 203264, "bf16", dict(num_key_value_heads=2)),
    # Heads of 40, of which 10 elements are rotated.
    "phi-c": (1203, 154152, "bf16", dict(hidden_size=80, num_attention_heads=2, num_key_value_heads=1,
                                    intermediate_size=100, num_hidden_layers=2,
                                    partial_rotary_factor=0.25)),
}


def main():
    setup()
    for name, (seed, parameters, kind, sizes) in MODELS.items():
        rope = ROPE | {k: v for k, v in sizes.items() if k in ROPE}
        config = PhiConfig(rope_parameters=rope | dict(rope_type="default"),
                           **COMMON | {k: v for k, v in sizes.items() if k not in ROPE})
        model = build(PhiForCausalLM, config, seed, parameters)
        weights = save(model, name, kind, old=name == "phi-b")
        flat = config.to_dict() | rope
        write_references(name, {"f32": Runner(model)},
                         {"f32": lambda ids: forward_float64(weights, flat, ids)}, seed + 1000)


if __name__ == "__main__":
    main()
