"""Makes the tiny Mamba-1 checkpoints and their reference logits.

Needed only by who regenerates the references; the tests read the stored files.
Made with Python 3.11.7, torch 2.15.0, transformers 5.23.0, numpy; versions.json has the exact ones.

    python tests/references/make_tokenizer.py
    python tests/references/make_mamba.py

Writes tests/data/checkpoints/ and tests/data/references/. Every tensor is overwritten with seeded
noise, because the library's own initialisation (biases 0, norms 1, D 1, A_log equal rows) would
hide a forgotten bias, norm or skip.
"""

import importlib.util
import json
import platform
import shutil
from pathlib import Path

import numpy as np
import torch
import transformers
from mamba_numpy import forward as forward_float64
from safetensors.torch import load_file, save_file
from transformers import MambaConfig, MambaForCausalLM

DATA = Path(__file__).resolve().parent.parent / "data"
PROMPT_TOKENS = 48
GREEDY_TOKENS = 64
PREFIXES = (1, 2, 3, 5, 17)
# The test's bound on logits is 1e-4 of max |logit|; a top-1/top-2 margin ten times as wide makes
# "same greedy ids" a fair demand on any correct fp32 computation.
MARGIN = 1e-3

COMMON = dict(bos_token_id=0, eos_token_id=0, pad_token_id=0, layer_norm_epsilon=1e-5)
MODELS = {
    "mamba-a": (1001, dict(vocab_size=512, hidden_size=64, state_size=16, num_hidden_layers=3,
                           expand=2, conv_kernel=4, time_step_rank="auto", use_bias=False,
                           use_conv_bias=True, residual_in_fp32=True, tie_word_embeddings=True)),
    "mamba-b": (1002, dict(vocab_size=512, hidden_size=64, state_size=8, num_hidden_layers=3,
                           expand=3, conv_kernel=3, time_step_rank=6, use_bias=True,
                           use_conv_bias=False, residual_in_fp32=False,
                           tie_word_embeddings=False)),
    # No dimension is a multiple of any vector width: 53, 159, 318, 5, 3, 13 and 509.
    "mamba-c": (1003, dict(vocab_size=509, hidden_size=53, state_size=5, num_hidden_layers=2,
                           expand=3, conv_kernel=4, time_step_rank=3, use_bias=False,
                           use_conv_bias=True, residual_in_fp32=True, tie_word_embeddings=True)),
}
PARAMETERS = {"mamba-a": 130944, "mamba-b": 201344}
TYPES = {"f32": torch.float32, "bf16": torch.bfloat16, "f16": torch.float16}
# What a weight file rounds to its weight type; everything else stays f32 in it.
ROUNDED = ("in_proj.weight", "x_proj.weight", "dt_proj.weight", "out_proj.weight",
           "embeddings.weight", "lm_head.weight")


def noise(name, tensor, rng):
    """Seeded values for one tensor; the spread depends on what the tensor is for."""
    shape = tuple(tensor.shape)
    if name.endswith("dt_proj.bias"):
        values = rng.uniform(-4.0, 0.0, shape)
    elif name.endswith("A_log"):
        values = np.log(np.arange(1, shape[1] + 1))[None, :] + rng.normal(0.0, 0.1, shape)
    elif name.endswith(".D"):
        values = rng.normal(1.0, 0.5, shape)
    elif name.endswith("conv1d.weight"):
        values = rng.normal(0.0, 0.3, shape)
    elif name.endswith(".bias"):
        values = rng.normal(0.0, 0.2, shape)
    elif "norm" in name:
        values = rng.normal(1.0, 0.2, shape)
    else:
        values = rng.normal(0.0, 0.15, shape)
    return torch.from_numpy(values.astype(np.float32))


def make_model(name):
    seed, sizes = MODELS[name]
    model = MambaForCausalLM(MambaConfig(**sizes, **COMMON)).eval()
    rng = np.random.default_rng(seed)
    with torch.no_grad():
        for tensor_name, tensor in model.named_parameters():
            tensor.copy_(noise(tensor_name, tensor, rng))
    count = sum(p.numel() for p in model.parameters())
    assert count == PARAMETERS.get(name, count), (name, count)
    print(f"{name}: {count} parameters, weight seed {seed}")
    return model


