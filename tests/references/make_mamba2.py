"""Makes the tiny Mamba-2 checkpoints and their references; see README.md.

All values are exact in f32, bf16 and f16, so that one reference holds for every weight type.
transformers applies time_step_limit in its prefill but not in its single steps. mamba2-b has a
limit, so its every reference, the greedy ids too, comes from whole prefills.
"""

from tiny import Runner, WholeRunner, build, save, setup, write_references
from transformers import Mamba2Config, Mamba2ForCausalLM
from mamba2_numpy import forward as forward_float64

COMMON = dict(vocab_size=512, hidden_size=64, state_size=32, expand=2, conv_kernel=4,
              chunk_size=16, num_hidden_layers=3, use_conv_bias=True, residual_in_fp32=True,
              layer_norm_epsilon=1e-5, bos_token_id=0, eos_token_id=0, pad_token_id=0)
# Name: seed, parameters, sizes.
MODELS = {
    "mamba2-a": (1401, 123912, dict(num_heads=8, head_dim=16, n_groups=1, use_bias=False,
                                    tie_word_embeddings=True)),
    "mamba2-b": (1402, 170480, dict(num_heads=4, head_dim=32, n_groups=2, use_bias=True,
                                    time_step_limit=(0.01, 0.1), tie_word_embeddings=False)),
    # No size that 16 divides.
    "mamba2-c": (1403, 72516, dict(hidden_size=36, num_heads=6, head_dim=12, state_size=20, n_groups=2,
                               conv_kernel=3, use_bias=True, tie_word_embeddings=False)),
}


def main():
    setup()
    for name, (seed, parameters, sizes) in MODELS.items():
        config = Mamba2Config(**COMMON | sizes)
        model = build(Mamba2ForCausalLM, config, seed, parameters)
        weights = save(model, name, old=name == "mamba2-a")
        flat = config.to_dict() | dict(time_step_limit=config.time_step_limit)
        runner = (WholeRunner if name == "mamba2-b" else Runner)(model, "cache_params")
        write_references(name, {"f32": runner},
                         {"f32": lambda ids: forward_float64(weights, flat, ids)}, seed + 1000,
                         end=0)


if __name__ == "__main__":
    main()
