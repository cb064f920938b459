"""Makes tests/data/perplexity/expected.json: perplexities of two texts by transformers' models.

Each case is a model of the tests, a text and a way to cut it into pieces. "loop" is what the loop of
"Perplexity of fixed-length models" in transformers' documentation gives, as it stands there: it
takes the mean loss of a piece for that of one token fewer than were scored. The other figures are
those of the tokens themselves, in float64 from the same logits. Words and bytes are counted as
lm-evaluation-harness counts them; "errors" are standard errors by batch means, and "independent"
llama.cpp's. Weights are rounded as a weight file of the model's type rounds them.
"""

import json
import math
import re

import numpy as np
import tokenizers
import torch
import transformers as hf
from tiny import CHECKPOINTS, DATA, TYPES, setup

HERE = DATA / "perplexity"
FABLE = DATA.parent.parent / "models" / "fable-mamba" / "checkpoint"
SAVED = DATA / "saved"
# model, checkpoint, type, text, kind, window, stride
CASES = [
    ("llama-a-f32", CHECKPOINTS / "llama-a", "f32", "fables", "strided", 128, 64),
    ("llama-a-f32", CHECKPOINTS / "llama-a", "f32", "fables", "strided", 100, 100),
    ("llama-a-f32", CHECKPOINTS / "llama-a", "f32", "fables", "strided", 97, 31),
    ("llama-a-f32", CHECKPOINTS / "llama-a", "f32", "fables", "halves", 128, 128),
    ("llama-a-f32", CHECKPOINTS / "llama-a", "f32", "spaces", "strided", 300, 150),
    ("llama-a-f32", CHECKPOINTS / "llama-a", "f32", "spaces", "halves", 96, 96),
    ("mamba-a-f32", CHECKPOINTS / "mamba-a", "f32", "fables", "whole", 0, 0),
    ("mamba-a-f32", CHECKPOINTS / "mamba-a", "f32", "spaces", "strided", 65, 32),
    ("mamba2-a-f32", CHECKPOINTS / "mamba2-a", "f32", "fables", "whole", 0, 0),
    ("mixtral-a-f32", CHECKPOINTS / "mixtral-a", "f32", "fables", "strided", 200, 50),
    ("jamba-a-bf16", CHECKPOINTS / "jamba-a", "f32", "fables", "strided", 128, 64),
    ("saved-tinyllama", SAVED / "tinyllama", "bf16", "fables", "strided", 256, 128),
    ("saved-tinyllama", SAVED / "tinyllama", "bf16", "fables", "halves", 64, 64),
    ("saved-tinyllama", SAVED / "tinyllama", "bf16", "spaces", "strided", 2048, 1024),
    ("fable-mamba", FABLE, "bf16", "fables", "whole", 0, 0),
    ("fable-mamba", FABLE, "bf16", "fables", "strided", 128, 64),
]


def load(folder, kind):
    """The model of a checkpoint, its matrices rounded to KIND, computing in f32."""
    model = hf.AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager").eval()
    with torch.no_grad():
        for name, tensor in model.named_parameters():
            if tensor.dim() == 2 and not name.endswith("A_log"):
                tensor.copy_(tensor.to(TYPES[kind]).float())
    return model


def losses_of(model, ids, first):
    """What the tokens ids[first:] cost behind those before them, in bits."""
    with torch.no_grad():
        logits = model(torch.tensor([ids])).logits[0].double()
    nats = -torch.log_softmax(logits[:-1], -1)[torch.arange(len(ids) - 1), torch.tensor(ids[1:])]
    return (nats[first - 1:] / math.log(2)).tolist()


