"""Makes the tiny Jamba checkpoints and their references; see README.md.

All values are exact in f32, bf16 and f16, so that one reference holds for every weight type.
"""

from jamba_numpy import forward as forward_float64
from tiny import Runner, build, save, setup, write_references
from transformers import JambaConfig, JambaForCausalLM
from transformers.models.jamba.modeling_jamba import JambaTopKRouter

COMMON = dict(vocab_size=512, hidden_size=64, intermediate_size=128, num_hidden_layers=4,
              num_attention_heads=4, num_key_value_heads=2, attn_layer_period=4,
              expert_layer_period=2, expert_layer_offset=1, num_experts=4, num_experts_per_tok=2,
              mamba_d_state=16, mamba_d_conv=4, mamba_expand=2, mamba_dt_rank=8,
              mamba_conv_bias=True, use_mamba_kernels=False, rms_norm_eps=1e-6,
              tie_word_embeddings=False, pad_token_id=0, bos_token_id=1, eos_token_id=2)
# Name: seed, parameters, the rest. jamba-b has attention before experts, and projection biases;
# jamba-c one expert per token in every layer, and no size that 16 divides.
MODELS = {
    "jamba-a": (1501, 425784, dict(attn_layer_offset=2, mamba_proj_bias=False)),
    "jamba-b": (1512, 426744, dict(attn_layer_offset=1, mamba_proj_bias=True)),
    "jamba-c": (1503, 150553, dict(hidden_size=60, intermediate_size=50, num_hidden_layers=2,
                              num_attention_heads=3, num_key_value_heads=1, attn_layer_period=2,
                              attn_layer_offset=1, expert_layer_period=1, expert_layer_offset=0,
                              num_experts=3, num_experts_per_tok=1, mamba_d_state=5,
                              mamba_d_conv=3, mamba_dt_rank=3, mamba_proj_bias=False)),
}


def main():
    setup()
    for name, (seed, parameters, sizes) in MODELS.items():
        config = JambaConfig(**COMMON | sizes)
        model = build(JambaForCausalLM, config, seed, parameters)
        weights = save(model, name, old=name == "jamba-a")
        flat = config.to_dict()
        runner = Runner(model, routers=(JambaTopKRouter,))
        write_references(name, {"f32": runner},
                         {"f32": lambda ids: forward_float64(weights, flat, ids)}, seed + 1000)


if __name__ == "__main__":
    main()
