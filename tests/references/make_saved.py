"""Makes tests/data/saved: checkpoints as their users have them, and what transformers makes of them.

Each folder is what save_pretrained of model and tokenizer writes, and nothing else is done to it;
two have the layout of older publications instead: tinyllama-4 that of transformers 4, deepseek that of
its published files (its model is remote code: ours is deepseek_torch.py). The model that is asked
is the one that transformers loads from the folder, in f32; deepseek's end is looked for here.

The continuations do not depend on the types that a config chooses: every greedy choice leads by
MARGIN of max |logit|, and the model says the same with every weight off by up to SHAKE of itself,
three times over, which is more than rounding keys and values to bf16 changes.
"""

import copy
import json
import shutil
import tempfile
from pathlib import Path

import numpy as np
import tokenizers
import torch
import transformers as hf
from deepseek_torch import DeepSeek
from make_tokenizer_kinds import DEEPSEEK_BOS, DEEPSEEK_EOS
from safetensors.torch import load_file, save_file
from tiny import DATA, TYPES, fill, margin_of, old_keys, setup

SAVED, KINDS = DATA / "saved", DATA / "tokenizers" / "kinds"
TOKENS = 16
MARGIN = 0.02
SHAKE = 2.0**-8
INT_1E30 = 1000000000000000019884624838656
PROMPTS = ["The ship left the harbour", "  two spaces, 333 and F\u00fchrer", "It's\n\n\ta tab: \u4e2d"]
WORDS = "a the ship is was of and to in it he she they fox tree 12 7 \u00fc said! why? yes. no,".split()
SMALL = dict(hidden_size=32, num_hidden_layers=2)
HEADS = dict(num_attention_heads=2, num_key_value_heads=1, max_position_embeddings=2048,
             intermediate_size=64)
CHAT = ("{{ bos_token }}{% for message in messages %}<|start_header_id|>{{ message['role'] }}"
        "<|end_header_id|>\n\n{{ message['content'] }}<|eot_id|>{% endfor %}")


def kind(name):
    """A stored tokenizer of tests/data/tokenizers/kinds, with its model."""
    spec = json.loads((KINDS / f"{name}.json").read_text(encoding="utf-8"))
    if "model_of" in spec:
        spec["model"] = kind(spec.pop("model_of"))["model"]
    return spec


def special(spec, content):
    """Adds a special token to SPEC, behind all others."""
    used = [*spec["model"]["vocab"].values(), *(t["id"] for t in spec["added_tokens"])]
    spec["added_tokens"].append({**spec["added_tokens"][0], "id": max(used) + 1, "content": content})


def neox():
    return json.loads((DATA / "tokenizers" / "neox" / "tokenizer.json").read_text(encoding="utf-8"))


def llama3():
    spec = kind("llama3")
    for content in ("<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"):
        special(spec, content)
    return spec


def mistral():
    spec = kind("metaspace-first")
    spec["added_tokens"] = spec["added_tokens"][:3]
    return spec


def dump(path, value):
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def publish(folder, spec, **config):
    """The files of a tokenizer as they were uploaded, before transformers saved them anew."""
    dump(folder / "tokenizer.json", spec)
    known = {t["id"]: {k: v for k, v in t.items() if k != "id"} for t in spec["added_tokens"]}
    dump(folder / "tokenizer_config.json",
         dict(added_tokens_decoder=known, clean_up_tokenization_spaces=False,
              model_max_length=INT_1E30, **config))


def save_tokenizer(folder, spec, template=None, **config):
    """Loads what was published as transformers does, and saves it."""
    with tempfile.TemporaryDirectory() as source:
        source = Path(source)
        publish(source, spec, **config)
        shutil.copyfile(folder / "config.json", source / "config.json")
        tokenizer = hf.AutoTokenizer.from_pretrained(source)
        if template:
            tokenizer.chat_template = template
        tokenizer.save_pretrained(folder)


def readable(tokenizer, token):
    """Whether a token is text by itself: a terminal and a reader of the file can show it."""
    text = tokenizer.decode([token])
    return token not in tokenizer.all_special_ids and text.isascii() and text.isprintable()


def make_readable(model, tokenizer, often=()):
    """Makes tokens unlikely that are no readable text, and those of OFTEN likely.

    A tied table prefers the token that it has just read: its layers speak up.
    """
    tensors = list(model.named_parameters())
    rows = [t for name, t in tensors if "embed" in name or "lm_head" in name]
    tied = not any("lm_head" in name for name, _ in tensors)
    with torch.no_grad():
        for name, tensor in tensors:
            if tied and name.endswith(("out_proj.weight", "down_proj.weight")):
                tensor *= 4
        for table in {t.data_ptr(): t for t in rows}.values():
            for token in range(table.shape[0]):
                if token in often:
                    table[token] *= 2
                elif token >= len(tokenizer) or not readable(tokenizer, token):
                    table[token] *= 0.25


