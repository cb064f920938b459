"""Makes two small GPT-NeoX-style tokenizers and the ids that Hugging Face gives nasty strings.

Needed only by who regenerates the references; the tests read the stored files.
Made with Python 3.11.7 (its Unicode tables are version 14) and tokenizers 0.23.3.

    python tests/references/make_tokenizer.py

Writes tests/data/tokenizers/{neox,neox-flags}/{tokenizer.json,cases.json}.
"""

import json
import re
import unicodedata
from pathlib import Path

from corpus import TEXT
from nasty import BOUNDARY_LEADS, strings
from tables import compare
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

OUT = Path(__file__).resolve().parent.parent / "data" / "tokenizers"
SPECIAL = ["<|endoftext|>", "<|padding|>"]
SPACE_RUNS = [" " * n for n in range(24, 1, -1)]
# Bytes that occur in no valid UTF-8; the real GPT-NeoX vocabulary has no symbols for them.
NEVER = [0xC0, 0xC1, *range(0xF5, 0x100)]
BYTE_LEVEL = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True}

# Merges (of UTF-8 bytes) put before all others. They join what the pre-tokenizer must keep apart,
# or keep together, so a boundary in the wrong place shows in the ids; training finds few of them.
CROSSING = [
    *[(b"'", c) for c in (b"s", b"t", b"r", b"v", b"m", b"l", b"d", b"S", b"T", b"R")],
    *[(left, lead) for left in (b"a", b"1", b"!") for lead in BOUNDARY_LEADS],
    (b"t", b"'"), (b"s", b"'"), (b"a", b"1"), (b"1", b"a"), (b"a", b"!"), (b"!", b"a"),
    (b"1", b"!"), (b"!", b"1"), (b"1", b"1"), (b"a", b" "), (b"1", b" "), (b"!", b" "),
    (b"\n", b"a"), (b"\n", b"!"), (b"\n", b"\n"), (b" ", b"\n"), (b"\r", b"\n"), (b"\t", b"\t"),
    (b"\n", b" "), (b"\n", b"\xc2"), (b"\n", b"\xe1"), (b"\n", b"\xe2"), (b"\xc2", b"\xa0"),
    (b"\xc2\xa0", b"\xc2\xa0"), (b"\xe3", b"\x80"), (b" ", b"\xe3\x80"),
]

# One added token per flag. The word in the last one is not NFC: a normalized token is
# normalized before it is looked for.
FLAGGED = [
    ("<|left|>", dict(special=True, lstrip=True)),
    ("<|right|>", dict(special=True, rstrip=True)),
    ("<|both|>", dict(special=True, lstrip=True, rstrip=True)),
    ("ingot", dict(single_word=True)),
    ("NB", dict(single_word=True, normalized=True)),
    ("<|end", dict()),
    ("Cafe\u0301s", dict(normalized=True)),
]
FLAG_TEXTS = [
    "a  <|left|>  b", "a\t\n<|left|>b", "  <|left|><|left|>  ", "a<|left|> <|left|>b",
    "\u3000<|left|>\u3000",
    "a  <|right|>  b", "<|right|>\r\n\t x", "<|right|>  <|right|>  ", "a <|right|>\u00a0\u2003b",
    "<|right|>\u200bb",
    "a  <|both|>  b", " <|both|> <|both|> ", "<|both|>", "<|right|>  <|left|>",
    "<|right|> <|both|> <|left|>",
    "<|left|>\u0301", "e <|left|>\u0301", "<|right|> \u0301", "  <|endoftext|>  <|left|>  ",
    "   <|right|>" + " " * 30,
    "ingot", "ingots", "an ingot.", "an ingot", "ingot's", "xingot", "ingot ingot", "ingotingot",
    "ingot1", "1ingot",
    "ingot_", "_ingot", "-ingot-", "ingot\u0301", "\u00e9ingot", "ingot\u00e9", "ingot\u0661",
    "(ingot)", "ingot\u200d",
    "ingot<|end", "<|endingot", "ingot<|endoftext|>ingot", "ingot\u203f", "INGOT", "Ingot",
    "\u4e2dingot", "ingot\U0001f600",
    "NB", "NB!", "NBA", "NB NB", "  NB  ", "xNB", "nb", "NB\u0301", "\u212aNB", "NB\u212a",
    "<|endoftext|>NB<|end",
    "<|end", "<|end|>", "<|end<|end", "<|endoftext", "<|endoftext|>", "<|end oftext|>", "a<|endb",
    "Caf\u00e9s", "Cafe\u0301s", "Caf\u00e9", "Cafes", "xCaf\u00e9sx", "Cafe\u0301s\u0301",
    "CAFE\u0301S", "Cafe\u0301\u0301s",
    "Cafe\u0327\u0301s", "  Caf\u00e9s  ", "<|left|>Cafe\u0301s <|right|>",
]


