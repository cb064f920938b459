"""Tiny random checkpoints and their references: what the make_FAMILY.py scripts share.

A family script says which models to make; this module fills them with seeded noise, chooses a
prompt, checks the library against a second implementation, and writes the files that README.md
describes. A "runner" wraps one model: runner.start(ids) -> (logits [T][V], cache),
runner.step(token, cache) -> (logits [1][V], cache), runner.router_gap() -> how clear the choice of
experts was since the last call (infinity without a router).
"""

import copy
import importlib.util
import json
import platform
import shutil
from pathlib import Path

import numpy as np
import torch
import transformers
from safetensors.torch import load_file

DATA = Path(__file__).resolve().parent.parent / "data"
CHECKPOINTS, REFERENCES = DATA / "checkpoints", DATA / "references"
PROMPT_TOKENS = 48
LENGTHS = (1, 2, 3, 5, 17, 40, PROMPT_TOKENS, 300)
# Where the logits of the long prompt are stored: around the borders of blocks, and its end.
POSITIONS = (63, 64, 127, 128, 191, 255, 256, 299)
GREEDY_TOKENS = 64
# Ten times the test's bound on logits and more: "same greedy ids" is then a fair demand.
MARGIN = 1e-3
# The k-th router logit leads the next one by this much; they differ by 1e-6 between computations.
ROUTER_GAP = 1e-3
TYPES = {"f32": torch.float32, "bf16": torch.bfloat16, "f16": torch.float16}
SPECIAL_IDS = 3


def setup():
    """Makes the runs repeatable; only torch's own code paths must be there."""
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    for package in ("kernels", "mamba_ssm", "causal_conv1d", "mambapy"):
        assert importlib.util.find_spec(package) is None, f"uninstall {package} first"
    versions = dict(python=platform.python_version(), torch=torch.__version__.split("+")[0],
                    transformers=transformers.__version__, numpy=np.__version__)
    text = json.dumps(versions, indent=2) + "\n"
    path = REFERENCES / "versions.json"
    if path.exists() and path.read_text() != text:
        print(f"note: {path} differs from this environment; regenerate every family")
    path.write_text(text)


def noise(name, shape, rng):
    """Seeded float64 values for one tensor; the spread depends on what the tensor is for."""
    if name.endswith(("dt_proj.bias", "dt_bias")):
        return rng.uniform(-4.0, 0.0, shape)
    if name.endswith("A_log"):
        return np.log(np.arange(1, shape[-1] + 1)) + rng.normal(0.0, 0.1, shape)
    if name.endswith(".D"):
        return rng.normal(1.0, 0.5, shape)
    if name.endswith("conv1d.weight"):
        return rng.normal(0.0, 0.3, shape)
    if name.endswith(".bias"):
        return rng.normal(0.0, 0.2, shape)
    if "norm" in name:
        return rng.normal(1.0, 0.2, shape)
    if name.endswith((".gate.weight", ".router.weight")):
        # Wide enough for clear choices, narrow enough that the second expert still counts.
        return rng.normal(0.0, 0.3, shape)
    return rng.normal(0.0, 0.15, shape)


def exact(tensor):
    """TENSOR rounded to values that f32, bf16 and f16 all hold: 8 bits, none below f16's range."""
    tensor = tensor.to(torch.bfloat16).float()
    small = tensor.abs() < 2.0**-14
    tensor = torch.where(small, torch.copysign(torch.tensor(2.0**-14), tensor), tensor)
    for kind in TYPES.values():
        assert torch.equal(tensor.to(kind).float(), tensor)
    return tensor


def fill(module, seed, parameters, keep_f32=False):
    """Overwrites every parameter of MODULE; PARAMETERS is the expected count."""
    rng = np.random.default_rng(seed)
    with torch.no_grad():
        for name, tensor in module.named_parameters():
            values = torch.from_numpy(noise(name, tuple(tensor.shape), rng).astype(np.float32))
            tensor.copy_(values if keep_f32 else exact(values))
    count = sum(p.numel() for p in module.parameters())
    assert count == parameters, (count, parameters)
    return module


