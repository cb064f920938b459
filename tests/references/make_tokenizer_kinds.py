"""Makes one small tokenizer for each family and the ids that Hugging Face gives nasty strings.

Needed only by who regenerates the references; the tests read the stored files.
Made with Python 3.11.7 and tokenizers 0.23.3.

    python tests/references/make_tokenizer_kinds.py

Writes tests/data/tokenizers/kinds: texts.json, and per kind NAME.json (the tokenizer, where another
kind has not the same model) and NAME.cases.json.
"""

import json
import random
import unicodedata
from pathlib import Path

from corpus import TEXT
from make_tokenizer import NEVER, added, bytes_of_symbols, stored, train
from nasty import strings
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

OUT = Path(__file__).resolve().parent.parent / "data" / "tokenizers" / "kinds"
MARK = "\u2581"
OTHER_LETTERS = "\u00e9\u00fc\u00f6\u00f1\u043b\u0438\u0441\u0430\u7684"  # other letters become bytes
LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
          r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
DEEPSEEK_BOS, DEEPSEEK_EOS = "<\uff5cbegin\u2581of\u2581sentence\uff5c>", \
    "<\uff5cend\u2581of\u2581sentence\uff5c>"

# Merges put before all others, because they cross what a pre-tokenizer must keep apart.
BYTE_CROSSING = [(b" ", b"1"), (b"11", b"1"), (b"111", b"1"), (b" ", b" "), (b"  ", b"  "),
                 (b"!", b"\n"), (b"\r", b"\r"), (b"\n\n", b"\n"), (b"1", b"\xe4"), (b" ", b"\xe4"),
                 (b"\xe4", b"\xb8"), (b"\xe4\xb8", b"\xad"), (b" ", b"\xe4\xb8\xad"), (b"a", b"b"),
                 (b" ", b"a"), (b"a", b"\xc3"), (b"\xc3", b"\xbc"), (b"\xc3\xbc", b"a"),
                 (b"\x81", b" ")]
CHAR_CROSSING = [(MARK, MARK), (MARK * 2, MARK * 2), ("a", MARK), ("e", MARK), ("!", MARK),
                 (MARK, "1"), ("1", "1"), ("1", "a"), ("a", "b"), ("a" + MARK, "b"), ("s", MARK),
                 ("s" + MARK, "t"), ("\u00fc", "\u00fc"), (MARK, "\u00fc"), ("<", "s"), ("<s", ">")]
KIND_TEXTS = [
    "F\u00fchrer", "\u00fc", "\u00fc\u00fc", "a\u00fcb \u00f8\u00c0\u00ff\u00f7",
    "u\u0308 \u00fc", "w048 7", "3333", "12345678", " 1234", "1 22 333 4444 55555",
    "\u00bd\u00b2\u2163 1\u00bd2", "    return x", "\t\t\tx", "\t" * 11, " " * 45 + "y",
    "Hello world", " Hello", "  Hello", "Hello world!", MARK, MARK + "a", "a" + MARK,
    MARK * 3 + "b", " " + MARK, MARK + " ", "a " + MARK + " b", "<0x41>", "<0x0A>\n<0x0A>", "\n",
    "\t", "<s>", "</s>", "<unk>", "a<s>b", "a <s> b", "<s><s>", "<s> <s>", " <s>",
    "<s> Hello</s> x", "<s>Hello", "<unk>\u4e2d", "<|begin_of_text|>Hi<|end_of_text|>",
    "<|endoftext|>", "a<|endoftext|> b", "<|startoftext|>Hey", "<|startoftext|> Hey<|endoftext|>",
    DEEPSEEK_BOS + "Hi " + DEEPSEEK_EOS + " there", "IT'S it's It'Ll don\u2019T 'RE",
    "'\u017f 's'S", "!!!\n\n\nx", "!\r\n\r\n", "a\r\rb\n\n\n", "  \n \r\n  x", "x  \n", "x   ",
    "   ", " \n ", "\u4e2d\u4e2d 1\u4e2d \u4e2d1", "a\u4e2db", "\uac00\ub098 \ub2e4", "NB", "NB!",
    "xNB", "a NB b", "x y", "ax yb", " x y ", "x  y", "x y<s>x y", "a<l>b", "a  <l>  b", "<r>  b",
    "<s>  <l>", "<s>" + MARK + "x", "<s>x" + MARK + "y", "the" * 40, "ab" * 30, "a b " * 20,
    "1" * 50, "\u0641 ", "\u0641  \n", "\u0641 \u0641", "\0", "a\0 b", "\0<s>\0", "\r\n", "a\u00a0b\u3000c", "\u3000" * 3 + "a",
    "\u0641\u064a \u0627\u0644\u0628\u064a\u062a", "\u0e20\u0e32\u0e29\u0e32\u0e44\u0e17\u0e22 1",
    "\U0001f600\U0001f600 \U0001f600a", "e\u0301 \u0301", "a" + " " * 20 + "b", "s t s t",
]


