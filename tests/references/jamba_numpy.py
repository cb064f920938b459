"""Jamba forward pass in plain float64 numpy, written from the equations.

Attention, SwiGLU and the choice of experts are transformer_numpy's; the Mamba layers are written
out here: one token after the other, nothing fused, nothing rounded. Weights are a dict of tensor
name -> array under Hugging Face names; CONFIG is the parsed config.json.
"""

import numpy as np
import transformer_numpy
from mamba_numpy import rms_norm, softplus
from transformer_numpy import silu


class Layer(transformer_numpy.Layer):
    """Attention without positions, or Mamba with three inner norms; then an MLP or experts."""

    def __init__(self, tensors, index, config):
        super().__init__(tensors, index, config)
        self.inner = config["mamba_expand"] * config["hidden_size"]
        self.window = np.zeros((config["mamba_d_conv"] - 1, self.inner))
        self.state = np.zeros((self.inner, config["mamba_d_state"]))

    def mamba(self, u):
        tensor = lambda name: self.tensors[self.prefix + "mamba." + name]
        x, z = np.split(self.linear("mamba.in_proj", u), 2)
        inputs = np.vstack([self.window, x])
        self.window = inputs[1:]
        x = silu((inputs * tensor("conv1d.weight")[:, 0, :].T).sum(0) + tensor("conv1d.bias"))
        rank, size = self.config["mamba_dt_rank"], self.config["mamba_d_state"]
        delta, b, c = np.split(self.linear("mamba.x_proj", x), [rank, rank + size])
        delta, b, c = (self.norm(f"mamba.{n}_layernorm", v)
                       for n, v in (("dt", delta), ("b", b), ("c", c)))
        dt = softplus(self.linear("mamba.dt_proj", delta))
        self.state = np.exp(-np.exp(tensor("A_log")) * dt[:, None]) * self.state \
            + np.outer(dt * x, b)
        return self.linear("mamba.out_proj", (self.state @ c + x * tensor("D")) * silu(z))

    def feed_forward(self, u):
        names = ("gate_proj", "up_proj", "down_proj")
        if self.prefix + "feed_forward.router.weight" in self.tensors:
            return self.experts("feed_forward.router", u, self.config["num_experts_per_tok"],
                                False, [f"feed_forward.experts.{{}}.{n}" for n in names])
        return self.swiglu(*("feed_forward." + n for n in names), u)

    def step(self, x):
        mix = self.mamba if self.prefix + "mamba.D" in self.tensors else self.attention
        x = x + mix(self.norm("input_layernorm", x))
        return x + self.feed_forward(self.norm("pre_ff_layernorm", x))


def forward(weights, config, ids):
    """Logits [len(ids)][V] in float64."""
    tensors = {name: value.astype(np.float64) for name, value in weights.items()}
    layers = [Layer(tensors, i, config) for i in range(config["num_hidden_layers"])]
    logits = []
    for token in ids:
        x = tensors["model.embed_tokens.weight"][token]
        for layer in layers:
            x = layer.step(x)
        u = rms_norm(x, tensors["model.final_layernorm.weight"], config["rms_norm_eps"])
        logits.append(tensors["lm_head.weight"] @ u)
    return np.array(logits)
