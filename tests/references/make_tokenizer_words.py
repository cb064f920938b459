"""Makes one small tokenizer for each way in which Hugging Face `tokenizers` marks where words end or
go on (end_of_word_suffix, continuing_subword_prefix, and the decoders for them), and the pipelines
of published models that do so.

Needed only by who regenerates the references; the tests read the stored files.
Made with Python 3.11.7 and tokenizers 0.23.3.

    python tests/references/make_tokenizer_words.py

Writes tests/data/tokenizers/words, as make_tokenizer_parts.py writes parts.
"""

from collections import Counter

import make_tokenizer_kinds as kinds
import make_tokenizer_parts as parts
from corpus import TEXT
from make_tokenizer_kinds import (OTHER_LETTERS, added, bpe, byte_level, byte_vocab,
                                  bytes_of_symbols, file, sequence, stored)
from make_tokenizer_parts import by, node, pre

kinds.OUT = kinds.OUT.parent / "words"
TEXTS = ["the hens and the fox", "The Hens", "said the hen.", "the the the", "thehen", "hens!",
         "it isn't the fox's hen, I'm they're we've", "the</w>hen", "</w>", "##he ##", "a##b",
         "x", "hen<s>hen", "<s> <s>", "<|startoftext|>the fox <|endoftext|>", "the  hens  ",
         "\u4e2dthe\u4e2d\u6587 hen", "the\u00e9 \u00e9the \u00e9"]


def affix_vocab(words, count, prefix="", suffix=""):
    """A vocabulary of words and its merges, whose tokens have affixes. Letters lack the forms that the
    words do not show. The trainer of `tokenizers` would not give the same one twice."""
    counts = Counter(words.split())
    spelled = {w: [(prefix if i else "") + c + (suffix if i + 1 == len(w) else "")
                   for i, c in enumerate(w)] for w in counts}
    tokens = ["<unk>", "<s>", *sorted({s for symbols in spelled.values() for s in symbols})]
    merges = []
    while len(tokens) < count:
        pairs = Counter()
        for word, symbols in spelled.items():
            for pair in zip(symbols, symbols[1:]):
                pairs[pair] += counts[word]
        left, right = max(pairs, key=lambda p: (pairs[p], p))
        made = left + right[len(prefix):]
        merges.append((left, right))
        if made not in tokens:
            tokens.append(made)
        for symbols in spelled.values():
            for at in range(len(symbols) - 1, 0, -1):
                if at < len(symbols) and symbols[at - 1:at + 1] == [left, right]:
                    symbols[at - 1:at + 1] = [made]
    return {t: i for i, t in enumerate(tokens)}, merges


KNOWN = "".join(c if c.isascii() and c.isprintable() or c in OTHER_LETTERS else " "
                for c in TEXT) + " .".join("!?,;:ab12") + " n't 's 'm a! a? <s>x !! ?? .. ' "
SUFFIX, PREFIX = {"end_of_word_suffix": "</w>"}, {"continuing_subword_prefix": "##"}
DECODERS = {"ends": node("BPEDecoder", suffix="</w>"), "none": None,
            "pieces": node("WordPiece", prefix="##", cleanup=True),
            "plain": node("WordPiece", prefix="##", cleanup=False)}


def word_file(affixes, decoder, pre_tokenizer, normalizer=None, **options):
    vocab, merges = affix_vocab(KNOWN, 400, affixes.get("continuing_subword_prefix", ""),
                                affixes.get("end_of_word_suffix", ""))
    tokens = [added("<s>", vocab["<s>"], special=True),
              added("NB", len(vocab), normalized=True)]
    model = bpe(vocab, merges, **{"unk_token": "<unk>", **affixes, **options})
    return file(model, tokens, normalizer=normalizer, pre_tokenizer=pre_tokenizer,
                decoder=DECODERS[decoder])


def affix_parts():
    """(name, file) of models whose tokens say where words end or go on."""
    bert, spaces, words = node("BertPreTokenizer"), node("WhitespaceSplit"), node("Whitespace")
    yield "word-ends", word_file(SUFFIX, "ends", spaces)
    yield "word-ends-fused", word_file(SUFFIX, "ends", words, node("NFKC"), fuse_unk=True)
    yield "word-ends-dropped", word_file(SUFFIX, "none", bert, node("Lowercase"), unk_token=None)
    yield "word-ends-whole", word_file(SUFFIX, "ends", bert, ignore_merges=True)
    yield "continuing", word_file(PREFIX, "pieces", bert)
    yield "continuing-plain", word_file(PREFIX, "plain", spaces, fuse_unk=True)
    yield "both-affixes", word_file({**PREFIX, **SUFFIX}, "none", words)
    yield "no-words", word_file({**PREFIX, **SUFFIX}, "ends", None, fuse_unk=True)


def clip():
    """The pipeline of CLIP: bytes whose words end in a suffix."""
    symbols = sorted(bytes_of_symbols())
    vocab, merges = byte_vocab(symbols, 60)
    ends = {t: t + "</w>" for t in symbols}
    tokens = [*symbols, *ends.values()]
    pairs = [m for m in merges if "\u0120" not in "".join(m)]
    pairs = [*pairs[:20], *[(a, b + "</w>") for a, b in pairs], *pairs[20:]]
    have, kept = set(tokens), []
    for a, b in pairs:
        if a in have and b in have and a + b not in have:
            kept.append((a, b))
            have.add(a + b)
            tokens.append(a + b)
    vocab = {t: i for i, t in enumerate(tokens[:596])}
    kept = [m for m in kept if "".join(m) in vocab]
    pattern = (r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]"
               r"|[^\s\p{L}\p{N}]+")
    added_tokens = [added(t, len(vocab) + i, special=True)
                    for i, t in enumerate(("<|startoftext|>", "<|endoftext|>"))]
    nodes = {"normalizer": sequence("normalizers", node("NFC"), node(
        "Replace", pattern={"Regex": r"\s+"}, content=" "), node("Lowercase")),
             **pre(by({"Regex": pattern}, "Removed", True), byte_level(False)),
             "decoder": byte_level()}
    suffix = {"end_of_word_suffix": "</w>", "continuing_subword_prefix": ""}
    yield "clip", file(bpe(vocab, kept, **suffix), added_tokens, **nodes)
    less = {t: i for i, t in enumerate(t for t in vocab if not t.startswith("z"))}
    fewer = [m for m in kept if {m[0], m[1], "".join(m)} <= set(less)]
    less["<unk>"] = len(less)
    yield "clip-whole", file(bpe(less, fewer, ignore_merges=True, unk_token="<unk>", **suffix), [
        added(t["content"], len(less) + i, special=True) for i, t in enumerate(added_tokens)],
                             **nodes)


def main():
    kinds.OUT.mkdir(parents=True, exist_ok=True)
    texts = list(dict.fromkeys(parts.choose_texts() + TEXTS + TEXT.split("\n")[:4]))
    lines = ",\n".join(kinds.json.dumps(stored("text", text)) for text in texts)
    (kinds.OUT / "texts.json").write_text(f"[\n{lines}\n]\n")
    models_written = {}
    for name, spec in [*affix_parts(), *clip()]:
        kinds.write(name, spec, texts, models_written)


if __name__ == "__main__":
    main()