def train(alphabet, count):
    """A vocabulary {token: id} of SPECIAL, ALPHABET and COUNT merged tokens, and the merges."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    size = len(SPECIAL) + len(alphabet) + count
    trainer = trainers.BpeTrainer(vocab_size=size, min_frequency=2, special_tokens=SPECIAL,
                                  initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator([TEXT], trainer)
    found = json.loads(tokenizer.to_str())["model"]["merges"]
    assert len(found) == count, "the corpus is too short for so many merges"
    symbol_of = {byte: symbol for symbol, byte in bytes_of_symbols().items()}
    merges = [tuple("".join(symbol_of[b] for b in half) for half in pair) for pair in CROSSING]
    joined = {left + right for left, right in merges}
    merges = (merges + [tuple(m) for m in found if "".join(m) not in joined])[:count]
    tokens = SPECIAL + alphabet + [left + right for left, right in merges]
    assert len(set(tokens)) == size
    return {token: i for i, token in enumerate(tokens)}, merges


def added(content, token_id, **flags):
    plain = dict(special=False, single_word=False, lstrip=False, rstrip=False, normalized=False)
    return {"id": token_id, "content": content, **plain, **flags}


def describe(vocab, merges, extra, modern):
    """tokenizer.json as a dict; MODERN chooses between the two ways such files are written."""
    tokens = [added(content, vocab[content], special=True) for content in SPECIAL]
    more = [(run, dict(normalized=True)) for run in SPACE_RUNS] + extra
    tokens += [added(content, len(vocab) + i, **flags) for i, (content, flags) in enumerate(more)]
    level = {**BYTE_LEVEL, "use_regex": True} if modern else BYTE_LEVEL
    model = {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
             "end_of_word_suffix": None, "fuse_unk": False}
    if modern:
        model |= {"byte_fallback": False, "ignore_merges": False}
    model |= {"vocab": vocab, "merges": [list(m) if modern else " ".join(m) for m in merges]}
    return {"version": "1.0", "truncation": None, "padding": None, "added_tokens": tokens,
            "normalizer": {"type": "NFC"}, "pre_tokenizer": level, "post_processor": level,
            "decoder": level, "model": model}


def stored(name, text):
    """TEXT as JSON; in hex where a NUL would end a C string."""
    return {name + "_hex": text.encode().hex()} if "\0" in text else {name: text}


def decoded_form(text, added_tokens):
    """What decoding must return: NFC of every stretch between the added tokens cut out raw."""
    raw = [t["content"] for t in added_tokens if not t["normalized"]]
    pieces = re.split("(" + "|".join(map(re.escape, raw)) + ")", text)
    return "".join(p if p in raw else unicodedata.normalize("NFC", p) for p in pieces)


def make_cases(tokenizer, spec, texts):
    cases = []
    for group, text in texts:
        ids = tokenizer.encode(text).ids
        decoded = tokenizer.decode(ids, skip_special_tokens=False)
        if group != "flags":
            assert decoded == decoded_form(text, spec["added_tokens"]), (group, text)
        case = {"group": group, **stored("text", text), "ids": ids}
        if decoded != text:
            case |= stored("decoded", decoded)
        cases.append(case)
    return cases


def write(name, spec, texts):
    folder = OUT / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tokenizer.json").write_text(json.dumps(spec, indent=1, ensure_ascii=False) + "\n",
                                           encoding="utf-8")
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    for token in spec["added_tokens"]:
        assert tokenizer.token_to_id(token["content"]) == token["id"], token
    cases = make_cases(tokenizer, spec, texts)
    note = ("ids = Tokenizer.encode(text).ids; decode(ids) = decoded where given (NFC, or white "
            "space taken by a stripping token), else "
            "text. *_hex: bytes in hex, for texts with NUL.")
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    (folder / "cases.json").write_text(f'{{"note":{json.dumps(note)},\n"cases":[\n{lines}\n]}}\n')
    used = {i for case in cases for i in case["ids"]}
    stable = sum("decoded" not in case and "decoded_hex" not in case for case in cases)
    print(f"{name}: {tokenizer.get_vocab_size()} ids, {len(cases)} cases, {stable} decode to "
          f"themselves, {len(used)} ids used")


def main():
    newer, stale = compare()
    print(f"letters, numbers and spaces agree on Unicode 14; {len(newer)} code points are newer; "
          f"NFC is outdated for {len(stale)} (left out)")
    every = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocab, merges = train(every, 512 - 2 - 256 - len(SPACE_RUNS))
    spec = describe(vocab, merges, [], modern=False)
    write("neox", spec, strings([t["content"] for t in spec["added_tokens"]]))

    byte_of = bytes_of_symbols()
    symbols = [s for s in every if byte_of[s] not in NEVER]
    vocab, merges = train(symbols, 505 - 2 - len(symbols) - len(SPACE_RUNS) - len(FLAGGED))

    spec = describe(vocab, merges, FLAGGED, modern=True)
    texts = [("flags", t) for t in FLAG_TEXTS]
    texts += [(g, t) for g, t in strings(SPECIAL + SPACE_RUNS)
              if g in ("marks", "lines", "contractions", "code", "boundaries") and "<|end" not in t]
    write("neox-flags", spec, texts)


def bytes_of_symbols():
    """Byte-level symbol -> byte: printable Latin-1 stands for itself, the others from U+0100 up."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [b for b in range(256) if b not in plain]
    return {chr(b): b for b in plain} | {chr(256 + i): b for i, b in enumerate(others)}


if __name__ == "__main__":
    main()
