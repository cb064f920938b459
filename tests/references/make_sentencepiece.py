"""Makes small SentencePiece models, and the ids that the library itself gives texts.

Needed only by who regenerates the references; the tests read the stored files.
Made with Python 3.11.7 and sentencepiece 0.2.3.

    python tests/references/make_sentencepiece.py

Reads tests/data/tokenizers/parts/texts.json, writes tests/data/tokenizers/sentencepiece/NAME.model and
NAME.json: {"cases": [{"text", "ids"}]} for `llama` (as Llama's are made), `plain` (no byte fallback,
no space in front, user-defined symbols), `mapped` (with a map of characters), `squeezing` (with it,
and superfluous spaces are removed) `squeezing-plain` (without it and without a space in front),
and two with user-defined pieces that hold spaces, one of them with unused pieces. Texts that hold a control symbol are left out: the library
does not know them in a text.
"""

import io
import json
import tempfile
from pathlib import Path

import sentencepiece
from charsmap import RULES
from corpus import TEXT
from make_tokenizer import stored
from make_tokenizer_kinds import OTHER_LETTERS
from transformers.utils import sentencepiece_model_pb2_new

OUT = Path(__file__).resolve().parent.parent / "data" / "tokenizers" / "sentencepiece"
# As Llama's model was made, but for the size.
LLAMA = dict(model_type="bpe", byte_fallback=True, normalization_rule_name="identity",
             remove_extra_whitespaces=False, split_digits=True, allow_whitespace_only_pieces=True,
             vocab_size=420)
# Pieces that stand alone in a text, some with the mark of a space; and pieces that are never made.
USER_DEFINED = ["hen", "!!", "\u2581\u2581", "\u2581the", "x\u2581y", "\n", "s\u2581", "\u2460b"]
UNUSED = ["[UNUSED_1]", "[UNUSED_2]"]
MODELS = {
    "llama": LLAMA,
    "plain": {**LLAMA, "byte_fallback": False, "vocab_size": 180, "add_dummy_prefix": False,
              "user_defined_symbols": ["hen", "!!"], "split_by_whitespace": False},
    "mapped": {**LLAMA, "rules": RULES},
    "squeezing": {**LLAMA, "remove_extra_whitespaces": True, "rules": RULES},
    "squeezing-plain": {**LLAMA, "remove_extra_whitespaces": True, "add_dummy_prefix": False},
    "user-defined": {**LLAMA, "user_defined_symbols": USER_DEFINED, "unused": UNUSED},
    "user-defined-squeezing": {**LLAMA, "byte_fallback": False, "vocab_size": 190, "rules": RULES,
                               "user_defined_symbols": USER_DEFINED,
                               "remove_extra_whitespaces": True},
}


def train(options):
    model = io.BytesIO()
    options = dict(options)
    rules, unused = options.pop("rules", None), options.pop("unused", ())
    if rules:
        table = tempfile.NamedTemporaryFile("w", suffix=".tsv")
        for source, target in rules.items():
            table.write("\t".join(" ".join(f"{ord(c):X}" for c in t) for t in (source, target)) + "\n")
        table.flush()
        options = {**options, "normalization_rule_tsv": table.name}
        del options["normalization_rule_name"]
    lines = ["".join(c if " " <= c <= "~" or c in OTHER_LETTERS else " " for c in line)
             for line in TEXT.split("\n")]
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines), model_writer=model, minloglevel=2,
        hard_vocab_limit=False, num_threads=1, **options)
    proto = sentencepiece_model_pb2_new.ModelProto.FromString(model.getvalue())
    proto.normalizer_spec.ClearField("normalization_rule_tsv") # a path
    for text in unused:
        proto.pieces.add(piece=text, score=-1.0, type=5)
    return proto.SerializeToString()


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    texts = json.loads((OUT.parent / "parts" / "texts.json").read_text())
    texts = [bytes.fromhex(t["text_hex"]).decode() if "text_hex" in t else t["text"] for t in texts]
    texts += ["the hen said  the hens", "hen", "a!!b!!!", "aaaa aba abab", "the the", "    the", "  the   the  ", "   ",
              "the  the ", "abcab ab", "\u2581\u2581\u2581", " \u2581 ", "a \u2581", "\u2003 a\u2003\u2003b",
              "\u00bd \u00bd", "a\u200b b\u200b", "\u200b", "e\u0301e \u0301", "  \u3000a", "the  <"]
    texts += ["a!! hen", "x yx\u2581y", "the  the\u2581\u2581", "hens hens  !", "\n\nhen", " hen", "hen",
              "\u2460b\u2460", "[UNUSED_1]\u4e2d", "  hen the  ", "e\u0301hen\u0301", "!!!!! !!", "s s  s\n "]
    for name, options in MODELS.items():
        content = train(options)
        (OUT / f"{name}.model").write_bytes(content)
        processor = sentencepiece.SentencePieceProcessor(model_proto=content)
        size = processor.get_piece_size()
        kept = [t for t in texts if not any(s in t for s in ("<s>", "</s>", "<unk>"))]
        cases = [{**stored("text", t), "ids": processor.encode(t)} for t in kept]
        lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
        (OUT / f"{name}.json").write_text(f'{{"cases":[\n{lines}\n]}}\n')
        print(name, size, "pieces,", len(content), "bytes")


if __name__ == "__main__":
    main()