def choose_texts():
    """Some of each group of nasty.py, short ones only, then what the kinds are about."""
    choose = random.Random(7)
    groups = {}
    for group, text in strings([]):
        if len(text) <= 60:
            groups.setdefault(group, []).append(text)
    most = {"spaces": 40, "white-space": 50, "odd": 40, "boundaries": 40, "ascii": 40, "added": 6,
            "random": 60}
    texts = []
    for group, members in groups.items():
        texts += choose.sample(members, min(len(members), most.get(group, 1000)))
    return list(dict.fromkeys(texts + KIND_TEXTS))


def byte_vocab(symbols, count):
    """Byte-level vocabulary and merges without special tokens, the crossing ones first."""
    symbol_of = {byte: symbol for symbol, byte in bytes_of_symbols().items()}
    crossing = [tuple("".join(symbol_of[b] for b in half) for half in pair)
                for pair in BYTE_CROSSING]
    _, found = train(symbols, count)
    first = ["".join(m) for m in crossing]
    merges, made = crossing[:], set(first)
    for merge in found:
        if "".join(merge) not in made:
            merges.append(tuple(merge))
            made.add("".join(merge))
    tokens = symbols + ["".join(m) for m in merges]
    assert len(set(tokens)) == len(tokens)
    return {token: i for i, token in enumerate(tokens)}, merges


def char_vocab(special, count):
    """Vocabulary of SPECIAL, 256 byte tokens, characters and merges."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    known = "".join(c if c.isascii() and c.isprintable() or c in OTHER_LETTERS else " "
                    for c in TEXT)
    alphabet = sorted(set(known.replace(" ", MARK)))
    trainer = trainers.BpeTrainer(vocab_size=len(alphabet) + count, initial_alphabet=alphabet,
                                  show_progress=False)
    tokenizer.train_from_iterator([known], trainer)
    model = json.loads(tokenizer.to_str())["model"]
    found = [tuple(m) for m in model["merges"]]
    # " " is there to be ignored: in the text it is a mark.
    letters = sorted({c for t in model["vocab"] for c in t} | set(MARK + "abs1!<>\u00fct "))
    merges = CHAR_CROSSING + [m for m in found if m not in CHAR_CROSSING]
    made = list(dict.fromkeys("".join(m) for m in merges))
    tokens = special + [f"<0x{b:02X}>" for b in range(256)] + letters
    tokens += [t for t in made if t not in tokens]
    return {token: i for i, token in enumerate(tokens)}, merges


def bpe(vocab, merges, **options):
    model = {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
             "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False,
             "ignore_merges": False, **options}
    return {**model, "vocab": vocab, "merges": [list(m) for m in merges]}


def byte_level(use_regex=True):
    return {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True,
            "use_regex": use_regex}


def sequence(key, *nodes):
    return {"type": "Sequence", key: list(nodes)}


def split(regex):
    return {"type": "Split", "pattern": {"Regex": regex}, "behavior": "Isolated", "invert": False}


def template(token, token_id, after=None):
    def special(name):
        return {"SpecialToken": {"id": name, "type_id": 0}}
    single = [special(token), {"Sequence": {"id": "A", "type_id": 0}}]
    known = {token: {"id": token, "ids": [token_id], "tokens": [token]}}
    if after:
        single.append(special(after[0]))
        known[after[0]] = {"id": after[0], "ids": [after[1]], "tokens": [after[0]]}
    return {"type": "TemplateProcessing", "single": single,
            "pair": single + [{"Sequence": {"id": "B", "type_id": 1}}], "special_tokens": known}


def file(model, tokens, **nodes):
    plain = {"normalizer": None, "pre_tokenizer": None, "post_processor": None}
    return {"version": "1.0", "truncation": None, "padding": None, "added_tokens": tokens, **plain,
            **nodes, "model": model}


def cased_letters():
    """A long explicit class like DeepSeek's: the letters with case of Unicode 14, as ranges."""
    codes = [c for c in range(0x20000) if unicodedata.category(chr(c)) in ("Lu", "Ll", "Lt")]
    runs = []
    for code in codes:
        if runs and runs[-1][1] == code - 1:
            runs[-1][1] = code
        else:
            runs.append([code, code])
    return "".join(chr(a) if a == b else chr(a) + "-" + chr(b) for a, b in runs)


