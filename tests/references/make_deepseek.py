"""Makes the tiny DeepSeekMoE checkpoints and their references; see README.md.

The references are deepseek_torch.py's, checked twice: against transformer_numpy.py in float64, and
against transformers' Qwen2Moe, which computes the same function once its projection biases are off
and its shared expert's gate is 0 (a factor 1/2, made up for by twice the weights).

All values are exact in f32, bf16 and f16, so that one reference holds for every weight type.
"""

import json
import shutil

import torch
from deepseek_torch import DeepSeek
from safetensors.torch import save_file
from tiny import CHECKPOINTS, DATA, WholeRunner, fill, setup, worst, write_references
from torch import nn
from transformer_numpy import forward as forward_float64
from transformers import Qwen2MoeConfig, Qwen2MoeForCausalLM

COMMON = dict(
    architectures=["DeepseekForCausalLM"], attention_bias=False, attention_dropout=0.0,
    aux_loss_alpha=0.0, bos_token_id=1, eos_token_id=2, hidden_act="silu", hidden_size=64,
    initializer_range=0.02, intermediate_size=160, max_position_embeddings=512,
    model_type="deepseek", moe_intermediate_size=48, moe_layer_freq=1, n_routed_experts=8,
    n_shared_experts=2, num_attention_heads=4, num_experts_per_tok=3, num_hidden_layers=3,
    pretraining_tp=1, rms_norm_eps=1e-6, rope_scaling=None, rope_theta=10000.0,
    scoring_func="softmax", seq_aux=True, tie_word_embeddings=False, torch_dtype="bfloat16",
    transformers_version="4.36.0", use_cache=True, vocab_size=512)
# Name: seed, parameters, the rest.
MODELS = {
    "deepseek-a": (1601, 331200, dict(norm_topk_prob=False, first_k_dense_replace=1,
                                      num_key_value_heads=4)),
    "deepseek-b": (1602, 256960, dict(norm_topk_prob=True, first_k_dense_replace=2,
                                      num_key_value_heads=2)),
    # One expert per token, which norm_topk_prob leaves as it is; no shared ones; heads of 12.
    "deepseek-c": (1608, 170352, dict(norm_topk_prob=True, num_experts_per_tok=1, n_shared_experts=None,
                                 first_k_dense_replace=0, moe_layer_freq=2, n_routed_experts=5,
                                 hidden_size=72, intermediate_size=100, moe_intermediate_size=40,
                                 num_attention_heads=6, num_key_value_heads=3,
                                 num_hidden_layers=2)),
}


class Routed(WholeRunner):
    """WholeRunner that watches the routers, which are plain linear layers here."""

    def __init__(self, model):
        super().__init__(model)
        for name, module in model.named_modules():
            if name.endswith("mlp.gate") and isinstance(module, nn.Linear):
                module.register_forward_hook(self.watch)


def save(model, name, config):
    """The layout of the published files: every expert a tensor of its own."""
    folder = CHECKPOINTS / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")
    tensors = {k: v.detach().to(torch.bfloat16).contiguous() for k, v in model.named_parameters()}
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    shutil.copyfile(DATA / "tokenizers" / "neox" / "tokenizer.json", folder / "tokenizer.json")
    print(f"{name}: {len(tensors)} tensors, {sum(t.numel() for t in tensors.values())} parameters",
          flush=True)
    return {k: t.float().numpy() for k, t in tensors.items()}


def library_model(model, c):
    """The same weights in transformers' Qwen2Moe."""
    shared = (c["n_shared_experts"] or 1) * c["moe_intermediate_size"]
    dense = [i for i in range(c["num_hidden_layers"])
             if i < c["first_k_dense_replace"] or i % c["moe_layer_freq"] != 0]
    config = Qwen2MoeConfig(
        qkv_bias=False, num_experts=c["n_routed_experts"], shared_expert_intermediate_size=shared,
        mlp_only_layers=dense, decoder_sparse_step=1,
        norm_topk_prob=c["norm_topk_prob"] and c["num_experts_per_tok"] > 1,
        rope_parameters=dict(rope_type="default", rope_theta=c["rope_theta"]),
        **{k: c[k] for k in ("vocab_size", "hidden_size", "intermediate_size", "rms_norm_eps",
                             "num_hidden_layers", "num_attention_heads", "num_key_value_heads",
                             "moe_intermediate_size", "num_experts_per_tok", "max_position_embeddings", "tie_word_embeddings")})
    other = Qwen2MoeForCausalLM._from_config(config, attn_implementation="eager").eval()
    other.set_experts_implementation("eager")
    ours = model.state_dict()
    for name, tensor in other.state_dict().items():
        if name.endswith("shared_expert_gate.weight") or (
                ".shared_expert." in name and not c["n_shared_experts"]):
            tensor.zero_()
        elif name.endswith("experts.gate_up_proj"):
            for e in range(config.num_experts):
                own = name.replace("gate_up_proj", f"{e}.")
                tensor[e].copy_(torch.cat([ours[own + "gate_proj.weight"],
                                           ours[own + "up_proj.weight"]]))
        elif name.endswith("experts.down_proj"):
            for e in range(config.num_experts):
                tensor[e].copy_(ours[name.replace("down_proj", f"{e}.down_proj.weight")])
        else:
            tensor.copy_(ours[name.replace("shared_expert.", "shared_experts.")])
            if "shared_expert.down_proj" in name:
                tensor.mul_(2.0)
    return other


def main():
    setup()
    for name, (seed, parameters, sizes) in MODELS.items():
        config = COMMON | sizes
        model = fill(DeepSeek(config), seed, parameters).eval()
        weights = save(model, name, config)
        runner, other = Routed(model), WholeRunner(library_model(model, config))
        agreement = []

        def second(ids):
            agreement.append(worst(runner.start(ids)[0], other.start(ids)[0]))
            return forward_float64(weights, config, ids)

        write_references(name, {"f32": runner}, {"f32": second}, seed + 1000)
        assert max(agreement) <= 1e-5, agreement
        print(f"{name}: Qwen2Moe {max(agreement):.1e}", flush=True)


if __name__ == "__main__":
    main()
