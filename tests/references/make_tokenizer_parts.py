"""Makes one small tokenizer for each part of a pipeline that Hugging Face `tokenizers` has for BPE
models and the kinds (make_tokenizer_kinds.py) lack: normalizers, pre-tokenizers, ways to split,
decoders, unknown symbols, and the pipelines of published models that are made of them.

Needed only by who regenerates the references; the tests read the stored files.
Made with Python 3.11.2 and tokenizers 0.23.3.

    python tests/references/make_tokenizer_parts.py

Writes tests/data/tokenizers/parts/{texts.json,NAME.json,NAME.cases.json}, as the kinds have them,
and tests/data/tokenizers/characters.json.
"""

import random

import make_tokenizer_kinds as kinds
from make_tokenizer_kinds import (MARK, added, bpe, byte_level, byte_vocab, bytes_of_symbols,
                                  char_vocab, file, sequence, split, stored)
from nasty import strings
from tokenizers import normalizers

kinds.OUT = kinds.OUT.parent / "parts"
TEKKEN = (r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"
          r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"
          r"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+")
O200K = (r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"
         r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+"
         r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}"
         r"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+")
CL100K = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}"
          r"| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+")
DEEPSEEK_V3 = (r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+"
               r"|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*"
               r"|\s*[\r\n]+|\s+(?!\S)|\s+")
BLOOM = " ?[^(\\s|[.,!?\u2026\u3002\uff0c\u3001\u0964\u06d4\u060c])]+"
# Pairs that a pre-tokenizer keeps apart or together, in front of the kinds' own.
EXTRA = [(b"!", b"!"), (b"a", b"!"), (b"!", b"a"), (b"1", b"!"), (b".", b"."), (b"$", b"!"),
         (b"1", b"."), (b"\xc2", b"\xb2"), (b"\xb2", b"\xc2"), (b"A", b"a"), (b"a", b"A"),
         (b"-", b"-"), (b"_", b"a"), (b"(", b"a"), (b")", b"!"), (b"2", b"1")]
TEXTS = [
    "a!b!!c", "!!", "!", "a!", "!a", "..a..b.", "1!2!!3", "a--b-c", "--", "-", "a-", "-a", "a b",
    " a b ", "  a  b  ", "a1b22c333d4444", "1", "12", "123", "1234", "12345", "x\u00b2\u00b2y\u00b3",
    "\u00bd\u00be1", "HelloWorld", "HELLOworld", "helloWORLD's", "It's AaAa aA", "\u01c5a\u01c5",
    "(a) [b] {c}", "a,b.c!d?e", "\u3002a\uff0c", "$!$ +1 <a> `x` ~", "\u00a7a\u00b6 \u00a1b\u00bf",
    "a_b _ __", "\ufb01 \u00b2 \uff21\uff22 \u2460 \u3392 \u00bc", "\u1e9b\u0323 \uac00 \u1100\u1161",
    "\ufdfa", "\uff76\uff9e\uff8a\uff9f", "\u00e9e\u0301\u00c5\u212b", "\u0344 \u1fee", "\u4e2d\u6587!",
    "x\ud55cy", "<|pad|>", "[UNK]", "a[UNK]b", "a\u4e2d\u4e2db \u4e2d c\u4e2d", "\u4e2d\u4e2d\u4e2d",
    "a\u4e2d\U0001f600b", "\u2581a \u2581", "a\u2581\u2581b", "\u2581", " \u2581", "a \u2581b",
    "\u180ea \u180e", "\u200ba\u200b", "a\u200db", "\u24b6\u24d0", "\u2167\u217b", "\u0663\u0664",
    "\u09ea1", "\n", "a\nb", "\n\n", "\r\n", "\t", "a\tb", "\u00a0", "a\u00a0b", "a\u3000b",
    "<s>a", "a<s>b", "<s> a", "<s>!a", "a <s>", "!<s>!", " <s> ", "1<s>1", "NBaNB",
    "\u32ff\ua7f2a \uab69 \U00010781 \U0001f16c1 \U0001fbf0", "\U00011938a \U00011935\U00011930",
]


def choose_texts():
    """A few of each group of nasty.py, then what the parts are about."""
    choose = random.Random(11)
    groups = {}
    for group, text in strings([]):
        if len(text) <= 40:
            groups.setdefault(group, []).append(text)
    texts = []
    for members in groups.values():
        texts += choose.sample(members, min(len(members), 14))
    return list(dict.fromkeys(texts + TEXTS))