def with_weights(model, change):
    """A copy of MODEL with every parameter replaced by change(name, tensor)."""
    copy = MambaForCausalLM(model.config).eval()
    with torch.no_grad():
        for (name, source), target in zip(model.named_parameters(), copy.parameters()):
            target.copy_(change(name, source))
    return copy


def rounded(model, kind):
    """MODEL as its weight file of type KIND holds it (round to nearest, ties to even)."""
    return with_weights(model, lambda name, t: t.to(TYPES[kind]).float()
                        if name.endswith(ROUNDED) else t)


def one_shot(model, ids):
    with torch.no_grad():
        return model(torch.tensor([ids]), use_cache=False).logits[0].numpy()


def stepped(model, ids, prefill):
    """Logits of IDS with the first PREFILL tokens in one call and the rest one at a time."""
    with torch.no_grad():
        out = model(torch.tensor([ids[:prefill]]), use_cache=True)
        logits = [out.logits[0]]
        for token in ids[prefill:]:
            out = model(torch.tensor([[token]]), cache_params=out.cache_params, use_cache=True)
            logits.append(out.logits[0])
    return torch.cat(logits).numpy()


def greedy(model, prompt):
    """The greedy continuation and its smallest top-1/top-2 margin over max |logit|."""
    with torch.no_grad():
        out = model(torch.tensor([prompt]), use_cache=True)
        ids, margin, peak = [], np.inf, out.logits.abs().max().item()
        for _ in range(GREEDY_TOKENS):
            best = out.logits[0, -1].topk(2)
            peak = max(peak, out.logits.abs().max().item())
            margin = min(margin, (best.values[0] - best.values[1]).item())
            ids.append(best.indices[0].item())
            out = model(torch.tensor([ids[-1:]]), cache_params=out.cache_params, use_cache=True)
    return ids, margin / peak


def worst(got, expected):
    return np.abs(got - expected).max() / np.abs(expected).max()


def choose_prompt(name, models):
    """The first prompt seed whose greedy paths are clear-cut, varied and free of the end id."""
    vocab = models["f32"].config.vocab_size
    for seed in range(2000, 2400):
        prompt = np.random.default_rng(seed).integers(1, vocab, PROMPT_TOKENS).tolist()
        paths = {kind: greedy(model, prompt) for kind, model in models.items()}
        if all(margin > MARGIN and 0 not in ids and len(set(ids)) >= 8
               for ids, margin in paths.values()):
            print(f"{name}: prompt seed {seed}")
            return prompt, {kind: path[0] for kind, path in paths.items()}
    raise SystemExit(f"{name}: no prompt seed gives greedy margins above {MARGIN}")


def check(label, model, prompt, path):
    """Every agreement the stored reference relies on; returns the logits of the prompt."""
    logits = one_shot(model, prompt)
    for length in PREFIXES:
        assert worst(one_shot(model, prompt[:length]), logits[:length]) <= 1e-5, (label, length)
    split = max(worst(stepped(model, prompt, n), logits) for n in PREFIXES)
    assert split <= 1e-5, (label, split)
    whole = one_shot(model, prompt + path)
    recomputed = whole[PROMPT_TOKENS - 1 : -1]
    assert recomputed.argmax(1).tolist() == path, label
    top = np.sort(recomputed, 1)
    margin = (top[:, -1] - top[:, -2]).min() / np.abs(whole).max()
    assert margin > MARGIN, (label, margin)
    weights = {k: v.numpy() for k, v in model.state_dict().items()}
    if model.config.tie_word_embeddings:
        weights.pop("lm_head.weight", None)
    second = worst(whole, forward_float64(weights, model.config.to_dict(), prompt + path))
    assert second <= 2e-5, (label, second)
    print(f"{label}: max |logit| {np.abs(logits).max():.3f}, prefill+decode {split:.1e}, "
          f"float64 {second:.1e}, margin {margin:.2e}, distinct greedy ids {len(set(path))}")
    return logits


