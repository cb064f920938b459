"""Makes the tiny Llama checkpoints and their references; see README.md.

llama-a keeps f32 values and has a reference per weight type. The values of llama-b and llama-c are
exact in f32, bf16 and f16, stored as bf16: one reference holds for all three.
"""

import torch
from tiny import CHECKPOINTS, TYPES, Runner, build, save, setup, write_references
from transformers import LlamaConfig, LlamaForCausalLM
from transformer_numpy import forward as forward_float64

COMMON = dict(vocab_size=512, hidden_size=64, intermediate_size=176, num_attention_heads=4,
              rms_norm_eps=1e-5, max_position_embeddings=512, bos_token_id=1, eos_token_id=2)
# Name: seed, parameters, rope_theta, the rest.
MODELS = {
    "llama-a": (1101, 204224, 500000.0, dict(num_hidden_layers=3, num_key_value_heads=2,
                                             tie_word_embeddings=False)),
    "llama-b": (1102, 121152, 10000.0, dict(num_hidden_layers=2, num_key_value_heads=1,
                                            tie_word_embeddings=True)),
    # head_dim is not hidden_size / num_attention_heads; no token begins or ends a text.
    "llama-c": (1103, 182592, 10000.0, dict(num_hidden_layers=2, num_key_value_heads=2,
                                            head_dim=32, tie_word_embeddings=False,
                                            bos_token_id=None, eos_token_id=None)),
    # Heads that are no multiple of 16: as narrow as published ones get, and 100 as in OpenLLaMA 3B.
    "llama-d": (1104, 123712, 10000.0, dict(num_hidden_layers=2, num_attention_heads=8,
                                            num_key_value_heads=4, intermediate_size=172,
                                            tie_word_embeddings=True)),
    "llama-e": (1105, 167488, 10000.0, dict(num_hidden_layers=2, num_attention_heads=2,
                                            num_key_value_heads=1, head_dim=100,
                                            intermediate_size=150, tie_word_embeddings=True)),
}


def rounded(model, kind):
    """A copy of MODEL with its matrices rounded as a weight file of type KIND rounds them."""
    copy = LlamaForCausalLM._from_config(model.config, attn_implementation="eager").eval()
    copy.load_state_dict({k: v.to(TYPES[kind]).float() if v.dim() == 2 else v
                          for k, v in model.state_dict().items()})
    return copy


def main():
    setup()
    for name, (seed, parameters, theta, sizes) in MODELS.items():
        config = LlamaConfig(rope_parameters=dict(rope_type="default", rope_theta=theta),
                             **COMMON | sizes)
        plain = name == "llama-a"
        model = build(LlamaForCausalLM, config, seed, parameters, keep_f32=plain)
        weights = save(model, name, "f32" if plain else "bf16", old=name == "llama-b")
        if plain:  # two tokens end a text; transformers says where (tests/models/families_test.c)
            model.generation_config.eos_token_id = [428, 2]
            model.generation_config.save_pretrained(CHECKPOINTS / name)
        flat = config.to_dict() | dict(rope_theta=theta)
        runners, seconds = {}, {}
        for kind in TYPES if plain else ("f32",):
            runners[kind] = Runner(rounded(model, kind))
            values = {k: torch.from_numpy(v).to(TYPES[kind]).float().numpy() if v.ndim == 2 else v
                      for k, v in weights.items()}
            seconds[kind] = lambda ids, values=values: forward_float64(values, flat, ids)
        write_references(name, runners, seconds, seed + 1000)


if __name__ == "__main__":
    main()