def node(kind, **keys):
    return {"type": kind, **keys}


def pre(*nodes):
    return {"pre_tokenizer": sequence("pretokenizers", *nodes)}


def by(pattern, behavior, invert=False):
    return node("Split", pattern=pattern, behavior=behavior, invert=invert)


def digits(individual):
    return node("Digits", individual_digits=individual)


def byte_parts():
    """(name, file) of byte-level pipelines."""
    every = sorted(bytes_of_symbols())
    kinds.BYTE_CROSSING = EXTRA + kinds.BYTE_CROSSING
    vocab, merges = byte_vocab(every, 120)

    def make(normalizer=None, model=None, **nodes):
        model = model or bpe(vocab, merges)
        size = len(model["vocab"])
        tokens = [added("<s>", size, special=True), added("NB", size + 1, normalized=True)]
        return file(model, tokens, normalizer=normalizer, decoder=byte_level(), **nodes)

    plain = byte_level(False)
    yield "deepseek-coder", make(**pre(
        split(r"[\r\n]"), split(r"\s?\p{L}+"), split(r"\s?\p{P}+"),
        split("[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+"), digits(True), plain))
    yield "deepseek-v3", make(**pre(
        split(r"\p{N}{1,3}"), split("[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+"),
        split(DEEPSEEK_V3), plain))
    yield "falcon", make(**pre(node("Punctuation", behavior="Contiguous"), byte_level(),
                               digits(False), split("[0-9][0-9][0-9]")))
    yield "tekken", make(**pre(split(TEKKEN), plain))
    yield "o200k", make(**pre(split(O200K), plain))
    yield "cl100k", make(**pre(by({"Regex": CL100K}, "Removed", True), plain))
    yield "bloom", make(**pre(split(BLOOM), plain))
    yield "smollm", make(**pre(digits(True), byte_level()))
    yield "categories", make(**pre(split(r"\w+|\d"), split(r"[\p{Pd}\p{Ps}\p{Pe}\p{Sm}\p{Sc}]"),
                                   split(r"\p{Han}+?|[\S]"), plain))
    yield "complements", make(**pre(
        by({"Regex": r" ?\P{L}{2,3}|\p{^Han}\p{Han}"}, "MergedWithPrevious"),
        split(r"\D\W|\P{N}+\p{N}"), plain))
    yield "class-complements", make(**pre(
        split(r"[\P{L}a-c]{2,3}"), split(r"[[\P{N}x]\W]+?\d|[\D\S]!"),
        by({"Regex": r"[^\P{L}a-c]+|[^\P{Han}\P{L}x]"}, "MergedWithPrevious"),
        by({"Regex": r"[^\W\D]|[\p{^Lu}\P{Ll}]b"}, "Contiguous"), plain))
    yield "prefix-each", make(**pre(digits(False), node("Punctuation"),
                                    {**byte_level(), "add_prefix_space": True}))
    yield "behind-bytes", make(**pre(byte_level(), digits(True), node("Punctuation"),
                                     node("WhitespaceSplit"), by({"Regex": "[a-c]+"}, "Isolated")))
    for behavior in ("Contiguous", "Removed", "MergedWithPrevious", "MergedWithNext"):
        for invert in (False, True):
            yield f"{behavior.lower()}{'-inverted' if invert else ''}", make(**pre(
                by({"Regex": "[a-z ]+|!"} if invert else {"String": "!"}, behavior, invert),
                by({"Regex": "[0-9]"}, behavior), plain))
    yield "words", make(**pre(node("Whitespace"), plain))
    yield "bert", make(**pre(node("BertPreTokenizer"), plain))
    yield "delimiter", make(**pre(node("CharDelimiterSplit", delimiter="-"),
                                  sequence("pretokenizers", node("WhitespaceSplit"), plain)))
    yield "look-back", make(**pre(
        split(r"(?<=[a-z])[0-9]+|(?<![\s!])\p{Lu}\p{Ll}*|(?<=\d|!\W)\s"),
        by({"Regex": r"(?<=\p{L}|\d\d)[!?.,]+|(?<!.)[(<]"}, "MergedWithPrevious"),
        by({"Regex": r"(?<=\P{L}..)[^\W\d]|(?<![a-c\D])\S"}, "Contiguous"),
        split(r"[\u4e00-\x{9fa5}]+|\x41|(?<=\x{e9})."), plain))
    yield "places", make(**pre(
        split(r"^\s*[a-z]+|\w+$|\A\d|\d\z|[!.a]+\Z"),
        by({"Regex": r"\b[A-Za-z]{1,3}\B|\B[!1]|a\b|\b\s|^[\n!]"}, "MergedWithNext"), plain))
    for form in ("NFD", "NFKC", "NFKD"):
        yield form.lower(), make(node(form), pre_tokenizer=byte_level())
    nodes = {"pre_tokenizer": byte_level()}
    lower, markless = node("Lowercase"), node("StripAccents")

    def replaced(pattern, content, kind="Regex"):
        return node("Replace", pattern={kind: pattern}, content=content)

    def steps(*parts):
        return make(sequence("normalizers", *parts), **nodes)

    yield "lowercase", make(lower, **nodes)
    yield "clip-steps", steps(node("NFC"), replaced(r"\s+", " "), lower)
    yield "uncased", steps(node("NFD"), lower, markless)
    yield "accents", steps(markless, node("NFKC"), node("NFKC"))
    yield "strip", make(node("Strip", strip_left=True, strip_right=True), **nodes)
    yield "strip-start", steps(replaced("!", " "), node("Strip", strip_left=True,
                                                        strip_right=False))
    yield "strip-end", steps(node("Strip", strip_left=False, strip_right=True),
                             replaced("a", " ", "String"))
    yield "replaced", steps(replaced("  ", " ", "String"), replaced(r"\p{N}{2,}|[\r\n]+", "<1>"),
                            replaced("\u0301", "", "String"), replaced(r"(?i:s)(?=\w)", "\u017f"),
                            replaced(r"\s+$", "~"))
    yield "replaced-places", steps(
        replaced(r"(?<=a)b|(?<![a-z ])1", "<1>"), replaced(r"^[\s!]+", "~"),
        replaced(r"\b[a1]|\B!", "(("), replaced(r"\($|\s\z", ""))
    yield "nmt", steps(node("Nmt"), replaced("``", '"', "String"))
    less, fewer = byte_vocab(every, 60)
    less = {t: i for i, t in enumerate(t for t in less if not set(t) & set("xyz\u00c2\u00c4"))}
    fewer = [m for m in fewer if "".join(m) in less]
    yield "missing-bytes", make(model=bpe(less, fewer), pre_tokenizer=byte_level())
    less = {**less, "<unk>": len(less)}
    yield "unknown-bytes", make(model=bpe(less, fewer, unk_token="<unk>"),
                                pre_tokenizer=byte_level())
    yield "fused-bytes", make(model=bpe(less, fewer, unk_token="<unk>", fuse_unk=True),
                              pre_tokenizer=byte_level())


