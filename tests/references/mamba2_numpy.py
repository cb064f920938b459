"""Mamba-2 forward pass in plain float64 numpy, written from the equations.

It shares no code with transformers, whose prefill works on chunks: here one token after the other
and one head after the other, nothing fused, nothing rounded. Weights are a dict of tensor name ->
array under Hugging Face names; CONFIG is the parsed config.json.
"""

import numpy as np
from mamba_numpy import rms_norm, silu, softplus


class Layer:
    """One residual block with its carried state: the last K-1 conv inputs and S[heads][P][N]."""

    def __init__(self, weights, index, config):
        prefix = f"backbone.layers.{index}."
        self.weight = lambda name: weights[prefix + name]
        self.bias = lambda name: weights.get(prefix + name, 0.0)
        self.heads, self.head_dim = config["num_heads"], config["head_dim"]
        self.groups, self.state_size = config["n_groups"], config["state_size"]
        self.low, self.high = config["time_step_limit"]
        self.eps = config["layer_norm_epsilon"]
        self.inner = self.heads * self.head_dim
        self.width = self.inner + 2 * self.groups * self.state_size
        self.window = np.zeros((config["conv_kernel"] - 1, self.width))
        self.state = np.zeros((self.heads, self.head_dim, self.state_size))

    def convolve(self, x):
        """Causal depthwise convolution: the last tap multiplies the current token."""
        inputs = np.vstack([self.window, x])
        self.window = inputs[1:]
        taps = self.weight("mixer.conv1d.weight")[:, 0, :]
        return np.einsum("ki,ik->i", inputs, taps) + self.bias("mixer.conv1d.bias")

    def scan(self, x, b, c, dt):
        """x[heads][P], b and c[groups][N], dt[heads] -> y[heads][P]; carries the state on."""
        y = np.empty_like(x)
        for head in range(self.heads):
            group = head // (self.heads // self.groups)
            decay = np.exp(-dt[head] * np.exp(self.weight("mixer.A_log")[head]))
            self.state[head] *= decay
            self.state[head] += dt[head] * np.outer(x[head], b[group])
            y[head] = self.state[head] @ c[group] + self.weight("mixer.D")[head] * x[head]
        return y

    def gated_norm(self, y, z):
        """Gate first, then RMSNorm over each group's part of the width."""
        parts = (y * silu(z)).reshape(self.groups, -1)
        weights = self.weight("mixer.norm.weight").reshape(self.groups, -1)
        return np.concatenate([rms_norm(p, w, self.eps) for p, w in zip(parts, weights)])

    def step(self, stream):
        """stream[d] of one token -> stream[d] after this block."""
        u = rms_norm(stream, self.weight("norm.weight"), self.eps)
        rows = self.weight("mixer.in_proj.weight") @ u + self.bias("mixer.in_proj.bias")
        z, conv, dt = np.split(rows, [self.inner, self.inner + self.width])
        x, b, c = np.split(silu(self.convolve(conv)),
                           [self.inner, self.inner + self.groups * self.state_size])
        dt = np.clip(softplus(dt + self.weight("mixer.dt_bias")), self.low, self.high)
        y = self.scan(x.reshape(self.heads, -1), b.reshape(self.groups, -1),
                      c.reshape(self.groups, -1), dt)
        y = self.gated_norm(y.reshape(-1), z)
        return stream + self.weight("mixer.out_proj.weight") @ y + self.bias("mixer.out_proj.bias")


def forward(weights, config, ids):
    """Logits [len(ids)][V] in float64."""
    weights = {name: value.astype(np.float64) for name, value in weights.items()}
    table = weights["backbone.embeddings.weight"]
    head = weights.get("lm_head.weight", table)
    layers = [Layer(weights, i, config) for i in range(config["num_hidden_layers"])]
    logits = []
    for token in ids:
        stream = table[token]
        for layer in layers:
            stream = layer.step(stream)
        logits.append(head @ rms_norm(stream, weights["backbone.norm_f.weight"],
                                      config["layer_norm_epsilon"]))
    return np.array(logits)
