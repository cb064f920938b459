#!/usr/bin/env python3
"""Trains the embedded default model fable-mamba on the stories of tools/fables, on a CPU.

    train_fable.py tokenizer DIR                    write DIR/tokenizer.json
    train_fable.py train DIR --until HH:MM          train, write DIR/{config.json,model.safetensors}
    train_fable.py evaluate DIR                     held-out bits per byte, recall by distance
    train_fable.py check                            compare the C kernels with plain torch

DIR is a checkpoint in the Hugging Face layout (MambaForCausalLM). The corpus is piped from the
fables program, each story seen once. Every row of a batch is one endless text read in chunks of
equal length; convolution inputs and scan states carry over from chunk to chunk, without gradient,
and are now and then reset together with a jump to the beginning of a story. Convolution and
selective scan run in tools/fable/train_scan.c, compiled at start; matrix products run in bfloat16 with
f32 parameters. The learning rate follows the clock, so that the training ends on time however
busy the machine is; the weights therefore differ from run to run.
"""

import argparse
import ctypes
import datetime
import json
import math
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers
from tokenizers import processors, trainers

HERE = os.path.dirname(os.path.abspath(__file__))
END = "<|endoftext|>"
TOKENIZER_SEED, TRAIN_SEED, HELD_OUT_SEED = 1, 1000, 900001
ANSWER_WEIGHT = 10.0  # of the loss on recalled answers, against 1 for other tokens
RESET_CHANCE = 0.15  # per row and chunk
BUCKETS = [(1, 32), (32, 64), (64, 128), (128, 256), (256, 512)]  # distances in tokens

CONFIG = {
    "architectures": ["MambaForCausalLM"], "model_type": "mamba", "torch_dtype": "float32",
    "vocab_size": 1024, "hidden_size": 160, "num_hidden_layers": 6, "expand": 2,
    "intermediate_size": 320, "state_size": 16, "conv_kernel": 4, "time_step_rank": 16,
    "use_bias": False, "use_conv_bias": True, "hidden_act": "silu", "layer_norm_epsilon": 1e-5,
    "residual_in_fp32": True, "rescale_prenorm_residual": False, "tie_word_embeddings": True,
    "bos_token_id": 0, "eos_token_id": 0, "pad_token_id": 0,
}


def compiled(arguments, source, name):
    """Compiles one C file of this folder into a folder of its own and returns the result's path."""
    path = os.path.join(tempfile.mkdtemp(prefix="fable-"), name)
    subprocess.run(["gcc", "-std=gnu11", *arguments, os.path.join(HERE, source), "-o", path],
                   check=True)
    return path


# ---- kernels -------------------------------------------------------------------------------------


class Sizes(ctypes.Structure):
    _fields_ = [(name, ctypes.c_int64) for name in ("batch", "time", "width")]


SCAN_ARRAYS = ("u", "raw", "z", "a", "b", "c", "d", "kept", "gy",
               "gu", "graw", "gz", "ga", "gb", "gc", "gd")


class ScanArguments(ctypes.Structure):
    _fields_ = [("sizes", ctypes.POINTER(Sizes))] + [(n, ctypes.c_void_p) for n in SCAN_ARRAYS]


class Kernels:
    """The functions of train_scan.c; arrays are contiguous f32 tensors."""

    library = None

    @classmethod
    def call(cls, function, shape, *tensors):
        if cls.library is None:
            flags = ["-O3", "-march=native", "-fopenmp", "-shared", "-fPIC"]
            cls.library = ctypes.CDLL(compiled(flags, "train_scan.c", "scan.so"))
        for tensor in tensors:
            assert tensor.is_contiguous() and tensor.dtype == torch.float32
        sizes = Sizes(*shape)
        if function == "scan_backward":
            arguments = ScanArguments(ctypes.pointer(sizes), *(t.data_ptr() for t in tensors))
            cls.library.scan_backward(ctypes.byref(arguments))
        else:
            getattr(cls.library, function)(ctypes.byref(sizes),
                                           *(ctypes.c_void_p(t.data_ptr()) for t in tensors))