def char_parts():
    """(name, file) of pipelines whose symbols are characters."""
    names = ["<unk>", "<s>", "</s>"]
    kinds.CHAR_CROSSING = [("!", "!"), ("a", "!"), ("!", "a"), ("1", "!"), ("-", "-"),
                           *kinds.CHAR_CROSSING]
    vocab, merges = char_vocab(names, 120)
    vocab |= {t: len(vocab) + i for i, t in enumerate("-") if t not in vocab}
    full = bpe(vocab, merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True)
    special = [added(t, i, special=True) for i, t in enumerate(names)]
    special.append(added("NB", len(vocab), normalized=True))
    replace = node("Replace", pattern={"String": " "}, content=MARK)
    back = node("Replace", pattern={"String": MARK}, content=" ")
    fallback, fuse = node("ByteFallback"), node("Fuse")
    strip = node("Strip", content=" ", start=1, stop=0)
    both = {"decoder": sequence("decoders", back, fallback, fuse, strip)}

    def meta(scheme, pieces=True):
        return node("Metaspace", replacement=MARK, prepend_scheme=scheme, split=pieces)

    yield "nfkc-metaspace", file(full, special, normalizer=node("NFKC"),
                                 pre_tokenizer=meta("always"), **both)
    yield "nfkc-marks", file(full, special, normalizer=sequence(
        "normalizers", node("NFKC"), node("Prepend", prepend=MARK), replace), **both)
    yield "steps-metaspace", file(full, special, normalizer=sequence(
        "normalizers", node("Strip", strip_left=True, strip_right=True),
        node("Replace", pattern={"Regex": " {2,}"}, content=MARK)),
                                  pre_tokenizer=meta("always"), **both)
    yield "steps-marks", file(full, special, normalizer=sequence(
        "normalizers", node("Strip", strip_left=False, strip_right=True), node("Lowercase"),
        node("NFKC"), node("Prepend", prepend=MARK), replace), **both)
    yield "metaspace-parts", file(full, special, **pre(
        meta("first"), node("Punctuation", behavior="Contiguous"), digits(True)), **both)
    yield "words-metaspace", file(full, special, **pre(node("WhitespaceSplit"), meta("always")),
                                  **both)
    yield "first-metaspace", file(full, special, **pre(
        node("Punctuation"), node("WhitespaceSplit"), meta("first", False)), **both)
    yield "marks-split", file(full, special, normalizer=replace, **pre(
        split(r"\s+| ?\p{L}+|\p{S}\p{N}"), split(f"[^{MARK}]{MARK}|[ -!] ")), **both)
    yield "marks-places", file(full, special, normalizer=replace, **pre(
        split(rf"(?<={MARK})[a-z]+|(?<=\S )a|\b\p{{L}}|[!\d]\b|(?<!{MARK}|a)\p{{N}}"),
        by({"Regex": rf"^{MARK}|[a-z!]$|\B{MARK}"}, "MergedWithPrevious")), **both)
    yield "metaspace-places", file(full, special, **pre(
        meta("first"), split(rf"(?<={MARK}[a-s])[a-z]+|^{MARK}[\w!]|(?<!{MARK}|[a-c]!)1"),
        digits(True)), **both)
    yield "gemma", file(full, special, normalizer=replace,
                        pre_tokenizer=by({"String": " "}, "MergedWithPrevious"),
                        decoder=sequence("decoders", back, fallback, fuse))
    yield "metaspace-decoder", file(full, special, pre_tokenizer=meta("first", False),
                                    decoder=sequence("decoders", fallback, meta("first", False)))
    yield "whole-words", file({**full, "ignore_merges": True}, special,
                              pre_tokenizer=meta("always"), **both)
    # Without byte_fallback: unknown characters one by one, in a row, or dropped.
    marks = {t: i for t, i in vocab.items() if not t.startswith("<0x")}
    marks = {t: i for i, t in enumerate(marks)}
    tokens = [*special[:3], added("NB", len(marks), normalized=True)]
    for name, keys in (("unknown", {"unk_token": "<unk>"}),
                       ("unknown-fused", {"unk_token": "<unk>", "fuse_unk": True}),
                       ("unknown-dropped", {})):
        yield name, file(bpe(marks, merges, **keys), tokens, pre_tokenizer=meta("always", False),
                         decoder=sequence("decoders", back, fuse))
    # As the quick tour of `tokenizers` makes one: words, nothing for spaces, no decoder.
    words = {t: i for i, t in enumerate(t for t in marks if MARK not in t or t == MARK)}
    pairs = [m for m in merges if "".join(m) in words]
    tokens = [*special[:3], added("NB", len(words), normalized=True)]
    tour = bpe(words, pairs, unk_token="<unk>")
    yield "quick-tour", file(tour, tokens, pre_tokenizer=node("Whitespace"), decoder=None)
    yield "quick-tour-fused", file(tour, tokens, pre_tokenizer=node("WhitespaceSplit"),
                                   normalizer=node("NFD"), decoder=fuse)
    yield "nothing", file(bpe(words, pairs, unk_token="<unk>", fuse_unk=True, dropout=0.0), tokens,
                          decoder=fuse)


def changed_characters():
    """characters.json: what single characters become, where they do not stay."""
    steps = {"Lowercase": normalizers.Lowercase(), "StripAccents": normalizers.StripAccents(),
             "Strip": normalizers.Strip()}
    codes = [*range(1, 0xD800), *range(0xE000, 0x110000)]
    found = {name: {f"{code:X}": step.normalize_str(chr(code)) for code in codes
                    if step.normalize_str(chr(code)) != chr(code)} for name, step in steps.items()}
    path = kinds.OUT.parent / "characters.json"
    path.write_text(kinds.json.dumps(found, ensure_ascii=False, separators=(",", ":")) + "\n")


def main():
    kinds.OUT.mkdir(parents=True, exist_ok=True)
    texts = choose_texts()
    lines = ",\n".join(kinds.json.dumps(stored("text", text)) for text in texts)
    (kinds.OUT / "texts.json").write_text(f"[\n{lines}\n]\n")
    models_written = {}
    for name, spec in [*byte_parts(), *char_parts()]:
        kinds.write(name, spec, texts, models_written)
    changed_characters()


if __name__ == "__main__":
    main()
