"""Llama, Phi, Mixtral and DeepSeekMoE in plain float64 numpy, written from the equations.

It shares no code with transformers or with deepseek_torch.py and serves as a second opinion on the
stored references: one token at a time against growing lists of keys and values, one head and one
expert at a time, nothing fused, nothing rounded. Weights are a dict of tensor name -> array under
Hugging Face names; CONFIG is a flat dict of the config.json keys in their 4.x spelling.
"""

import math

import numpy as np


def silu(x):
    return x / (1.0 + np.exp(-x))


def gelu_new(x):
    return 0.5 * x * (1.0 + np.tanh(math.sqrt(2.0 / math.pi) * (x + 0.044715 * x**3)))


def softmax(x):
    powers = np.exp(x - x.max())
    return powers / powers.sum()


def rotate(x, position, width, theta):
    """Turns the pairs (j, j + width/2) of one head; elements from WIDTH on pass through."""
    half = width // 2
    out = x.copy()
    for j in range(half):
        angle = position * theta ** (-2.0 * j / width)
        out[j] = x[j] * math.cos(angle) - x[j + half] * math.sin(angle)
        out[j + half] = x[j + half] * math.cos(angle) + x[j] * math.sin(angle)
    return out


class Layer:
    """One block with its keys and values, one entry per token so far."""

    def __init__(self, tensors, index, config):
        self.prefix, self.tensors, self.config = f"model.layers.{index}.", tensors, config
        self.keys, self.values = [], []
        heads = config["num_attention_heads"]
        self.head_dim = config.get("head_dim") or config["hidden_size"] // heads
        self.group = heads // config["num_key_value_heads"]
        self.rotary = int(self.head_dim * config.get("partial_rotary_factor", 1.0))

    def linear(self, name, x):
        y = self.tensors[self.prefix + name + ".weight"] @ x
        return y + self.tensors.get(self.prefix + name + ".bias", 0.0)

    def norm(self, name, x):
        return normalise(self.tensors, self.prefix + name, x, self.config)

    def attention(self, u):
        c, size = self.config, self.head_dim
        position = len(self.keys)
        q, k, v = (self.linear(f"self_attn.{p}_proj", u).reshape(-1, size) for p in "qkv")
        if c.get("rope_theta"):
            q, k = ([rotate(h, position, self.rotary, c["rope_theta"]) for h in x] for x in (q, k))
        self.keys.append(k)
        self.values.append(v)
        first = max(0, position + 1 - (c.get("sliding_window") or position + 1))
        heads = []
        for h, query in enumerate(q):
            kv = h // self.group
            scores = np.array([query @ key[kv] for key in self.keys[first:]]) / math.sqrt(size)
            weights = softmax(scores)
            heads.append(sum(w * value[kv] for w, value in zip(weights, self.values[first:])))
        out = "dense" if self.prefix + "self_attn.dense.weight" in self.tensors else "o_proj"
        return self.linear("self_attn." + out, np.concatenate(heads))

    def swiglu(self, gate, up, down, u):
        return self.linear(down, silu(self.linear(gate, u)) * self.linear(up, u))

    def experts(self, router, u, count, renormalise, names):
        """Softmax over all experts, the best COUNT of them, weighted sum of their outputs."""
        chances = softmax(self.linear(router, u))
        chosen = np.argsort(-chances)[:count]
        total = chances[chosen].sum() if renormalise else 1.0
        return sum(chances[e] / total * self.swiglu(*(n.format(e) for n in names), u)
                   for e in chosen)

    def feed_forward(self, u):
        c, has = self.config, lambda name: self.prefix + name + ".weight" in self.tensors
        if has("block_sparse_moe.gate"):
            names = [f"block_sparse_moe.experts.{{}}.w{i}" for i in (1, 3, 2)]
            return self.experts("block_sparse_moe.gate", u, c["num_experts_per_tok"], True, names)
        names = ("gate_proj", "up_proj", "down_proj")
        if has("mlp.gate"):
            routed = [f"mlp.experts.{{}}.{n}" for n in names]
            y = self.experts("mlp.gate", u, c["num_experts_per_tok"],
                             c["norm_topk_prob"] and c["num_experts_per_tok"] > 1, routed)
            shared = [f"mlp.shared_experts.{n}" for n in names]
            return y + self.swiglu(*shared, u) if has("mlp.shared_experts.up_proj") else y
        return self.swiglu(*("mlp." + n for n in names), u)

    def step(self, x):
        u = self.norm("input_layernorm", x)
        if self.config["model_type"] == "phi":  # attention and MLP side by side, one norm
            return x + self.attention(u) + self.linear("mlp.fc2",
                                                       gelu_new(self.linear("mlp.fc1", u)))
        x = x + self.attention(u)
        return x + self.feed_forward(self.norm("post_attention_layernorm", x))


def normalise(tensors, name, x, config):
    """LayerNorm where the config has layer_norm_eps, else RMSNorm."""
    weight = tensors[name + ".weight"]
    if "layer_norm_eps" in config:
        spread = math.sqrt(np.mean((x - x.mean()) ** 2) + config["layer_norm_eps"])
        return weight * (x - x.mean()) / spread + tensors[name + ".bias"]
    return weight * x / math.sqrt(np.mean(x * x) + config["rms_norm_eps"])


def forward(weights, config, ids):
    """Logits [len(ids)][V] in float64."""
    tensors = {name: value.astype(np.float64) for name, value in weights.items()}
    table = tensors["model.embed_tokens.weight"]
    head = tensors.get("lm_head.weight", table)
    final = "model.norm" if "model.norm.weight" in tensors else "model.final_layernorm"
    layers = [Layer(tensors, i, config) for i in range(config["num_hidden_layers"])]
    logits = []
    for token in ids:
        x = table[token]
        for layer in layers:
            x = layer.step(x)
        u = normalise(tensors, final, x, config)
        logits.append(head @ u + tensors.get("lm_head.bias", 0.0))
    return np.array(logits)