class Conv(torch.autograd.Function):
    """silu(causal depthwise convolution); x [batch, time, width], weight [4, width]."""

    @staticmethod
    def forward(context, x, before, weight, bias):
        context.save_for_backward(x, before, weight, bias)
        u = torch.empty_like(x)
        Kernels.call("conv_forward", x.shape, x, before, weight, bias, u)
        return u

    @staticmethod
    def backward(context, gu):
        x, before, weight, bias = context.saved_tensors
        gx = torch.empty_like(x)
        gweight, gbias = x.new_empty(x.shape[0], *weight.shape), x.new_empty(x.shape[0], x.shape[2])
        Kernels.call("conv_backward", x.shape, x, before, weight, bias, gu.contiguous(),
                     gx, gweight, gbias)
        return gx, None, gweight.sum(0), gbias.sum(0)


class Scan(torch.autograd.Function):
    """The gated selective scan; returns y and the state after the last step (no gradient)."""

    @staticmethod
    def forward(context, u, raw, z, a, b, c, d, start):
        batch, steps, width = u.shape
        y, end = torch.empty_like(u), torch.empty_like(start)
        kept = u.new_empty(batch, steps // 16, width, 16)
        Kernels.call("scan_forward", u.shape, u, raw, z, a, b, c, d, start, y, end, kept)
        context.save_for_backward(u, raw, z, a, b, c, d, kept)
        context.mark_non_differentiable(end)
        return y, end

    @staticmethod
    def backward(context, gy, _):
        u, raw, z, a, b, c, d, kept = context.saved_tensors
        gu, graw, gz = (torch.empty_like(u) for _ in range(3))
        ga, gd = u.new_empty(u.shape[0], *a.shape), u.new_empty(u.shape[0], u.shape[2])
        gb, gc = torch.zeros_like(b), torch.zeros_like(c)
        Kernels.call("scan_backward", u.shape, u, raw, z, a, b, c, d, kept, gy.contiguous(),
                     gu, graw, gz, ga, gb, gc, gd)
        return gu, graw, gz, ga.sum(0), gb, gc, gd.sum(0), None


# ---- model: modules are named as in transformers, so that the state dict is the checkpoint -------


class Norm(nn.Module):
    def __init__(self, width, epsilon):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.epsilon = epsilon

    def forward(self, x):
        return F.rms_norm(x, x.shape[-1:], self.weight, self.epsilon)


class Mixer(nn.Module):
    def __init__(self, c):
        super().__init__()
        width, rank, states = c["intermediate_size"], c["time_step_rank"], c["state_size"]
        self.width, self.rank, self.states = width, rank, states
        self.in_proj = nn.Linear(c["hidden_size"], 2 * width, bias=False)
        self.conv1d = nn.Conv1d(width, width, c["conv_kernel"], groups=width)
        self.x_proj = nn.Linear(width, rank + 2 * states, bias=False)
        self.dt_proj = nn.Linear(rank, width)
        self.A_log = nn.Parameter(torch.log(torch.arange(1.0, states + 1)).repeat(width, 1))
        self.D = nn.Parameter(torch.ones(width))
        self.out_proj = nn.Linear(width, c["hidden_size"], bias=False)
        with torch.no_grad():
            step = torch.exp(torch.rand(width) * math.log(100.0) + math.log(0.001))
            self.dt_proj.bias.copy_(step + torch.log(-torch.expm1(-step)))  # softplus inverted
            nn.init.uniform_(self.dt_proj.weight, -rank ** -0.5, rank ** -0.5)
            self.x_proj.weight[rank:] *= 4  # B and C: lets the state be heard from the start
            self.out_proj.weight /= math.sqrt(c["num_hidden_layers"])

    def forward(self, x, state):
        """state: last 3 convolution inputs [batch, 3, width] and scan state; returns both new."""
        before, start = state
        x_weight, z_weight = self.in_proj.weight.split(self.width)
        inputs, z = F.linear(x, x_weight).float(), F.linear(x, z_weight).float()
        taps = self.conv1d.weight.squeeze(1).t().contiguous()
        u = Conv.apply(inputs, before, taps, self.conv1d.bias)
        parts = self.x_proj(u)
        step, b, c = parts.split([self.rank, self.states, self.states], dim=-1)
        raw = self.dt_proj(step).float()
        y, end = Scan.apply(u, raw, z, -torch.exp(self.A_log), b.float().contiguous(),
                            c.float().contiguous(), self.D, start)
        return self.out_proj(y), (inputs[:, -3:].detach().contiguous(), end)


class Layer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.norm = Norm(c["hidden_size"], c["layer_norm_epsilon"])
        self.mixer = Mixer(c)


class Backbone(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.embeddings = nn.Embedding(c["vocab_size"], c["hidden_size"])
        # Wide enough to tell words of one class apart: with the usual 0.02 the words of a class,
        # which any text predicts alike, stay so close that recall of some classes never begins.
        nn.init.normal_(self.embeddings.weight, std=0.1)
        self.layers = nn.ModuleList(Layer(c) for _ in range(c["num_hidden_layers"]))
        self.norm_f = Norm(c["hidden_size"], c["layer_norm_epsilon"])


class Fable(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.config = c
        self.backbone = Backbone(c)

    def fresh_states(self, batch):
        width, states = self.config["intermediate_size"], self.config["state_size"]
        return [(torch.zeros(batch, 3, width), torch.zeros(batch, width, states))
                for _ in self.backbone.layers]

    def forward(self, ids, states):
        """ids [batch, time], time a multiple of 16; returns logits, new states."""
        x, after = self.backbone.embeddings(ids), []
        for layer, state in zip(self.backbone.layers, states):
            y, state = layer.mixer(layer.norm(x), state)
            x = x + y.float()
            after.append(state)
        return F.linear(self.backbone.norm_f(x), self.backbone.embeddings.weight), after


# ---- corpus --------------------------------------------------------------------------------------


def marked_stories(fables, seed):
    """Stories without end, recalled answers between bytes 2 and 3."""
    process = subprocess.Popen([fables, "--seed", str(seed), "--mark"], stdout=subprocess.PIPE)
    rest = ""
    while True:
        *stories, rest = (rest + process.stdout.read(1 << 18).decode()).split(END)
        yield from stories


def unmarked(story):
    """The story's text and the answers' [start, end) in characters."""
    text, spans = "", []
    for i, piece in enumerate(story.replace("\3", "\2").split("\2")):
        if i % 2:
            spans.append((len(text), len(text) + len(piece)))
        text += piece
    return text, spans


def answer_tokens(offsets, spans):
    """Which tokens overlap an answer."""
    inside = np.zeros(len(offsets), dtype=bool)
    starts, ends = np.array(offsets).T
    for start, end in spans:
        inside |= (starts < end) & (ends > start)
    return inside


def encoded_stories(tokenizer, fables, seed):
    """(ids with the end token, answer flags) of each story, made by a thread ahead of time."""
    ready = queue.Queue(maxsize=64)

    def work():
        batch = []
        for story in marked_stories(fables, seed):
            batch.append(unmarked(story))
            if len(batch) < 64:
                continue
            for (_, spans), e in zip(batch, tokenizer.encode_batch([text for text, _ in batch])):
                flags = answer_tokens(e.offsets, spans)
                ready.put((np.append(e.ids, 0), np.append(flags, False)))
            batch = []

    threading.Thread(target=work, daemon=True).start()
    while True:
        yield ready.get()


class Rows:
    """Batches of [rows, time] tokens, each row one endless text."""

    def __init__(self, stories, rows, time_steps):
        self.stories, self.time = stories, time_steps
        self.ids = [np.zeros(0, dtype=np.int64) for _ in range(rows)]
        self.flags = [np.zeros(0, dtype=bool) for _ in range(rows)]

    def next(self, reset):
        """ids [rows, time + 1], of which the last is the next batch's first, and answer flags."""
        ids, flags = [], []
        for i in range(len(self.ids)):
            if reset[i]:
                self.ids[i], self.flags[i] = self.ids[i][:0], self.flags[i][:0]
            while len(self.ids[i]) <= self.time:
                story, answers = next(self.stories)
                self.ids[i] = np.concatenate([self.ids[i], story])
                self.flags[i] = np.concatenate([self.flags[i], answers])
            ids.append(self.ids[i][: self.time + 1])
            flags.append(self.flags[i][: self.time + 1])
            self.ids[i], self.flags[i] = self.ids[i][self.time:], self.flags[i][self.time:]
        return torch.from_numpy(np.stack(ids)), torch.from_numpy(np.stack(flags))


# ---- tokenizer -----------------------------------------------------------------------------------


def train_tokenizer(directory, fables):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    tokenizer.post_processor = processors.ByteLevel(add_prefix_space=False, trim_offsets=True,
                                                    use_regex=True)
    tokenizer.decoder = decoders.ByteLevel(add_prefix_space=False, use_regex=True)
    special = [AddedToken(text, normalized=False, special=True) for text in (END, "<|padding|>")]
    trainer = trainers.BpeTrainer(vocab_size=CONFIG["vocab_size"], special_tokens=special,
                                  initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
                                  show_progress=False)
    command = [fables, "--seed", str(TOKENIZER_SEED), "--stories", "20000"]
    stories = subprocess.check_output(command, text=True).split(END)
    tokenizer.train_from_iterator(stories, trainer)
    os.makedirs(directory, exist_ok=True)
    tokenizer.save(os.path.join(directory, "tokenizer.json"))
    ids = sum(len(e.ids) for e in tokenizer.encode_batch(stories[:1000]))
    print(f"{sum(map(len, stories[:1000])) / ids:.2f} bytes per token, "
          f"{ids / 1000:.0f} tokens per story")


# ---- evaluation ----------------------------------------------------------------------------------


@torch.no_grad()
def bits_per_byte(model, tokenizer, fables, rows=16, chunks=8, time_steps=512):
    """Over held-out text: rows endless texts from a zero state, carried on for all chunks."""
    stories = encoded_stories(tokenizer, fables, HELD_OUT_SEED)
    batches, states = Rows(stories, rows, time_steps), model.fresh_states(rows)
    nats, count = 0.0, 0
    for _ in range(chunks):
        ids, _ = batches.next([False] * rows)
        logits, states = model(ids[:, :-1], states)
        nats += F.cross_entropy(logits.float().flatten(0, 1), ids[:, 1:].flatten(),
                                reduction="sum").item()
        count += sum(len(text.encode()) for text in tokenizer.decode_batch(
            ids[:, 1:].tolist(), skip_special_tokens=False))
    return nats / math.log(2) / count


def quiz_items(tokenizer, fables, count, distance):
    """(ids of story and answer, number of answer tokens, distance in tokens, fact)."""
    command = [fables, "--seed", str(HELD_OUT_SEED), "--quiz", count, "--distance", distance]
    lines = subprocess.check_output(map(str, command), text=True).splitlines()
    items = []
    for line in lines:
        fact, since, _, answer, text = line.split("\t")
        text = text.replace("\\n", "\n")
        encoding = tokenizer.encode(text + " " + answer)
        ends = np.array([end for _, end in encoding.offsets])
        told_end = len(text) + 1 - int(since)
        answers = int((ends > len(text)).sum())
        between = int(((ends > told_end) & (ends <= len(text))).sum())
        items.append((encoding.ids, answers, between, fact))
    return items


@torch.no_grad()
def recall(model, items, batch=64):
    """For each item whether the model's likeliest continuation is the answer, token by token."""
    items = sorted(enumerate(items), key=lambda item: len(item[1][0]))
    right = [False] * len(items)
    for first in range(0, len(items), batch):
        group = items[first:first + batch]
        longest = -(-max(len(ids) for _, (ids, *_) in group) // 16) * 16
        ids = torch.zeros(len(group), longest, dtype=torch.long)
        for i, (_, (tokens, *_)) in enumerate(group):
            ids[i, :len(tokens)] = torch.tensor(tokens)
        best = model(ids, model.fresh_states(len(group)))[0].argmax(-1)
        for i, (at, (tokens, answers, *_)) in enumerate(group):
            end = len(tokens)
            guess, answer = best[i, end - answers - 1:end - 1], ids[i, end - answers:end]
            right[at] = bool((guess == answer).all())
    return right


def report_recall(items, right):
    """One line per distance bucket, one per kind of fact and one for all."""
    groups = [(f"{low:4}-{high - 1:<4} tokens", [low <= item[2] < high for item in items])
              for low, high in BUCKETS]
    facts = sorted({item[3] for item in items})
    groups += [(fact, [item[3] == fact for item in items]) for fact in facts]
    groups += [("all", [True] * len(items))]
    return [f"{name:16}  {100 * np.mean(np.array(right)[member]):6.2f}%  of {sum(member)}"
            for name, member in groups if any(member)]


def load_model(directory):
    with open(os.path.join(directory, "config.json"), encoding="utf-8") as file:
        model = Fable(json.load(file))
    model.load_state_dict(load_file(os.path.join(directory, "model.safetensors")))
    return model


def evaluate(directory, fables, count):
    tokenizer = Tokenizer.from_file(os.path.join(directory, "tokenizer.json"))
    model = load_model(directory)
    print(f"bits per byte {bits_per_byte(model, tokenizer, fables, chunks=32):.4f}")
    items = quiz_items(tokenizer, fables, count, 0) + quiz_items(tokenizer, fables, count // 4, 120)
    print("\n".join(report_recall(items, recall(model, items))))


# ---- training ------------------------------------------------------------------------------------


def save(model, directory):
    """Writes both files aside first, so that a reader never sees half of one."""
    os.makedirs(directory, exist_ok=True)
    weights, config = (os.path.join(directory, n) for n in ("model.safetensors", "config.json"))
    save_file({name: t.detach().contiguous() for name, t in model.state_dict().items()},
              weights + ".new", metadata={"format": "pt"})
    with open(config + ".new", "w", encoding="utf-8") as file:
        json.dump(model.config, file, indent=2)
        file.write("\n")
    os.chmod(weights + ".new", 0o644)
    os.replace(weights + ".new", weights)
    os.replace(config + ".new", config)


class Muon(torch.optim.Optimizer):
    """Momentum whose update is replaced by the nearest half-orthogonal matrix (Jordan, 2024).

    All directions of a matrix move alike, so that a fact asked for rarely is learned soon too."""

    def __init__(self, matrices, lr):
        super().__init__(matrices, {"lr": lr})

    @staticmethod
    def orthogonal(batch):
        """About U V' of each U S V', by five steps of a quintic Newton-Schulz iteration."""
        x = batch.bfloat16()
        tall = x.shape[1] > x.shape[2]
        x = (x.mT if tall else x).contiguous()
        x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
        for _ in range(5):
            square = x @ x.mT.contiguous()
            x = 3.4445 * x + (-4.775 * square + 2.0315 * square @ square) @ x
        return (x.mT if tall else x).float()

    @torch.no_grad()
    def step(self):
        shapes = {}
        for group in self.param_groups:
            for p in group["params"]:
                momentum = self.state[p].setdefault("momentum", torch.zeros_like(p))
                momentum.lerp_(p.grad, 0.05)
                shapes.setdefault(p.shape, []).append((p, p.grad.lerp(momentum, 0.95), group["lr"]))
        for shape, entries in shapes.items():
            updates = self.orthogonal(torch.stack([update for _, update, _ in entries]))
            scale = 0.4 * math.sqrt(max(shape))  # entries of a size like AdamW's
            for (p, _, rate), update in zip(entries, updates):
                p.mul_(1 - 0.05 * rate).add_(update, alpha=-rate * scale)


def optimizers(model):
    """Muon for the projections; AdamW for embedding, convolution, A_log, D, biases and norms."""
    named = dict(model.named_parameters())
    matrices = [name for name in named if name.endswith("_proj.weight")]
    others = [p for name, p in named.items() if name not in matrices]
    return (Muon([named[name] for name in matrices], lr=0.0),
            torch.optim.AdamW(others, betas=(0.9, 0.95), eps=1e-8, weight_decay=0.0))


def seconds_until(clock):
    now = datetime.datetime.now()
    end = datetime.datetime.combine(now.date(), datetime.time.fromisoformat(clock))
    return (end - now).total_seconds() % 86400


def train_step(model, both, batch, states, rate):
    ids, answers = batch
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits, states = model(ids[:, :-1], states)
    losses = F.cross_entropy(logits.float().flatten(0, 1), ids[:, 1:].flatten(), reduction="none")
    flags = answers[:, 1:].flatten().float()
    weights = 1.0 + (ANSWER_WEIGHT - 1.0) * flags
    model.zero_grad(set_to_none=True)
    ((losses * weights).sum() / weights.sum()).backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    for optimizer in both:
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.step()
    return losses.mean().item(), ((losses * flags).sum() / flags.sum()).item(), states


def train(directory, fables, options):
    torch.manual_seed(1)
    tokenizer = Tokenizer.from_file(os.path.join(directory, "tokenizer.json"))
    model = load_model(directory) if options.resume else Fable(CONFIG)
    print(f"{sum(p.numel() for p in model.parameters())} parameters", flush=True)
    save(model, directory)
    both = optimizers(model)
    batches = Rows(encoded_stories(tokenizer, fables, options.seed), options.rows, options.time)
    items = quiz_items(tokenizer, fables, 256, 0)
    states = model.fresh_states(options.rows)
    begin, length = time.time(), seconds_until(options.until)
    step, tokens, answers = 0, 0, math.inf
    told = reported = begin
    while time.time() - begin < length:
        reset = torch.rand(options.rows) < RESET_CHANCE
        keep = (~reset).float().view(-1, 1, 1)
        states = [(before * keep, start * keep) for before, start in states]
        part = (time.time() - begin) / length
        rate = options.rate * (0.02 + 0.98 * (1 + math.cos(math.pi * part)) / 2)
        loss, answer_loss, states = train_step(model, both, batches.next(reset.tolist()),
                                               states, rate * min(1.0, (step + 1) / 100))
        answers = answer_loss if answers == math.inf else 0.98 * answers + 0.02 * answer_loss
        step += 1
        tokens += options.rows * options.time
        now = time.time()
        if now - told > 10:
            print(f"{now - begin:6.0f} s  step {step}  {tokens / 1e6:.2f} M tokens  "
                  f"loss {loss:.4f}  answers {answers:.4f}", flush=True)
            told = now
        if now - reported > 180:
            save(model, directory)
            print(f"held-out bits per byte {bits_per_byte(model, tokenizer, fables):.4f}")
            print("\n".join(report_recall(items, recall(model, items))), flush=True)
            reported = told = time.time()
    save(model, directory)
    print(f"done: {step} steps, {tokens} tokens, {time.time() - begin:.0f} s", flush=True)


# ---- check ---------------------------------------------------------------------------------------


def plain_mixer(x, before, taps, bias, raw, z, a, b, c, d, h):
    """The two kernels in plain torch, one step after the other; u also feeds the scan."""
    padded = torch.cat([before, x], 1)
    u = F.silu(bias + sum(taps[k] * padded[:, k:k + x.shape[1]] for k in range(4)))
    ys, step = [], F.softplus(raw)
    for t in range(x.shape[1]):
        decay = torch.exp(step[:, t, :, None] * a)
        h = decay * h + (step[:, t] * u[:, t])[:, :, None] * b[:, t, None, :]
        ys.append((h * c[:, t, None, :]).sum(-1) + d * u[:, t])
    return torch.stack(ys, 1) * F.silu(z), h


def check():
    """Outputs and all gradients of the C kernels against float64 torch."""
    torch.manual_seed(2)
    batch, steps, width = 3, 48, 32
    shapes = [(batch, steps, width), (batch, 3, width), (4, width), (width,), (batch, steps, width),
              (batch, steps, width), (width, 16), (batch, steps, 16), (batch, steps, 16), (width,),
              (batch, width, 16)]
    given = [torch.randn(shape, dtype=torch.float64) for shape in shapes]
    given[6] = -torch.exp(given[6])
    exact = [t.clone().requires_grad_() for t in given]
    ours = [t.float().requires_grad_() for t in given]
    y, h = plain_mixer(*exact)
    x, before, taps, bias, raw, z, a, b, c, d, start = ours
    our_y, our_h = Scan.apply(Conv.apply(x, before, taps, bias), raw, z, a, b, c, d, start)
    seed = torch.randn_like(y)
    y.backward(seed)
    our_y.backward(seed.float())
    pairs = [(y, our_y), (h, our_h)]
    pairs += [(exact[i].grad, ours[i].grad) for i in range(len(given)) if i not in (1, 10)]
    worst = max(((e - o).abs().max() / e.abs().max()).item() for e, o in pairs)
    print(f"largest difference {worst:.1e} of the largest value")
    return 0 if worst < 1e-5 else 5


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("verb", choices=["tokenizer", "train", "evaluate", "check"])
    parser.add_argument("directory", nargs="?")
    parser.add_argument("--until", default="18:00", help="when the training ends, HH:MM")
    parser.add_argument("--rows", type=int, default=4)
    parser.add_argument("--time", type=int, default=768, help="tokens per row and step")
    parser.add_argument("--rate", type=float, default=3e-3, help="the highest learning rate")
    parser.add_argument("--seed", type=int, default=TRAIN_SEED, help="of the training corpus")
    parser.add_argument("--resume", action="store_true", help="start from the weights in DIR")
    parser.add_argument("--items", type=int, default=4000, help="quiz items of an evaluation")
    options = parser.parse_args()
    if options.verb == "check":
        return check()
    if options.directory is None:
        parser.error("DIR is missing")
    fables = compiled(["-O2"], "fables.c", "fables")
    if options.verb == "tokenizer":
        train_tokenizer(options.directory, fables)
    elif options.verb == "train":
        train(options.directory, fables, options)
    else:
        evaluate(options.directory, fables, options.items)
    return 0


if __name__ == "__main__":
    sys.exit(main())
