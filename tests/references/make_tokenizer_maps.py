"""Makes one small tokenizer for each of the normalizers Precompiled and BertNormalizer in the places
where published models have them.

Needed only by who regenerates the references; the tests read the stored files.
Made with Python 3.11.7 and tokenizers 0.23.3.

    python tests/references/make_tokenizer_maps.py

Writes tests/data/tokenizers/maps, as make_tokenizer_parts.py writes parts.
"""

import random
import unicodedata

import make_tokenizer_kinds as kinds
import make_tokenizer_parts as parts
from charsmap import RULES, charsmap
from make_tokenizer_kinds import (MARK, added, bpe, byte_level, byte_vocab, bytes_of_symbols,
                                  char_vocab, file, sequence, stored)
from make_tokenizer_parts import node
from make_tokenizer_words import SUFFIX, word_file
from tokenizers import normalizers

kinds.OUT = kinds.OUT.parent / "maps"
# Texts that start others, what takes others along, and what is dropped with what it takes along.
MORE_RULES = {**RULES, "a": "o", "\u0958": "\u0915\u093c", "\u00a9": "(c)", "\u0600": "P",
              "\r\n": "\n", "\r": "R", "\U0001f1e6": "q", "\u093c": "Q", "\u1100": "K",
              "\u1161": "V", "\u0302": "", "\U000113d1": "T"}
JOINERS = ["\u0301", "\u0323", "\u200d", "\u00a9", "\u00ae", "\U0001f600", "\U0001f1e6", "\u0600",
           "a", "\r", "\n", "\u0915", "\u094d", "\u0958", "\u1100", "\u1161", "\u11a8", "\uac00",
           "\u093c", "\u0903", "e", "\u0302", "\u0897", "\U000113d1", "\U00011a3a", "\u1715", "\u200c", "  "]
CODES = [c for c in range(1, 0x110000) if not 0xD800 <= c < 0xE000]


def edges(changed):
    """The characters on both sides of where a set of characters begins or ends."""
    found = [changed(chr(c)) for c in CODES]
    both = [chr(c) for i, c in enumerate(CODES)
            if {found[i]} != set(found[max(i - 1, 0):i + 2])]
    return ["b".join(both[i:i + 60]) for i in range(0, len(both), 60)]


def bert(clean, chinese, accents, lower):
    return node("BertNormalizer", clean_text=clean, handle_chinese_chars=chinese,
                strip_accents=accents, lowercase=lower)


def choose_texts():
    """Those of the parts, edges of BertNormalizer's sets, and clusters of all sorts."""
    plain = dict(clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False)
    clean = normalizers.BertNormalizer(**{**plain, "clean_text": True})
    chinese = normalizers.BertNormalizer(**{**plain, "handle_chinese_chars": True})
    accents = normalizers.BertNormalizer(**{**plain, "strip_accents": True})
    texts = edges(lambda c: clean.normalize_str(c) if c.isascii() else
                  {"": 1, " ": 2}.get(clean.normalize_str(c)))
    texts += edges(lambda c: len(chinese.normalize_str(c)) > 1)
    texts += edges(lambda c: accents.normalize_str(c) == "")
    texts += edges(lambda c: unicodedata.category(c) == "Mn")
    choose = random.Random(5)
    atoms = [JOINERS, list(MORE_RULES), ["\u0301", "a", "\u0958", "\u094d", "\u0915"]]
    texts += ["".join(choose.choice(choose.choice(atoms)) for _ in range(choose.randint(2, 30)))
              for _ in range(80)]
    conjuncts = [f"\u0915{mark}\u0958\u0301 \u0958\u0301" for mark in (
        "\u094d", "\u094d\u200d", "\u200d\u094d", "\u094d\u200c", "\u094d\u0903", "\u0301",
        "\U000113d0")]
    return list(dict.fromkeys(parts.choose_texts() + texts + conjuncts + list(MORE_RULES)))


def specs():
    """(name, file)."""
    vocab, merges = byte_vocab(sorted(bytes_of_symbols()), 60)
    mapped = node("Precompiled", precompiled_charsmap=charsmap(MORE_RULES))
    tokens = [added("<s>", len(vocab), special=True),
              added("a\u0301b", len(vocab) + 1, normalized=True)]

    def byte_file(*steps):
        return file(bpe(vocab, merges), tokens, normalizer=sequence("normalizers", *steps),
                    pre_tokenizer=byte_level(), decoder=byte_level())

    yield "precompiled", byte_file(mapped)
    yield "bert", byte_file(bert(True, True, None, True))
    yield "bert-cased", byte_file(mapped, bert(True, False, None, False))
    yield "bert-accents", byte_file(bert(False, True, True, False), node("Lowercase"))
    yield "openai-gpt", word_file(SUFFIX, "ends", node("BertPreTokenizer"),
                                  bert(True, True, None, True))
    # As transformers makes one from a tokenizer.model.
    names = ["<unk>", "<s>", "</s>"]
    chars, pairs = char_vocab(names, 120)
    back = node("Replace", pattern={"String": MARK}, content=" ")
    yield "precompiled-metaspace", file(
        bpe(chars, pairs, unk_token="<unk>", fuse_unk=True, byte_fallback=True),
        [added(t, i, special=True) for i, t in enumerate(names)],
        normalizer=sequence("normalizers", mapped, node(
            "Replace", pattern={"Regex": " {2,}"}, content=MARK)),
        pre_tokenizer=node("Metaspace", replacement=MARK, prepend_scheme="always", split=True),
        decoder=sequence("decoders", back, node("ByteFallback"), node("Fuse"),
                         node("Strip", content=" ", start=1, stop=0)))


def main():
    kinds.OUT.mkdir(parents=True, exist_ok=True)
    texts = choose_texts()
    lines = ",\n".join(kinds.json.dumps(stored("text", text)) for text in texts)
    (kinds.OUT / "texts.json").write_text(f"[\n{lines}\n]\n")
    models_written = {}
    for name, spec in specs():
        kinds.write(name, spec, texts, models_written)


if __name__ == "__main__":
    main()