def build(cls, config, seed, parameters, keep_f32=False):
    """A transformers model on the plain torch path, eager attention, experts in a loop."""
    model = cls._from_config(config, attn_implementation="eager").eval()
    if hasattr(config, "num_experts_per_tok"):
        model.set_experts_implementation("eager")
    return fill(model, seed, parameters, keep_f32)


class Runner:
    """Runs a transformers model with its own cache; CACHE is the name it gives to it."""

    def __init__(self, model, cache="past_key_values", routers=()):
        self.model, self.cache, self.gap = model, cache, np.inf
        for module in model.modules():
            if routers and isinstance(module, routers):
                module.register_forward_hook(self.watch)

    def watch(self, module, inputs, output):
        """Notes the gap between the last chosen expert and the best one left out."""
        flat = inputs[0].reshape(-1, inputs[0].shape[-1])
        scores = torch.nn.functional.linear(flat, module.weight).sort(-1, descending=True).values
        k = self.model.config.num_experts_per_tok
        self.gap = min(self.gap, (scores[:, k - 1] - scores[:, k]).min().item())

    def router_gap(self):
        gap, self.gap = self.gap, np.inf
        return gap

    def call(self, ids, **arguments):
        with torch.no_grad():
            out = self.model(torch.tensor([ids]), use_cache=True, **arguments)
        return out.logits[0].numpy(), getattr(out, self.cache)

    def start(self, ids):
        return self.call(ids)

    def step(self, token, cache):
        return self.call([token], **{self.cache: cache})


class WholeRunner(Runner):
    """Recomputes the whole sequence for every token; its "cache" is the ids so far."""

    def start(self, ids):
        with torch.no_grad():
            out = self.model(torch.tensor([ids]), use_cache=False)
        return out.logits[0].numpy(), list(ids)

    def step(self, token, cache):
        logits, ids = self.start(cache + [token])
        return logits[-1:], ids


def worst(got, expected):
    """Largest difference as a part of the largest |expected|."""
    return np.abs(got - expected).max() / np.abs(expected).max()


def margin_of(row):
    """How far top-1 leads top-2, as a part of max |logit|."""
    top = np.partition(row, -2)[-2:]
    return abs(top[1] - top[0]) / np.abs(row).max()


def greedy(runner, prompt, end):
    """The 64 ids that follow PROMPT, or None where a choice is not clear or ends the text."""
    runner.router_gap()
    logits, cache = runner.start(prompt)
    path = []
    while margin_of(logits[-1]) > 2 * MARGIN:
        path.append(int(logits[-1].argmax()))
        if path[-1] == end or runner.router_gap() < ROUTER_GAP:
            return None
        if len(path) == GREEDY_TOKENS:
            return path if len(set(path)) >= 8 else None
        logits, cache = runner.step(path[-1], cache)
    return None


def choose_prompt(runners, vocab, end, seed):
    """300 ids and {length: {type: path}}; every path is clear for every weight type.

    The prompt grows from one length to the next, so that each tries its own continuations.
    """
    rng = np.random.default_rng(seed)
    prompt, paths = [], {}
    for length in LENGTHS:
        for _ in range(400):
            longer = prompt + rng.integers(SPECIAL_IDS, vocab, length - len(prompt)).tolist()
            found = {}
            for kind, runner in runners.items():
                found[kind] = greedy(runner, longer, end)
                if found[kind] is None:
                    break
            else:
                prompt, paths[length] = longer, found
                break
        else:
            raise SystemExit(f"no continuation to {length} tokens gives clear greedy choices")
    return prompt, paths


def check_path(runner, prompt, path, second):
    """One greedy path, recomputed in one call and by SECOND; returns their difference, margin."""
    whole, _ = runner.start(prompt + path)
    rows = whole[len(prompt) - 1 : -1]
    assert rows.argmax(1).tolist() == path
    margin = min(margin_of(row) for row in rows)
    assert margin > MARGIN and runner.router_gap() > ROUTER_GAP, margin
    expected = second(prompt + path)
    assert expected[len(prompt) - 1 : -1].argmax(1).tolist() == path
    return worst(whole, expected), margin