def strided(model, ids, window, stride):
    """(bits of the scored tokens, their indices), and the loop of the documentation."""
    bits, scored, loop_nats, loop_tokens, before = [], [], 0.0, 0, 0
    for begin in range(0, len(ids), stride):
        end = min(begin + window, len(ids))
        piece = ids[begin:end]
        first = max(before - begin, 1)
        if first < len(piece):
            bits += losses_of(model, piece, first)
            scored += range(begin + first, end)
            labels = torch.tensor([piece])
            labels[:, : len(piece) - (end - before)] = -100
            with torch.no_grad():
                loss = model(torch.tensor([piece]), labels=labels).loss
            count = (labels != -100).sum().item() - 1
            loop_nats, loop_tokens = loop_nats + loss.item() * count, loop_tokens + count
        before = end
        if end == len(ids):
            break
    return bits, scored, math.exp(loop_nats / loop_tokens)


def halves(model, ids, window, begin_id):
    bits, scored = [], []
    for begin in range(0, len(ids) - window + 1, window):
        piece = ids[begin:begin + window]
        if begin_id is not None:
            piece[0] = begin_id
        bits += losses_of(model, piece, window // 2 + 1)
        scored += range(begin + window // 2 + 1, begin + window)
    return bits, scored


def batch_error(values, units):
    """The standard error of sum(values) / sum(units)."""
    length = 1
    while len(values) > 64 * length:
        length *= 2
    sums = np.array([[values[i:i + length].sum(), units[i:i + length].sum()]
                     for i in range(0, len(values), length)])
    rest = sums[:, 0] - values.sum() / units.sum() * sums[:, 1]
    return math.sqrt(len(sums) / (len(sums) - 1) * (rest ** 2).sum()) / units.sum()


def measure(name, folder, kind, text, cut, window, stride):
    # newline="": as the bytes are
    content = (HERE / f"{text}.txt").read_bytes().decode()
    tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
    encoding = tokenizer.encode(content)
    ids, special = encoding.ids, encoding.special_tokens_mask
    model = load(folder, kind)
    case = dict(model=name, text=text, kind=cut, window=window, stride=stride, text_tokens=len(ids))
    if cut == "halves":
        bits, scored = halves(model, ids, window, ids[0] if special[0] else None)
    else:
        bits, scored, case["loop"] = strided(model, ids, window or len(ids), stride or len(ids))
    bits = np.array(bits)
    per_token = bits.mean()
    case.update(tokens=len(bits), token_perplexity=2.0 ** per_token)
    ones = np.ones(len(bits))
    error = batch_error(bits, ones)
    independent = math.sqrt(max((bits ** 2).mean() - per_token ** 2, 0) / (len(bits) - 1))
    case["errors"] = dict(bits_per_token=error, token_perplexity=error * math.log(2) * 2.0 ** per_token)
    case["independent"] = independent * math.log(2) * 2.0 ** per_token
    case["bos"] = bool(special[0])
    if len(bits) == len(ids) - 1:
        # What a token that is not scored prints does not count, nor white space that begins there.
        first = tokenizer.decode(ids[:1], skip_special_tokens=False)
        assert special[0] or content.startswith(first)
        start = 0 if special[0] else len(first)
        runs = [match.start() for match in re.finditer(r"\s+", content)]
        assert len(runs) + 1 == len(re.split(r"\s+", content))
        case.update(bytes=len(content[start:].encode()), words=1 + sum(at >= start for at in runs))
        case.update(word_perplexity=2.0 ** (bits.sum() / case["words"]),
                    byte_perplexity=2.0 ** (bits.sum() / case["bytes"]),
                    bits_per_byte=bits.sum() / case["bytes"])
    return case


def main():
    setup()
    cases = [measure(*case) for case in CASES]
    for case in cases:
        print(case["model"], case["kind"], case["window"], case["token_perplexity"], case.get("loop"))
    versions = dict(torch=torch.__version__.split("+")[0], transformers=hf.__version__,
                    tokenizers=tokenizers.__version__)
    (HERE / "expected.json").write_text(
        json.dumps(dict(versions=versions, cases=cases), indent=1) + "\n")


if __name__ == "__main__":
    main()
