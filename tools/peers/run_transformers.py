"""transformers as a peer: logits of some token ids, or how fast it prefills and decodes.

    run_transformers.py logits FOLDER --ids IDS.txt --output OUTPUT.npy
    run_transformers.py bench FOLDER|CONFIG.ini [--n-prompt N] [--n-gen N] [--ways eager,graph,compiled]

FOLDER is a checkpoint. Of one of our configs alone the weights are transformers' own initialisation:
values do not change the speed. bench prints one JSON object, in which each way to decode has its rates:

    eager      one call of the model per token, with its own cache
    graph      the same step captured once in a CUDA graph, and replayed; on a GPU only
    compiled   the same step in torch.compile(mode="reduce-overhead")

As in llama-bench and ours, tokens are random, one run warms up, prefill computes the logits of the last
position, and decode those of every token. A way that does not run says why: "not_measured".
"""

import argparse
import inspect
import json
import statistics
import sys
import time
from pathlib import Path

import torch
import transformers
from checkpoint import read_config

SCHEMA = 1
SEED = 1
WARM_UP = 8  # tokens


def load(arguments):
    if arguments.model.endswith(".ini"):
        torch.manual_seed(SEED)
        config = read_config(arguments.model)
        with torch.device(arguments.device):
            model = transformers.AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16)
    else:
        model = transformers.AutoModelForCausalLM.from_pretrained(arguments.model, dtype=torch.bfloat16)
    return model.to(arguments.device, torch.bfloat16).eval()


def cache_name(model):
    """The argument that takes the cache: Mamba calls it otherwise."""
    named = inspect.signature(model.forward).parameters
    return "cache_params" if "cache_params" in named else "past_key_values"


def prefill(model, ids, cache=None):
    """The cache that the ids leave; without one the model makes its own."""
    given = {} if cache is None else {cache_name(model): cache}
    return getattr(model(ids, use_cache=True, logits_to_keep=1, **given), cache_name(model))


def fixed_cache(model, tokens):
    """Its tensors never move, as a recorded step asks. Mamba's own is one already: None."""
    if cache_name(model) == "cache_params":
        return None
    return transformers.StaticCache(config=model.config, max_cache_len=tokens)


def make_step(model):
    """A function (token [1][1], cache) -> logits [1][vocab]; the cache advances in place."""
    name = cache_name(model)

    def step(token, cache):
        return model(token, use_cache=True, **{name: cache}).logits[:, -1]

    return step


def synchronize(device):
    if device == "cuda":
        torch.cuda.synchronize()


def timed(work, device):
    """Seconds of WORK, the device's work included."""
    synchronize(device)
    began = time.perf_counter()
    work()
    synchronize(device)
    return time.perf_counter() - began


def tensors_of(holder):
    """Every tensor of a cache, wherever this version keeps it."""
    if isinstance(holder, torch.Tensor):
        yield holder
    elif isinstance(holder, (list, tuple)):
        for part in holder:
            yield from tensors_of(part)
    elif isinstance(holder, dict):
        yield from tensors_of(list(holder.values()))
    elif hasattr(holder, "__dict__"):
        yield from tensors_of(list(vars(holder).values()))


def way_eager(step, token, cache):
    return lambda: step(token, cache)


def way_compiled(step, token, cache):
    for tensor in tensors_of(cache):
        torch._dynamo.mark_static_address(tensor)
    compiled = torch.compile(step, mode="reduce-overhead")
    return lambda: compiled(token, cache)


def way_graph(step, token, cache):
    if token.device.type != "cuda":
        raise RuntimeError("a CUDA graph needs a GPU")
    aside = torch.cuda.Stream()
    with torch.cuda.stream(aside):
        for _ in range(3):
            step(token, cache)
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step(token, cache)
    return graph.replay


WAYS = {"eager": way_eager, "graph": way_graph, "compiled": way_compiled}