def byte_kinds():
    """(name, file) of the byte-level kinds."""
    every = sorted(bytes_of_symbols())
    vocab, merges = byte_vocab(every, 160)
    runs = [" " * n for n in range(31, 1, -1)] + ["\t" * n for n in range(9, 1, -1)]
    tokens = [added("<|endoftext|>", len(vocab), special=True)]
    tokens += [added(run, len(vocab) + 1 + i, normalized=True) for i, run in enumerate(runs)]
    yield "codegen", file(bpe(vocab, merges), tokens, pre_tokenizer=byte_level(),
                          post_processor=byte_level(), decoder=byte_level())
    # Tokens that no merge makes: with ignore_merges a piece that is one is found all the same.
    whole = {**vocab, "\u0120tree": len(vocab), "Hello": len(vocab) + 1, "333": len(vocab) + 2}
    special = ["<|begin_of_text|>", "<|end_of_text|>"]
    tokens = [added(t, len(whole) + i, special=True) for i, t in enumerate(special)]
    yield "llama3", file(
        bpe(whole, merges, ignore_merges=True), tokens,
        pre_tokenizer=sequence("pretokenizers", split(LLAMA3), byte_level(False)),
        post_processor=sequence("processors", {**byte_level(), "add_prefix_space": True,
                                               "trim_offsets": False},
                                template(special[0], len(whole))), decoder=byte_level())
    symbols = [s for s in every if bytes_of_symbols()[s] not in NEVER]
    vocab, merges = byte_vocab(symbols, 160)
    contents = [DEEPSEEK_BOS, DEEPSEEK_EOS] + \
        list("\u00f8\u00f6\u00fa\u00ff\u00f5\u00f7\u00fb\u00fd\u00c0\u00f9\u00c1\u00fe\u00fc")
    tokens = [added(t, len(vocab) + i, special=i < 2, normalized=True)
              for i, t in enumerate(contents)]
    steps = [split(r"[\r\n]"), split(r"\s?[" + cased_letters() + "]+"),
             split("\\s?[!-/:-~\uff01-\uff0f\uff1a-\uff5e\u2018-\u201f\u3000-\u3002]+"),
             split(r"\s+$"),
             split("[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+"),
             {"type": "Digits", "individual_digits": True}, byte_level(False)]
    yield "deepseek", file(bpe(vocab, merges), tokens, normalizer=sequence("normalizers"),
                           pre_tokenizer=sequence("pretokenizers", *steps),
                           post_processor=byte_level(), decoder=byte_level())
    yield "digit-runs", file(
        bpe(vocab, merges), tokens, normalizer={"type": "NFC"},
        pre_tokenizer=sequence("pretokenizers", {"type": "Digits", "individual_digits": False},
                               byte_level()), decoder=byte_level())