def shaken(model, seed):
    """A copy of MODEL with every weight a little off."""
    other = copy.deepcopy(model)
    noise = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for tensor in other.parameters():
            tensor *= 1 + SHAKE * (2 * torch.rand(tensor.shape, generator=noise) - 1)
    return other


class Library:
    """The model that transformers loads from a folder."""

    def __init__(self, folder):
        model = hf.AutoModelForCausalLM.from_pretrained(
            folder, dtype=torch.float32, attn_implementation="eager").eval()
        self.models = [model, *(shaken(model, seed) for seed in range(3))]

    def continues(self, model, ids):
        """The ids that generate adds to IDS, and the least margin among their choices."""
        out = model.generate(torch.tensor([ids]), max_new_tokens=TOKENS, do_sample=False,
                                  output_logits=True, return_dict_in_generate=True)
        return out.sequences[0][len(ids):].tolist(), min(
            margin_of(row[0].float().numpy()) for row in out.logits)


class Ours:
    """The same of deepseek_torch.py."""

    def __init__(self, folder):
        config = json.loads((folder / "config.json").read_text())
        self.end = config["eos_token_id"]
        model = DeepSeek(config).eval()
        model.load_state_dict({k: t.float() for k, t in
                                    load_file(folder / "model.safetensors").items()})
        self.models = [model, *(shaken(model, seed) for seed in range(3))]

    def continues(self, model, ids):
        path, margin = [], np.inf
        while len(path) < TOKENS and self.end not in path:
            with torch.no_grad():
                row = model(torch.tensor([ids + path])).logits[0, -1].numpy()
            margin = min(margin, margin_of(row))
            path.append(int(row.argmax()))
        return path, margin


def prompts(start, seed, chat):
    """Texts to continue: START and some of WORDS."""
    rng = np.random.default_rng(seed)
    while True:
        text = start + "".join(" " + w for w in rng.choice(WORDS, rng.integers(0, 6)))
        yield (f"<|start_header_id|>user<|end_header_id|>\n\n{text}<|eot_id|>"
               "<|start_header_id|>assistant<|end_header_id|>\n\n") if chat else text


def choose(model, tokenizer, end, texts):
    """The first of TEXTS that is continued by clear choices and ends as wanted, by END or not."""
    for _, text in zip(range(2000), texts):
        ids = tokenizer(text)["input_ids"]
        path, margin = model.continues(model.models[0], ids)
        body = path if end is None else path[:-1]
        complete = len(path) == TOKENS if end is None else path[-1] == end
        if complete and margin >= MARGIN and len(set(body)) >= (6 if end is None else 3) and \
                all(model.continues(other, ids)[0] == path for other in model.models[1:]):
            before, whole = tokenizer.decode(ids), tokenizer.decode(ids + body)
            assert whole.startswith(before), (before, whole)
            return text, ids, whole[len(before):], margin
    raise SystemExit("no prompt is continued as wanted")


def write_expected(name, model, tokenizer, seed, ends=()):
    """NAME.1, NAME.2, ..: a prompt, its ids, the text that follows. One each of PROMPTS and ENDS."""
    wanted = [(start, None) for start in PROMPTS] + [(PROMPTS[0], end) for end in ends]
    for number, (start, end) in enumerate(wanted, 1):
        text, ids, after, margin = choose(model, tokenizer, end,
                                          prompts(start, seed + number, bool(ends)))
        (SAVED / f"{name}.{number}.prompt").write_text(text, encoding="utf-8")
        (SAVED / f"{name}.{number}.ids").write_text(" ".join(map(str, ids)) + "\n")
        (SAVED / f"{name}.{number}.text").write_text(after + "\n")
        print(f"{name}.{number}: {len(ids)} ids, margin {margin:.2f}: {after!r}", flush=True)


def fresh(name):
    folder = SAVED / name
    shutil.rmtree(folder, ignore_errors=True)
    for old in SAVED.glob(f"{name}.*"):
        old.unlink()
    folder.mkdir(parents=True)
    return folder