def check(label, runner, prompt, paths, second, bound):
    """Every agreement that the stored files rely on; returns the logits of the long prompt."""
    logits, _ = runner.start(prompt)
    prefixes = max(worst(runner.start(prompt[:n])[0], logits[:n]) for n in LENGTHS)
    split = 0.0
    for length in LENGTHS[:-1]:
        rows, cache = runner.start(prompt[:length])
        for token in prompt[length : length + 60]:
            row, cache = runner.step(token, cache)
            rows = np.vstack([rows, row])
        split = max(split, worst(rows, logits[: len(rows)]))
    assert prefixes <= bound and split <= bound, (label, prefixes, split)
    results = [check_path(runner, prompt[:n], paths[n], second) for n in LENGTHS]
    difference = max(result[0] for result in results)
    assert difference <= bound, (label, difference)
    print(f"{label}: max |logit| {np.abs(logits).max():.3f}, prefixes {prefixes:.1e}, "
          f"prefill+decode {split:.1e}, float64 {difference:.1e}, "
          f"least margin {min(result[1] for result in results):.2e}", flush=True)
    return logits


def line(ids):
    return " ".join(map(str, ids)) + "\n"


def write_references(name, runners, seconds, seed, vocab=512, end=2, bound=1e-5):
    """Chooses, checks and writes; SECONDS are the float64 implementations, ids -> logits."""
    prompt, paths = choose_prompt(runners, vocab, end, seed)
    (REFERENCES / f"{name}.prompt.txt").write_text(line(prompt[:PROMPT_TOKENS]))
    (REFERENCES / f"{name}.long.txt").write_text(line(prompt))
    for kind, runner in runners.items():
        own = {length: path[kind] for length, path in paths.items()}
        label = f"{name}-{kind}"
        logits = check(label, runner, prompt, own, seconds[kind], bound).astype(np.float32)
        np.save(REFERENCES / f"{label}.npy", logits[:PROMPT_TOKENS])
        np.save(REFERENCES / f"{label}.long.npy", logits[list(POSITIONS)])
        (REFERENCES / f"{label}.greedy.txt").write_text(line(own[PROMPT_TOKENS]))
        (REFERENCES / f"{label}.paths.txt").write_text(
            "".join(line([n] + own[n]) for n in LENGTHS if n != PROMPT_TOKENS))


def old_keys(config):
    """CONFIG as releases before 5 wrote it: rope keys at the top level, torch_dtype."""
    rope = config.pop("rope_parameters", None)
    if rope:
        config |= {k: rope[k] for k in ("rope_theta", "partial_rotary_factor") if k in rope}
        config["rope_scaling"] = None
    if "time_step_limit" in config:
        config["time_step_limit"] = [float(x["__float__"]) if isinstance(x, dict) else x
                                     for x in config["time_step_limit"]]
    config["torch_dtype"] = config.pop("dtype")
    config["transformers_version"] = "4.40.0"
    return config


def save(model, name, kind="bf16", old=False, tokenizer="neox"):
    """save_pretrained of MODEL with every tensor stored as KIND, and the values read back."""
    folder = CHECKPOINTS / name
    shutil.rmtree(folder, ignore_errors=True)
    # A copy, because the conversion also rounds what is not stored, such as rope frequencies.
    copy.deepcopy(model).to(TYPES[kind]).save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    if old:
        path = folder / "config.json"
        config = old_keys(json.loads(path.read_text()))
        path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")
    shutil.copyfile(DATA / "tokenizers" / tokenizer / "tokenizer.json", folder / "tokenizer.json")
    stored = load_file(folder / "model.safetensors")
    assert all(t.dtype == TYPES[kind] for t in stored.values()), name
    size = (folder / "model.safetensors").stat().st_size
    print(f"{name}: {len(stored)} tensors, {sum(p.numel() for p in model.parameters())} "
          f"parameters, {size} bytes in {kind}", flush=True)
    return {k: t.float().numpy() for k, t in stored.items()}