def write_ids(path, ids):
    path.write_text(" ".join(map(str, ids)) + "\n")


def write_references(name, models, prompt=None, paths=None):
    out = DATA / "references"
    if prompt is None:
        prompt, paths = choose_prompt(name, models)
    write_ids(out / f"{name}.prompt.txt", prompt)
    for kind, model in models.items():
        logits = check(f"{name}-{kind}", model, prompt, paths[kind])
        np.save(out / f"{name}-{kind}.npy", logits.astype(np.float32))
        write_ids(out / f"{name}-{kind}.greedy.txt", paths[kind])


def save(model, name, tokenizer, **options):
    folder = DATA / "checkpoints" / name
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder, **options)
    (folder / "generation_config.json").unlink(missing_ok=True)
    shutil.copyfile(DATA / "tokenizers" / tokenizer / "tokenizer.json", folder / "tokenizer.json")
    return folder


def add_stale_keys(folder):
    """The leftovers that real converted configs carry; d_inner contradicts the true width."""
    path = folder / "config.json"
    config = json.loads(path.read_text())
    config |= dict(d_inner=160, d_model=2560, n_layer=64, ssm_cfg={}, fused_add_norm=True,
                   rms_norm=True, pad_vocab_size_multiple=8)
    path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")


def save_original(model, name, tokenizer):
    """The dialect of the original state-spaces files: other keys, other names, a stored head.

    vocab_size 505 is what the tokenizer needs; the tables have 512 rows, the next multiple of 8.
    """
    folder = DATA / "checkpoints" / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    config = dict(d_model=64, n_layer=3, vocab_size=505, ssm_cfg={}, rms_norm=True,
                  residual_in_fp32=True, fused_add_norm=True, pad_vocab_size_multiple=8)
    (folder / "config.json").write_text(json.dumps(config, indent=4) + "\n")
    tensors = {k.replace("embeddings.", "embedding."): v.detach().clone().contiguous()
               for k, v in model.named_parameters()}
    tensors["lm_head.weight"] = tensors["backbone.embedding.weight"].clone()
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    shutil.copyfile(DATA / "tokenizers" / tokenizer / "tokenizer.json", folder / "tokenizer.json")


def make_stored(model, kind, tokenizer):
    """A checkpoint whose tensors all lie on disk in half precision, and its f32 reference."""
    name = f"mamba-c-stored-{kind}"
    folder = save(with_weights(model, lambda _, t: t).to(TYPES[kind]), name, tokenizer)
    stored = load_file(folder / "model.safetensors")
    assert all(t.dtype == TYPES[kind] for t in stored.values())
    write_references(name, {"f32": with_weights(model, lambda n, t: stored[n].float())})


def main():
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    # Without these packages transformers can only take its own torch path, and outside
    # torch.compile that path scans the sequence one token after the other.
    for package in ("kernels", "mamba_ssm", "causal_conv1d", "mambapy"):
        assert importlib.util.find_spec(package) is None, f"uninstall {package} first"
    (DATA / "references").mkdir(parents=True, exist_ok=True)
    tokenizers = {"mamba-a": "neox", "mamba-b": "neox", "mamba-c": "neox-flags"}
    for name in MODELS:
        model = make_model(name)
        save(model, name, tokenizers[name])
        write_references(name, {kind: rounded(model, kind) for kind in TYPES})
        if name == "mamba-a":
            add_stale_keys(save(model, "mamba-a-sharded", "neox", max_shard_size="200KB"))
            save_original(model, "mamba-a-original", "neox-flags")
        if name == "mamba-c":
            make_stored(model, "bf16", "neox-flags")
            make_stored(model, "f16", "neox-flags")
    versions = dict(python=platform.python_version(), torch=torch.__version__.split("+")[0],
                    transformers=transformers.__version__, numpy=np.__version__)
    (DATA / "references" / "versions.json").write_text(json.dumps(versions, indent=2) + "\n")


if __name__ == "__main__":
    main()