def make(name, config, seed, spec, dtype="bf16", shard="5GB", ends=(), generation=None, **tokens):
    """A folder that transformers saved: model, generation_config.json and tokenizer."""
    template = tokens.pop("template", None)
    folder = fresh(name)
    model = hf.AutoModelForCausalLM.from_config(config).eval()
    fill(model, seed, sum(p.numel() for p in model.parameters()))
    config.save_pretrained(folder)
    save_tokenizer(folder, spec, template, **tokens)
    tokenizer = hf.AutoTokenizer.from_pretrained(folder)
    make_readable(model, tokenizer,
                  [tokenizer.convert_tokens_to_ids(e) for e in ends])
    if generation:
        model.generation_config.update(**generation)
    # A copy, because the conversion also rounds what is not stored, such as rope frequencies.
    copy.deepcopy(model).to(TYPES[dtype]).save_pretrained(folder, max_shard_size=shard)
    return folder, tokenizer


def expect(name, folder, tokenizer, seed, ends=()):
    write_expected(name, Library(folder), tokenizer, seed,
                   [tokenizer.convert_tokens_to_ids(e) for e in ends])


def make_legacy(folder, spec, **tokens):
    """Turns a folder into what transformers 4 wrote."""
    path = folder / "config.json"
    dump(path, old_keys(json.loads(path.read_text())))
    for file in folder.glob("tokenizer*"):
        file.unlink()
    publish(folder, spec, **tokens)
    dump(folder / "special_tokens_map.json", {
        key: dict(content=tokens[key], lstrip=False, normalized=False, rstrip=False,
                  single_word=False) for key in ("bos_token", "eos_token", "unk_token")})
    # transformers 5 would make another tokenizer of it: transformers 4 took the file as it is.
    return hf.PreTrainedTokenizerFast(tokenizer_file=str(folder / "tokenizer.json"))


def make_deepseek(seed):
    """As published: remote code, LlamaTokenizerFast over byte-level BPE."""
    folder = fresh("deepseek")
    config = dict(
        architectures=["DeepseekForCausalLM"], attention_bias=False, attention_dropout=0.0,
        auto_map={"AutoConfig": "configuration_deepseek.DeepseekConfig",
                  "AutoModel": "modeling_deepseek.DeepseekModel",
                  "AutoModelForCausalLM": "modeling_deepseek.DeepseekForCausalLM"},
        aux_loss_alpha=0.001, bos_token_id=402, eos_token_id=403, first_k_dense_replace=1,
        hidden_act="silu", initializer_range=0.02, model_type="deepseek",
        moe_intermediate_size=16, moe_layer_freq=1, n_routed_experts=8, n_shared_experts=2,
        norm_topk_prob=False, num_experts_per_tok=3, pretraining_tp=1, rms_norm_eps=1e-6,
        rope_scaling=None, rope_theta=10000, scoring_func="softmax", seq_aux=True,
        tie_word_embeddings=False, torch_dtype="bfloat16", transformers_version="4.36.0",
        use_cache=True, vocab_size=432, **SMALL, **HEADS) | dict(num_key_value_heads=2)
    spec = kind("deepseek")
    ids = {t["content"]: t["id"] for t in spec["added_tokens"]}
    config |= dict(bos_token_id=ids[DEEPSEEK_BOS], eos_token_id=ids[DEEPSEEK_EOS])
    dump(folder / "config.json", config)
    dump(folder / "generation_config.json", {
        "_from_model_config": True, "bos_token_id": ids[DEEPSEEK_BOS],
        "eos_token_id": ids[DEEPSEEK_EOS], "transformers_version": "4.36.0"})

    def named(content):
        return dict(__type="AddedToken", content=content, lstrip=False, normalized=True,
                    rstrip=False, single_word=False)
    dump(folder / "tokenizer.json", spec)
    dump(folder / "tokenizer_config.json", dict(
        add_bos_token=True, add_eos_token=False, bos_token=named(DEEPSEEK_BOS),
        clean_up_tokenization_spaces=False, eos_token=named(DEEPSEEK_EOS), legacy=True,
        model_max_length=4096, pad_token=named(DEEPSEEK_EOS), sp_model_kwargs={},
        tokenizer_class="LlamaTokenizerFast", unk_token=None))
    model = DeepSeek(config)
    fill(model, seed, sum(p.numel() for p in model.parameters()))
    # TokenizersBackend takes tokenizer.json as it is, which transformers 4 did but for the BOS.
    tokenizer = hf.PreTrainedTokenizerFast(
        tokenizer_file=str(folder / "tokenizer.json"), bos_token=DEEPSEEK_BOS,
        eos_token=DEEPSEEK_EOS)
    make_readable(model, tokenizer)
    save_file({k: v.detach().to(torch.bfloat16).contiguous() for k, v in
               model.named_parameters()}, folder / "model.safetensors", metadata={"format": "pt"})
    return folder, tokenizer


