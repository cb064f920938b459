"""Ids that Hugging Face gives for options and flags that the two stored tokenizers lack.

Needed only by who regenerates the references; the tests read the stored file.
Made with Python 3.11.7 and tokenizers 0.23.3.

    python tests/references/make_tokenizer_variants.py

Reads tests/data/tokenizers/neox/tokenizer.json, writes tests/data/tokenizers/variants.json: per
variant the keys to set in the file and in its model, and cases of text, ids and decoded text.
"""

import json
import random
import unicodedata
from pathlib import Path

from tokenizers import Tokenizer

FOLDER = Path(__file__).resolve().parent.parent / "data" / "tokenizers"
CASES = 60
UNMADE = "tokens that no merge makes"
BY_VERSION = "characters that depend on the version of Unicode"
CONTENTS = ["  ", "   ", "\n\n", "\t", "<x>", "<xy>", "<x> ", " <y>", "ab", "abc", "Hello",
            "e\u0301", "zz", "zzz", "\u0301", "\ud55c", "\u1112\u1161", "- -", " \n", "!!",
            "\u3000", "Ab"]
ATOMS = CONTENTS + [" ", "\n", "\r\n", "a", "the", "'s", "\u00e9", "\u0323", "1", "\u2003", "_",
                    "\u200d", "\U0001f600", "\u05d0", "x y", "word"]
# One letter or number of each block that grew after Unicode 14, and U+180E, white space no more.
GROWN = [0x1C89, 0xA7CB, 0xA7DA, 0x105C0, 0x10D40, 0x10D4A, 0x10EC2, 0x11380, 0x113D1, 0x116D0,
         0x11BC0, 0x11BF0, 0x11F04, 0x11F50, 0x13460, 0x16100, 0x16D40, 0x16D70, 0x1CCF0, 0x1E030,
         0x1E4D0, 0x1E4F0, 0x1E5D0, 0x1E5F1, 0x2EBF0, 0x31350, 0x180E]


def by_version():
    """Texts whose pieces, words or order of marks depend on the version of Unicode."""
    marks = [chr(c) for c in range(0x300, 0x1F000) if unicodedata.combining(chr(c))]
    marks += ["\U00011935\U00011930", "\U0001133b", "\U00010efd"]
    for first in range(0, len(marks), 40):
        yield " ".join(f"a\u0300{mark}\u0323" for mark in marks[first:first + 40])
    for code in GROWN:
        yield f"a{chr(code)}1{chr(code)} {chr(code)}!{chr(code)}NB NB{chr(code)}"


def unmade_tokens(base):
    """The last tokens of the vocabulary, whose merges are taken away."""
    whole = Tokenizer.from_str(json.dumps(base))
    last = len(base["model"]["vocab"])
    for token in range(last - 60, last):
        text = whole.decode([token])
        if "\ufffd" not in text:
            yield text


def random_texts(choose):
    """Texts of what is easily cut in the wrong place."""
    for _ in range(CASES):
        yield "".join(choose.choices(ATOMS, k=choose.randint(1, 14)))


def added_tokens(choose, vocab):
    """Two special tokens of the file, and some contents with flags as they fall."""
    tokens = [flags(i, c, special=True) for i, c in enumerate(["<|endoftext|>", "<|padding|>"])]
    next_id = len(vocab)
    for content in choose.sample(CONTENTS, 7):
        # White space that strips on the left makes tokenizers itself panic.
        tokens.append(flags(vocab.get(content, next_id), content, special=choose.random() < 0.3,
                            single_word=choose.random() < 0.3, rstrip=choose.random() < 0.4,
                            lstrip=bool(content.strip()) and choose.random() < 0.5,
                            normalized=choose.random() < 0.5))
        next_id += content not in vocab
    return tokens


def flags(token_id, content, **given):
    """One entry of added_tokens; flags not given are off."""
    names = ("single_word", "lstrip", "rstrip", "normalized", "special")
    return {"id": token_id, "content": content, **{n: given.get(n, False) for n in names}}


def variants(base):
    """(name, keys of the file, keys of the model) of each variant."""
    nfc = {"type": "NFC"}
    level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True}
    pairs = [m.split(" ") if isinstance(m, str) else m for m in base["model"]["merges"]]
    yield "no normalizer", {"normalizer": None}, {}
    yield "an empty Sequence", {"normalizer": {"type": "Sequence", "normalizers": []}}, {}
    yield "NFC in a Sequence", {"normalizer": {"type": "Sequence", "normalizers": [nfc]}}, {}
    yield "a prefix space", {"pre_tokenizer": {**level, "add_prefix_space": True}}, {}
    yield "use_regex, no post_processor", {"pre_tokenizer": {**level, "use_regex": True},
                                           "post_processor": None}, {}
    yield "ignore_merges", {}, {"ignore_merges": True}
    yield "merges as arrays", {}, {"merges": pairs}
    yield UNMADE, {}, {"merges": base["model"]["merges"][:-60]}
    words = [flags(len(base["model"]["vocab"]), "NB", single_word=True)]
    yield BY_VERSION, {"added_tokens": base["added_tokens"][:2] + words}, {}
    for seed in range(12):
        choose = random.Random(seed)
        keys = {"added_tokens": added_tokens(choose, base["model"]["vocab"])}
        if seed % 3 == 0:
            keys["pre_tokenizer"] = {**level, "add_prefix_space": True}
        if seed % 4 == 0:
            keys["normalizer"] = None
        yield f"flags {seed}", keys, {"ignore_merges": seed % 5 == 0}


def main():
    """Writes variants.json."""
    base = json.loads((FOLDER / "neox" / "tokenizer.json").read_text(encoding="utf-8"))
    made = []
    for number, (name, keys, model) in enumerate(variants(base)):
        spec = {**base, **keys, "model": {**base["model"], **model}}
        tokenizer = Tokenizer.from_str(json.dumps(spec))
        choose = random.Random(1000 + number)
        cases = []
        texts = random_texts(choose)
        if name == UNMADE:
            texts = unmade_tokens(base)
        elif name == BY_VERSION:
            texts = by_version()
        for text in texts:
            ids = tokenizer.encode(text, add_special_tokens=False).ids
            decoded = tokenizer.decode(ids, skip_special_tokens=False)
            cases.append({"text": text, "ids": ids, "decoded": decoded})
        made.append({"name": name, "file": keys, "model": model, "cases": cases})
    lines = ",\n".join(json.dumps(variant, ensure_ascii=False) for variant in made)
    (FOLDER / "variants.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main()
