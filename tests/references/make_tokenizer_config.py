"""Makes the ids that Hugging Face `transformers` gives texts where tokenizer_config.json has a say.

Needed only by who regenerates the references; the tests read the stored file.
Made with Python 3.11.7, transformers 5.23.0 and tokenizers 0.23.3.

    python tests/references/make_tokenizer_config.py

Reads tests/data/tokenizers/kinds/*.json, writes tests/data/tokenizers/configs.json: a list of
{"kind", "config", "cases": [{"text", "ids"}]}; the ids are those without what is put around a text.

transformers 5 takes tokenizer.json as it is for most classes and makes the pipeline of others anew
(LlamaTokenizer, GPT2Tokenizer); only kinds for which both give the same are used here with those.
"""

import json
import tempfile
from pathlib import Path

from make_tokenizer_kinds import OUT
from transformers import AutoTokenizer

TOKEN = dict(lstrip=False, rstrip=False, normalized=False, special=False, single_word=False)
TEXTS = ["a", " a", "  a b", "<s>a", "<s> a", "a  <s>  b", "a<n>b", "a <n> b", "y<n>", "a<unk>b",
         "x y", "<s><n>y", "", "a</s>", "<|endoftext|> a", "the hen  said", "\n a", "NB a"]
SIZE = 498  # of the vocabulary of llama2 and the metaspaces


def token(content, **flags):
    return {**TOKEN, "content": content, **flags}


def named(content, **flags):
    return {"__type": "AddedToken", **token(content, **flags)}


def cases():
    """(kind, config) of each case."""
    plain = {"tokenizer_class": "PreTrainedTokenizerFast"}
    for more in (
            {}, {"clean_up_tokenization_spaces": True}, {"split_special_tokens": True},
            {"split_special_tokens": False, "legacy": True, "use_default_system_prompt": False},
            {"added_tokens_decoder": {str(SIZE): token("<n>")}},
            {"added_tokens_decoder": {str(SIZE): token("<n>"), str(SIZE + 1): token("y", rstrip=True)}},
            {"added_tokens_decoder": {"1": token("<s>", special=True, lstrip=True, rstrip=True)}},
            {"added_tokens_decoder": {"1": token("<s>", normalized=True)}},
            {"added_tokens_decoder": {"1": token("<s>")}, "split_special_tokens": True},
            {"added_tokens_decoder": {str(SIZE): token("<n>", special=True)},
             "split_special_tokens": True},
            {"bos_token": named("<s>", lstrip=True, rstrip=True)},
            {"bos_token": named("<n>", lstrip=True, rstrip=True)},
            {"pad_token": named("<n>", normalized=True)},
            {"pad_token": "<n>", "eos_token": "<n>", "sep_token": "y"},
            {"pad_token": "a", "unk_token": "<unk>", "bos_token": None},
            {"additional_special_tokens": ["<n>", named("y")]},
            {"extra_special_tokens": {"some_token": "<n>"}},
            {"added_tokens_decoder": {str(SIZE): token("y")}, "pad_token": "<n>"}):
        yield "llama2", {**plain, **more}, "llama"
        if "normalized" not in json.dumps(more):
            yield "metaspace-always-split", {**plain, **more}, "llama"
    llama = {"tokenizer_class": "LlamaTokenizer"}
    for kind in ("metaspace-first", "metaspace-never", "metaspace-always"):
        yield kind, {**llama, "add_prefix_space": False}, "llama"
    yield "metaspace-first", llama, "llama"
    yield "metaspace-first", {**llama, "add_prefix_space": True}, "llama"
    yield "metaspace-first", {**llama, "add_prefix_space": None, "legacy": None}, "llama"
    yield "metaspace-never", {**llama, "add_prefix_space": True}, "llama"
    yield "metaspace-never", {**llama, "add_prefix_space": True, "legacy": True}, "llama"
    for prefix in (True, False):
        for name in ("GPT2Tokenizer", "CodeGenTokenizer", "GPT2TokenizerFast"):
            yield "codegen", {"tokenizer_class": name, "add_prefix_space": prefix}, "phi"
        yield "codegen", {**plain, "add_prefix_space": prefix}, "llama"


def read(kind):
    spec = json.loads((OUT / f"{kind}.json").read_text(encoding="utf-8"))
    if "model_of" in spec:
        spec["model"] = read(spec.pop("model_of"))["model"]
    return spec


def main():
    made = []
    for kind, config, model_type in cases():
        with tempfile.TemporaryDirectory() as folder:
            for name, content in (("tokenizer.json", read(kind)), ("tokenizer_config.json", config),
                                  ("config.json", {"model_type": model_type})):
                (Path(folder) / name).write_text(json.dumps(content), encoding="utf-8")
            tokenizer = AutoTokenizer.from_pretrained(folder)
            ids = [tokenizer(text, add_special_tokens=False)["input_ids"] for text in TEXTS]
        made.append({"kind": kind, "config": config,
                     "cases": [{"text": t, "ids": i} for t, i in zip(TEXTS, ids)]})
    lines = ",\n".join(json.dumps(entry, separators=(",", ":")) for entry in made)
    (OUT.parent / "configs.json").write_text(f"[\n{lines}\n]\n")
    print(f"{len(made)} configs, {len(TEXTS)} texts each")


if __name__ == "__main__":
    main()
