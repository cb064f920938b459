#!/usr/bin/env python3
"""The peer: transformers' Mamba of the shapes of CONFIG.ini, random weights in bf16, on the first GPU.

    tools/bench/peer_mamba.py CONFIG.ini [--decode N] [--prompt N] [--repetitions N]

Measures three ways to decode with it and prints one JSON object:
  eager      one token after another, with its cache
  graph      the same step captured once in a CUDA graph, and replayed
  compiled   the same step in torch.compile(mode="reduce-overhead"): kernels fused, cache at fixed
             addresses, in CUDA graphs
Decode is greedy, the token stays on the device. A way that does not run says why: "not_measured".
Needs torch and transformers. The random weights are transformers' own initialisation: values do not
change the speed. Exits with 6 without a GPU.
"""
import argparse
import configparser
import inspect
import json
import statistics
import sys
import time

SCHEMA = 1


def model_config(path):
    """transformers' config from ours, whose keys of [model] have the same names."""
    from transformers import MambaConfig

    ini = configparser.ConfigParser(inline_comment_prefixes=("#",))
    with open(path, encoding="utf-8") as file:
        ini.read_file(file)
    keys = dict(ini["model"])
    if keys.pop("model_type") != "mamba":
        sys.exit(f"{path}: model_type is not mamba")
    values = {key: json.loads(text) if text[0] in "0123456789tf" else text for key, text in keys.items()}
    values["expand"] = values["intermediate_size"] // values["hidden_size"]
    return MambaConfig(**values)


def make_model(config):
    import torch
    from transformers import MambaForCausalLM

    torch.manual_seed(1)
    torch.set_default_dtype(torch.bfloat16)
    with torch.device("cuda"):
        model = MambaForCausalLM(config)
    torch.set_default_dtype(torch.float32)
    return model.to(torch.bfloat16).eval()


def last_logits(model, out):
    hidden = out.last_hidden_state[:, -1]
    return model.lm_head(hidden.to(model.lm_head.weight.dtype))


def prefill(model, prompt):
    """The cache and the logits of the last position."""
    out = model.backbone(prompt, use_cache=True)
    return out.cache_params, last_logits(model, out)


def make_step(model):
    """One token in, the next one out. Older versions ask for the position: any but the first."""
    import torch

    asked = inspect.signature(model.backbone.forward).parameters
    more = {"cache_position": torch.full((1,), 16, device="cuda")} if "cache_position" in asked else {}

    def step(token, cache):
        out = model.backbone(token, cache_params=cache, use_cache=True, **more)
        return last_logits(model, out).argmax(-1, keepdim=True)

    return step


def timed(work, repetitions):
    """Seconds of each call, the device's work included."""
    import torch

    seconds = []
    for _ in range(repetitions):
        torch.cuda.synchronize()
        began = time.perf_counter()
        work()
        torch.cuda.synchronize()
        seconds.append(time.perf_counter() - began)
    return seconds


def tensors_of(holder):
    """Every tensor of a cache, wherever this version keeps it."""
    import torch

    if isinstance(holder, torch.Tensor):
        yield holder
    elif isinstance(holder, (list, tuple)):
        for part in holder:
            yield from tensors_of(part)
    elif isinstance(holder, dict):
        yield from tensors_of(list(holder.values()))
    elif hasattr(holder, "__dict__"):
        yield from tensors_of(list(vars(holder).values()))


def decode_by_calls(step, state):
    def decode():
        # A compiled step gives memory of its graph, which the next one writes again.
        state["token"] = step(state["token"].clone(), state["cache"])

    return decode


def decode_eager(step, state):
    return decode_by_calls(step, state)


def decode_compiled(step, state):
    import torch

    for tensor in tensors_of(state["cache"]):
        torch._dynamo.mark_static_address(tensor)
    return decode_by_calls(torch.compile(step, mode="reduce-overhead"), state)


def decode_graph(step, state):
    import torch

    aside = torch.cuda.Stream()
    with torch.cuda.stream(aside):
        for _ in range(3):
            step(state["token"], state["cache"])
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        state["token"].copy_(step(state["token"], state["cache"]))
    return graph.replay


WAYS = {"eager": decode_eager, "graph": decode_graph, "compiled": decode_compiled}


def measure(model, way, prompt, tokens, repetitions):
    state = {}
    state["cache"], logits = prefill(model, prompt[:, :16])
    state["token"] = logits.argmax(-1, keepdim=True)
    decode = way(make_step(model), state)
    for _ in range(8):  # compiles, records graphs, chooses algorithms
        decode()
    each = []
    for _ in range(repetitions):
        each += timed(decode, tokens)
    whole = timed(lambda: [decode() for _ in range(tokens)], repetitions)
    each.sort()
    return {
        "decode_tokens_per_second": tokens / statistics.median(whole),
        "token_seconds_p50": each[len(each) // 2],
        "token_seconds_p99": each[min(len(each) - 1, int(len(each) * 0.99))],
        "token_seconds_max": each[-1],
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("config")
    parser.add_argument("--decode", type=int, default=128)
    parser.add_argument("--prompt", type=int, default=2048)
    parser.add_argument("--repetitions", type=int, default=5)
    arguments = parser.parse_args()
    try:
        import torch
        import transformers
    except ImportError as error:
        sys.exit(f"peer_mamba: {error}: needs torch and transformers")
    if not torch.cuda.is_available():
        print("peer_mamba: torch finds no GPU", file=sys.stderr)
        sys.exit(6)
    result = {
        "schema": SCHEMA,
        "versions": {"torch": torch.__version__, "transformers": transformers.__version__},
        "device": torch.cuda.get_device_name(0),
    }
    for module, name in (("mamba_ssm", "mamba-ssm"), ("causal_conv1d", "causal-conv1d")):
        try:
            result["versions"][name] = __import__(module).__version__
        except ImportError:
            result["versions"][name] = "absent: transformers' own path in torch"
    model = make_model(model_config(arguments.config))
    prompt = torch.randint(0, model.config.vocab_size, (1, arguments.prompt), device="cuda")
    with torch.inference_mode():
        timed(lambda: prefill(model, prompt), 1)
        prefills = timed(lambda: prefill(model, prompt), arguments.repetitions)
        for name, way in WAYS.items():
            try:
                result[name] = measure(model, way, prompt, arguments.decode, arguments.repetitions)
            except Exception as error:  # a way that this version of the peer does not have
                result[name] = {"not_measured": f"{type(error).__name__}: {error}".splitlines()[0][:200]}
    # The prompt goes through the same code whatever decodes after it.
    result["eager"]["prefill_tokens_per_second"] = arguments.prompt / statistics.median(prefills)
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