def char_kinds():
    """(name, file) of the kinds with characters and byte fallback."""
    names = ["<unk>", "<s>", "</s>"]
    vocab, merges = char_vocab(names, 150)
    model = bpe(vocab, merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True)
    special = [added(t, i, special=True) for i, t in enumerate(names)]
    replace = {"type": "Replace", "pattern": {"String": " "}, "content": MARK}
    marks = sequence("normalizers", {"type": "Prepend", "prepend": MARK}, replace)
    back = [{"type": "Replace", "pattern": {"String": MARK}, "content": " "},
            {"type": "ByteFallback"}, {"type": "Fuse"}]
    strip = {"type": "Strip", "content": " ", "start": 1, "stop": 0}
    both = sequence("decoders", *back, strip)
    bos = template("<s>", 1)
    yield "llama2", file(model, special, normalizer=marks, post_processor=bos, decoder=both)
    # As older files have it: special tokens are looked for in normalised text.
    more = [added("NB", len(vocab), single_word=True, normalized=True),
            added("x y", len(vocab) + 1, normalized=True),
            added("<l>", len(vocab) + 2, lstrip=True), added("<r>", len(vocab) + 3, rstrip=True)]
    clean = [added(t, i, special=True, normalized=True) for i, t in enumerate(names)]
    yield "llama2-clean", file(model, clean + more, normalizer=marks,
                               post_processor=template("<s>", 1, ("</s>", 2)), decoder=both)
    for scheme in ("first", "always", "never"):
        for pieces in (False, True):
            metaspace = {"type": "Metaspace", "replacement": MARK, "prepend_scheme": scheme,
                         "split": pieces}
            tail = [] if scheme == "never" else [strip]
            yield f"metaspace-{scheme}{'-split' if pieces else ''}", file(
                model, special + more, pre_tokenizer=metaspace, post_processor=bos,
                decoder=sequence("decoders", *back, *tail))
    names = ["<|pad|>", "<|startoftext|>", "<|endoftext|>"]
    vocab, merges = char_vocab(names, 150)
    model = bpe(vocab, merges, unk_token=None, fuse_unk=False, byte_fallback=True)
    yield "jamba", file(model, [added(t, i, special=True) for i, t in enumerate(names)],
                        normalizer=replace, post_processor=template(names[1], 1),
                        decoder=sequence("decoders", *back))


def make_case(tokenizer, text, before, after):
    """ids, and what they decode to where it is not the text."""
    ids = tokenizer.encode(text, add_special_tokens=False).ids
    assert tokenizer.encode(text).ids == before + ids + after, text
    case = {"ids": ids}
    whole = tokenizer.decode(ids, skip_special_tokens=False)
    skipped = tokenizer.decode(before + ids + after, skip_special_tokens=True)
    if whole != text:
        case |= stored("decoded", whole)
    if skipped != whole:
        case |= stored("skipped", skipped)
    return case


def write(name, spec, texts, models_written):
    """NAME.cases.json, and NAME.json; a model that is written already is only named."""
    tokenizer = Tokenizer.from_str(json.dumps(spec))
    for token in spec["added_tokens"]:
        assert tokenizer.token_to_id(token["content"]) == token["id"], token
    # With a normalizer that changes its content, `tokenizers` does not know a special token again
    # that is looked for in normalised text, and prints it whatever it is told.
    skips = str(tokenizer.decode(tokenizer.encode("").ids, skip_special_tokens=True) == "").lower()
    around = tokenizer.encode("").ids
    after = around[1:]
    before = around[:1]
    cases = [make_case(tokenizer, text, before, after) for text in texts]
    if skips == "false":
        cases = [{k: v for k, v in c.items() if not k.startswith("skipped")} for c in cases]
    key = json.dumps(spec["model"])
    kept = {k: v for k, v in spec.items() if k != "model"}
    if key in models_written:
        kept["model_of"] = models_written[key]
    else:
        models_written[key] = name
        kept["model"] = spec["model"]
    (OUT / f"{name}.json").write_text(
        json.dumps(kept, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    (OUT / f"{name}.cases.json").write_text(
        f'{{"before":{before},"after":{after},"skips":{skips},"cases":[\n{lines}\n]}}\n')
    used = len({i for case in cases for i in case["ids"]})
    print(f"{name}: {tokenizer.get_vocab_size()} ids, {used} used, {len(cases)} cases, "
          f"{sum('decoded' not in c and 'decoded_hex' not in c for c in cases)} decode to "
          f"themselves")


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    texts = choose_texts()
    lines = ",\n".join(json.dumps(stored("text", text)) for text in texts)
    (OUT / "texts.json").write_text(f"[\n{lines}\n]\n")
    models_written = {}
    for name, spec in [*byte_kinds(), *char_kinds()]:
        write(name, spec, texts, models_written)


if __name__ == "__main__":
    main()