def measure_prefill(model, prompt, arguments):
    """Tokens per second of every repetition, after one that warms up."""
    seconds = [timed(lambda: prefill(model, prompt), arguments.device)
               for _ in range(arguments.repetitions + 1)]
    rates = [arguments.n_prompt / second for second in seconds[1:]]
    return {"prefill_tokens_per_second": statistics.median(rates), "prefill_samples": rates}


def measure_decode(model, way, ids, arguments):
    """Every repetition is a text of its own, of one token and those of `ids`."""
    token, rates, each = ids[:, :1].clone(), [], []

    def one(at):
        token.copy_(ids[:, at : at + 1])
        decode()

    for _ in range(arguments.repetitions):
        tokens = 1 + WARM_UP + arguments.n_gen
        cache = prefill(model, token, None if way == "eager" else fixed_cache(model, tokens))
        decode = WAYS[way](make_step(model), token, cache)
        for at in range(WARM_UP):  # compiles, records graphs
            one(at)
        seconds = [timed(lambda at=at: one(at), arguments.device) for at in range(arguments.n_gen)]
        rates.append(arguments.n_gen / sum(seconds))
        each += seconds
    each.sort()
    return {
        "decode_tokens_per_second": statistics.median(rates),
        "decode_samples": rates,
        "token_seconds_p50": each[len(each) // 2],
        "token_seconds_p99": each[min(len(each) - 1, int(len(each) * 0.99))],
        "token_seconds_max": each[-1],
    }


def versions():
    found = {"torch": torch.__version__, "transformers": transformers.__version__}
    for module, name in (("mamba_ssm", "mamba-ssm"), ("causal_conv1d", "causal-conv1d")):
        try:
            found[name] = __import__(module).__version__
        except ImportError:
            found[name] = "absent: transformers' own path in torch"
    return found


def bench(model, arguments):
    cuda = arguments.device == "cuda"
    result = {
        "schema": SCHEMA,
        "versions": versions(),
        "device": torch.cuda.get_device_name(0) if cuda else torch.backends.cpu.get_cpu_capability(),
        "threads": torch.get_num_threads(),
        "attention": model.config._attn_implementation,
        "type": "bf16",
    }
    generator = torch.Generator().manual_seed(SEED)
    ids = torch.randint(0, model.config.vocab_size, (1, arguments.n_prompt + arguments.n_gen),
                        generator=generator).to(arguments.device)
    for way in arguments.ways.split(","):
        try:
            result[way] = measure_decode(model, way, ids[:, arguments.n_prompt :], arguments)
        except Exception as error:  # a way that this version does not have
            result[way] = {"not_measured": f"{type(error).__name__}: {error}".splitlines()[0][:200]}
    # The prompt goes through the same code whatever decodes after it.
    prompt = ids[:, : arguments.n_prompt]
    result.setdefault("eager", {}).update(measure_prefill(model, prompt, arguments))
    print(json.dumps(result, indent=2))


def write_logits(model, arguments):
    import numpy

    ids = [int(word) for word in Path(arguments.ids).read_text(encoding="utf-8").split()]
    logits = model(torch.tensor([ids], device=arguments.device)).logits[0]
    numpy.save(arguments.output, logits.float().cpu().numpy())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("verb", choices=("logits", "bench"))
    parser.add_argument("model")
    parser.add_argument("--ids")
    parser.add_argument("--output")
    parser.add_argument("--n-prompt", type=int, default=512)
    parser.add_argument("--n-gen", type=int, default=128)
    parser.add_argument("--repetitions", type=int, default=1)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    parser.add_argument("--ways", default="eager")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    if arguments.device == "cuda" and not torch.cuda.is_available():
        print("run_transformers: torch finds no GPU", file=sys.stderr)
        sys.exit(6)
    with torch.inference_mode():
        model = load(arguments)
        (bench if arguments.verb == "bench" else write_logits)(model, arguments)


if __name__ == "__main__":
    main()
