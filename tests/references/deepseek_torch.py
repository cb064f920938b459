"""DeepSeekMoE (model_type "deepseek") in plain PyTorch, f32, the whole sequence at once.

The checkpoint's own modelling code runs on old releases of transformers only. This file holds the
same model as a torch module with the same tensor names; make_deepseek.py compares it with a float64
numpy implementation and with a different library model set up to compute the same function.
"""

from types import SimpleNamespace

import torch
from torch import nn
from torch.nn.functional import silu


class RMSNorm(nn.Module):
    def __init__(self, size, eps):
        super().__init__()
        self.weight, self.eps = nn.Parameter(torch.ones(size)), eps

    def forward(self, x):
        return self.weight * (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps))


def linear(inputs, outputs):
    return nn.Linear(inputs, outputs, bias=False)


class Attention(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.heads, self.kv_heads = c.num_attention_heads, c.num_key_value_heads
        self.size, self.theta = c.hidden_size // self.heads, c.rope_theta
        self.q_proj = linear(c.hidden_size, self.heads * self.size)
        self.k_proj = linear(c.hidden_size, self.kv_heads * self.size)
        self.v_proj = linear(c.hidden_size, self.kv_heads * self.size)
        self.o_proj = linear(self.heads * self.size, c.hidden_size)

    def rotate(self, x):
        """x[heads][T][size] with the halves of each head turned against each other."""
        steps = torch.arange(0, self.size, 2).float() / self.size
        angles = torch.outer(torch.arange(x.shape[1]).float(), 1.0 / self.theta**steps)
        low, high = x.chunk(2, -1)
        cos, sin = angles.cos(), angles.sin()
        return torch.cat([low * cos - high * sin, high * cos + low * sin], -1)

    def forward(self, x):
        tokens = x.shape[0]
        q = self.rotate(self.q_proj(x).view(tokens, self.heads, -1).transpose(0, 1))
        k = self.rotate(self.k_proj(x).view(tokens, self.kv_heads, -1).transpose(0, 1))
        v = self.v_proj(x).view(tokens, self.kv_heads, -1).transpose(0, 1)
        k, v = (t.repeat_interleave(self.heads // self.kv_heads, 0) for t in (k, v))
        scores = q @ k.transpose(1, 2) * self.size**-0.5
        future = torch.ones(tokens, tokens, dtype=torch.bool).triu(1)
        weights = scores.masked_fill(future, -torch.inf).softmax(-1)
        return self.o_proj((weights @ v).transpose(0, 1).reshape(tokens, -1))


class MLP(nn.Module):
    def __init__(self, hidden, width):
        super().__init__()
        self.gate_proj, self.up_proj = linear(hidden, width), linear(hidden, width)
        self.down_proj = linear(width, hidden)

    def forward(self, x):
        return self.down_proj(silu(self.gate_proj(x)) * self.up_proj(x))


class MoE(nn.Module):
    """The best k of E experts by softmax, in ascending order, then the shared experts as one MLP."""

    def __init__(self, c):
        super().__init__()
        self.k = c.num_experts_per_tok
        self.renormalise = c.norm_topk_prob and self.k > 1  # as in the checkpoint's own code
        self.gate = linear(c.hidden_size, c.n_routed_experts)
        self.experts = nn.ModuleList(MLP(c.hidden_size, c.moe_intermediate_size)
                                     for _ in range(c.n_routed_experts))
        if c.n_shared_experts:
            self.shared_experts = MLP(c.hidden_size, c.moe_intermediate_size * c.n_shared_experts)

    def forward(self, x):
        best, chosen = self.gate(x).softmax(-1).topk(self.k, -1)
        if self.renormalise:
            best = best / (best.sum(-1, keepdim=True) + 1e-20)
        weights = torch.zeros(x.shape[0], len(self.experts)).scatter(1, chosen, best)
        out = torch.zeros_like(x)
        for e, expert in enumerate(self.experts):
            tokens = (chosen == e).any(-1).nonzero()[:, 0]
            out[tokens] += expert(x[tokens]) * weights[tokens, e, None]
        return out + self.shared_experts(x) if hasattr(self, "shared_experts") else out


class Block(nn.Module):
    def __init__(self, c, index):
        super().__init__()
        sparse = index >= c.first_k_dense_replace and index % c.moe_layer_freq == 0
        self.self_attn = Attention(c)
        self.mlp = MoE(c) if sparse else MLP(c.hidden_size, c.intermediate_size)
        self.input_layernorm = RMSNorm(c.hidden_size, c.rms_norm_eps)
        self.post_attention_layernorm = RMSNorm(c.hidden_size, c.rms_norm_eps)

    def forward(self, x):
        x = x + self.self_attn(self.input_layernorm(x))
        return x + self.mlp(self.post_attention_layernorm(x))


class DeepSeek(nn.Module):
    """CONFIG is the parsed config.json; the output has .logits [1][T][V] as the library's do."""

    def __init__(self, config):
        super().__init__()
        self.config = c = SimpleNamespace(**config)
        self.model = nn.Module()
        self.model.embed_tokens = nn.Embedding(c.vocab_size, c.hidden_size)
        self.model.layers = nn.ModuleList(Block(c, i) for i in range(c.num_hidden_layers))
        self.model.norm = RMSNorm(c.hidden_size, c.rms_norm_eps)
        self.lm_head = linear(c.hidden_size, c.vocab_size)

    def forward(self, ids, use_cache=False):
        assert not use_cache and ids.shape[0] == 1
        x = self.model.embed_tokens(ids[0])
        for layer in self.model.layers:
            x = layer(x)
        return SimpleNamespace(logits=self.lm_head(self.model.norm(x))[None])
