"""Mamba-1 forward pass in plain float64 numpy, written from the equations.

It shares no code with transformers and serves as a second opinion on the stored references:
one token at a time, nothing fused, nothing rounded. Weights are a dict of tensor name -> array
under Hugging Face names; CONFIG is the parsed config.json.
"""

import numpy as np


def silu(x):
    return x / (1.0 + np.exp(-x))


def softplus(x):
    """log(1 + e^x), and x itself above 20 as torch defines it."""
    return np.where(x > 20.0, x, np.log1p(np.exp(np.minimum(x, 20.0))))


def rms_norm(x, weight, eps):
    return weight * x / np.sqrt(np.mean(x * x) + eps)


class Layer:
    """One residual block with its carried state: the last K-1 conv inputs and s[I][N]."""

    def __init__(self, weights, index, config):
        prefix = f"backbone.layers.{index}."
        self.weight = lambda name: weights[prefix + name].astype(np.float64)
        self.bias = lambda name: self.weight(name) if prefix + name in weights else 0.0
        self.inner = config["expand"] * config["hidden_size"]
        self.state_size = config["state_size"]
        self.rank = config["time_step_rank"]
        self.eps = config["layer_norm_epsilon"]
        self.window = np.zeros((config["conv_kernel"] - 1, self.inner))
        self.state = np.zeros((self.inner, self.state_size))

    def convolve(self, x):
        """Causal depthwise convolution: the last tap multiplies the current token."""
        inputs = np.vstack([self.window, x])
        self.window = inputs[1:]
        taps = self.weight("mixer.conv1d.weight")[:, 0, :]
        return np.einsum("ki,ik->i", inputs, taps) + self.bias("mixer.conv1d.bias")

    def step(self, stream):
        """stream[d] of one token -> stream[d] after this block."""
        u = rms_norm(stream, self.weight("norm.weight"), self.eps)
        xz = self.weight("mixer.in_proj.weight") @ u + self.bias("mixer.in_proj.bias")
        x, z = xz[: self.inner], xz[self.inner :]
        x = silu(self.convolve(x))
        rows = self.weight("mixer.x_proj.weight") @ x
        delta = rows[: self.rank]
        b = rows[self.rank : self.rank + self.state_size]
        c = rows[self.rank + self.state_size :]
        dt = softplus(self.weight("mixer.dt_proj.weight") @ delta + self.bias("mixer.dt_proj.bias"))
        a = -np.exp(self.weight("mixer.A_log"))
        decay = np.exp(a * dt[:, None])
        self.state = decay * self.state + dt[:, None] * b[None, :] * x[:, None]
        y = self.state @ c + x * self.weight("mixer.D")
        y = y * silu(z)
        return stream + self.weight("mixer.out_proj.weight") @ y + self.bias("mixer.out_proj.bias")


def forward(weights, config, ids):
    """Logits [len(ids)][V] in float64."""
    table = weights["backbone.embeddings.weight"].astype(np.float64)
    head = weights.get("lm_head.weight", table).astype(np.float64)
    final = weights["backbone.norm_f.weight"].astype(np.float64)
    layers = [Layer(weights, i, config) for i in range(config["num_hidden_layers"])]
    logits = []
    for token in ids:
        stream = table[token]
        for layer in layers:
            stream = layer.step(stream)
        logits.append(head @ rms_norm(stream, final, config["layer_norm_epsilon"]))
    return np.array(logits)