class WithBos:
    """A tokenizer that puts its BOS in front of every text."""

    def __init__(self, inner):
        self.inner = inner

    def __getattr__(self, name):
        return getattr(self.inner, name)

    def __call__(self, text):
        return {"input_ids": [self.inner.bos_token_id, *self.inner(text)["input_ids"]]}


def main():
    setup()
    torch.manual_seed(1)
    end = "<|endoftext|>"
    same = dict(bos_token=end, eos_token=end, unk_token=end, tokenizer_class="GPTNeoXTokenizer",
                add_prefix_space=False)
    rwkv = dict(bos_token_id=0, eos_token_id=0, pad_token_id=0, vocab_size=512,
                tie_word_embeddings=True, conv_kernel=4, expand=2)
    expect("mamba", *make("mamba", hf.MambaConfig(state_size=8, **rwkv, **SMALL), 11, neox(), **same),
           12)
    expect("mamba2", *make("mamba2", hf.Mamba2Config(
        state_size=16, num_heads=4, head_dim=16, n_groups=1, **rwkv, **SMALL), 21, neox(),
        dtype="f32", shard="60KB", **same), 22)
    rope = dict(rope_type="default", rope_theta=500000.0)
    spec = llama3()
    ids = {t["content"]: t["id"] for t in spec["added_tokens"]}
    names = dict(bos_token="<|begin_of_text|>", eos_token="<|end_of_text|>")
    chat = hf.LlamaConfig(vocab_size=448, rope_parameters=rope, tie_word_embeddings=True,
                          bos_token_id=ids[names["bos_token"]],
                          eos_token_id=ids[names["eos_token"]], **SMALL, **HEADS)
    ends = ["<|end_of_text|>", "<|eot_id|>"]
    expect("llama-chat", *make(
        "llama-chat", chat, 31, spec, shard="40KB", ends=ends, template=CHAT,
        generation=dict(eos_token_id=[ids[e] for e in ends], do_sample=True, temperature=0.6,
                        top_p=0.9), tokenizer_class="PreTrainedTokenizerFast", **names), 32, ends)
    names = dict(bos_token="<s>", eos_token="</s>", unk_token="<unk>",
                 tokenizer_class="LlamaTokenizer", add_bos_token=True, add_eos_token=False)
    tiny = hf.LlamaConfig(vocab_size=498, tie_word_embeddings=False, **SMALL, **HEADS)
    expect("tinyllama", *make("tinyllama", tiny, 41, kind("llama2"), dtype="f16", **names), 42)
    folder, _ = make("tinyllama-4", tiny, 43, kind("llama2"), **names)
    expect("tinyllama-4", folder, make_legacy(folder, kind("llama2"), legacy=False,
                                              sp_model_kwargs={}, **names), 44)
    expect("mixtral", *make("mixtral", hf.MixtralConfig(
        vocab_size=498, num_local_experts=4, num_experts_per_tok=2,
        **SMALL | HEADS | dict(intermediate_size=32)), 51,
        mistral(), **names), 52)
    # Its window is smaller than the prompts.
    expect("mistral", *make("mistral", hf.MistralConfig(
        vocab_size=498, sliding_window=8, **SMALL, **HEADS), 91, mistral(), **names), 92)
    expect("phi", *make("phi", hf.PhiConfig(
        vocab_size=480, bos_token_id=430, eos_token_id=430, **SMALL, **HEADS), 61,
        kind("codegen"), dtype="f16", bos_token=end, eos_token=end, unk_token=end,
        tokenizer_class="CodeGenTokenizer"), 62)
    names = dict(bos_token="<|startoftext|>", eos_token="<|endoftext|>", pad_token="<|pad|>",
                 tokenizer_class="LlamaTokenizer", add_bos_token=True, add_eos_token=False)
    sizes = SMALL | HEADS | dict(num_hidden_layers=3, intermediate_size=32)
    expect("jamba", *make("jamba", hf.JambaConfig(
        vocab_size=500, num_experts=4, num_experts_per_tok=2, attn_layer_period=3,
        attn_layer_offset=2, mamba_d_state=8, mamba_dt_rank=4, use_mamba_kernels=False,
        tie_word_embeddings=False, **sizes), 71, kind("jamba"), **names), 72)
    folder, tokenizer = make_deepseek(81)
    write_expected("deepseek", Ours(folder), WithBos(tokenizer), 82)
    dump(SAVED / "versions.json", {m.__name__: m.__version__.split("+")[0]
                                   for m in (torch, hf, tokenizers)})


if __name__ == "__main__":
    main()
