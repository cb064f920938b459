"""Makes the broken tokenizer.json files: one sound small file and a list of edits that break it.

Needed only by who regenerates the references; the tests read the stored files.
Made with Python 3.11.7 and tokenizers 0.23.3.

    python tests/references/make_broken.py

Writes tests/data/tokenizers/broken/{base.json,chars.json,words.json,edits.json}. An edit is applied to the
text of base.json, or of the file it names as `base`: keep its first `keep` bytes (all, if absent),
replace `find`, which occurs exactly once, by `replace` (or the bytes of `replace_hex`), then add
`append`. `huggingface` records what `tokenizers` does with the result: it accepts much that a
strict reader must refuse.
"""

import base64
import json
from pathlib import Path

from charsmap import charsmap
from make_tokenizer import BYTE_LEVEL, SPECIAL, added, bytes_of_symbols
from make_tokenizer_kinds import MARK, bpe, file, template
from tokenizers import Tokenizer

OUT = Path(__file__).resolve().parent.parent / "data" / "tokenizers" / "broken"
MERGES = ["h e", "Ġ t", "Ġt he"]


def make_base():
    tokens = SPECIAL + sorted(bytes_of_symbols()) + [m.replace(" ", "") for m in MERGES]
    vocab = {token: i for i, token in enumerate(tokens)}
    assert len(vocab) == 261 and vocab["a"] == 66 and vocab["Ġthe"] == 260
    listed = [added(token, i, special=True) for i, token in enumerate(SPECIAL)]
    listed.append(added("  ", 261, normalized=True))
    return {"version": "1.0", "truncation": None, "padding": None, "added_tokens": listed,
            "normalizer": {"type": "NFC"}, "pre_tokenizer": BYTE_LEVEL,
            "post_processor": BYTE_LEVEL, "decoder": BYTE_LEVEL,
            "model": {"type": "BPE", "dropout": None, "unk_token": None,
                      "continuing_subword_prefix": None, "end_of_word_suffix": None,
                      "fuse_unk": False, "vocab": vocab, "merges": MERGES}}


MAP = charsmap({"t": "th", "\u00e9": "e", "e\u0301": "e", "\u00ad": "", "!": " ! "})


def make_words():
    letters = [chr(c) for c in range(ord("a"), ord("z") + 1)] + list("!?1")
    tokens = ["<unk>", *letters, *(c + "_" for c in letters), "he_", "th", "the_", "she_"]
    model = bpe({t: i for i, t in enumerate(tokens)},
                [("h", "e_"), ("t", "h"), ("t", "he_"), ("s", "he_")], unk_token="<unk>",
                end_of_word_suffix="_")
    bert = {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True,
            "strip_accents": None, "lowercase": True}
    mapped = {"type": "Precompiled", "precompiled_charsmap": MAP}
    return file(model, [added("<unk>", 0, special=True)],
                normalizer={"type": "Sequence", "normalizers": [mapped, bert]},
                pre_tokenizer={"type": "BertPreTokenizer"},
                decoder={"type": "BPEDecoder", "suffix": "_"})


def swap(name, find, replace):
    return {"name": name, "find": find, "replace": replace}


def rename_last(name, token):
    return swap(name, LAST, f'"{token}":260}},"merges":["h e","Ġ t"]')


def whole(name, text):
    return {"name": name, "keep": 0, "append": text}


LEVEL = json.dumps(BYTE_LEVEL, separators=(",", ":"))
PRE = '"pre_tokenizer":' + LEVEL
POST = '"post_processor":' + LEVEL
DECODER = '"decoder":' + LEVEL
NORMALIZER = '"normalizer":{"type":"NFC"}'
MERGE_LIST = '"merges":["h e","Ġ t","Ġt he"]'
SPACES = '{"id":261,"content":"  ",'
# The last token together with the merges, so that renaming it breaks nothing but its name.
LAST = '"Ġthe":260},' + MERGE_LIST


def not_json(size):
    """Files that are no JSON document, or not one that anybody should accept."""
    return [
        whole("empty", ""), whole("white space only", " \n\t "), whole("null", "null"),
        whole("an array", "[]"), whole("a string", '"tokenizer"'), whole("an empty object", "{}"),
        whole("nested too deep", "[" * 3000), whole("another kind of file", "PK\3\4"),
        {"name": "cut in the vocabulary", "keep": size // 2},
        {"name": "cut before the last brace", "keep": size - 2},
        {"name": "more after the end", "append": "{}"},
        swap("a comment", '"version"', '/* x */ "version"'),
        swap("a trailing comma", '"Ġt he"]', '"Ġt he",]'),
        swap("NaN", '"dropout":null', '"dropout":NaN'),
        {"name": "invalid UTF-8 in a token", "find": '"Ġthe":',
         "replace_hex": b'"\xc0\xafthe":'.hex()},
        {"name": "a stray byte in a token", "find": '"Ġthe":', "replace_hex": b'"\xffthe":'.hex()},
        rename_last("a lone surrogate", "\\ud800"),
        swap("a key twice", '"padding":null', '"padding":null,"truncation":null'),
        swap("the model twice", '"version":"1.0"', '"version":"1.0","model":{}'),
        swap("a token twice", '"a":66', '"a":66,"a":262'),
    ]


def vocabulary():
    return [
        swap("no model", '"model":{', '"modal":{'),
        swap("the model a string", '"model":{', '"model":"BPE","rest":{'),
        swap("WordPiece", '"type":"BPE"', '"type":"WordPiece"'),
        swap("Unigram", '"type":"BPE"', '"type":"Unigram"'),
        swap("the model type a number", '"type":"BPE"', '"type":1'),
        swap("no vocabulary", '"vocab":{', '"words":{'),
        swap("the vocabulary an array", '"vocab":{', '"vocab":[],"words":{'),
        swap("the vocabulary empty", '"vocab":{', '"vocab":{},"words":{'),
        swap("two tokens with one id", '"a":66', '"a":67'),
        swap("a gap in the ids", '"Ġthe":260', '"Ġthe":300'),
        swap("a negative id", '"a":66', '"a":-66'),
        swap("an id of 2^32", '"a":66', '"a":4294967296'),
        swap("an id of 2^32 + 66", '"a":66', '"a":4294967362'),
        swap("an id beyond 64 bits", '"a":66', '"a":18446744073709551682'),
        swap("an id with a fraction", '"a":66', '"a":66.5'),
        swap("an id in quotes", '"a":66', '"a":"66"'),
        swap("an id null", '"a":66', '"a":null'),
        swap("no symbol for a byte", '"a":66', '"aa":66'),
        swap("no symbol for the space", '"Ġ":', '"Ġ ":'),
        rename_last("an empty token", ""),
        rename_last("a NUL in a token", "Ġth\\u0000e"),
        rename_last("a token that is not byte-level", "中"),
    ]


def merges():
    return [
        swap("no merges", '"merges":[', '"mergers":['),
        swap("merges an object", MERGE_LIST, '"merges":{"h":"e"}'),
        swap("a merge a number", '"h e"', "12"),
        swap("a merge of one", '"h e"', '"he"'),
        swap("a merge of three", '"h e"', '"h e e"'),
        swap("a merge with an empty half", '"h e"', '" he"'),
        swap("a merge with two spaces", '"h e"', '"h  e"'),
        swap("a merge array of one", '"h e"', '["he"]'),
        swap("a merge array of three", '"h e"', '["h","e","x"]'),
        swap("a merge array of numbers", '"h e"', "[73,70]"),
        swap("a merge of an unknown left half", '"h e"', '"hx e"'),
        swap("a merge of an unknown right half", '"h e"', '"h ex"'),
        swap("a merge into an unknown token", '"h e"', '"h a"'),
        swap("a merge twice", '"h e"', '"h e","h e"'),
    ]


def settings():
    """Well-formed files that ask for what a GPT-NeoX tokenizer does not do."""
    return [
        swap("version 2.0", '"version":"1.0"', '"version":"2.0"'),
        swap("truncation", '"truncation":null', '"truncation":{"direction":"Right","max_length":8,'
             '"strategy":"LongestFirst","stride":0}'),
        swap("dropout", '"dropout":null', '"dropout":0.1'),
        swap("an unknown unk_token", '"unk_token":null', '"unk_token":"<unk>"'),
        swap("a continuing prefix", '"continuing_subword_prefix":null',
             '"continuing_subword_prefix":"##"'),
        swap("an end-of-word suffix", '"end_of_word_suffix":null', '"end_of_word_suffix":"</w>"'),
        swap("an affix that is a number", '"end_of_word_suffix":null', '"end_of_word_suffix":1'),
        swap("an affix with a space", '"end_of_word_suffix":null', '"end_of_word_suffix":"_ "'),
        swap("an affix too long", '"end_of_word_suffix":null',
             f'"end_of_word_suffix":"{"_" * 64}"'),
        swap("an affix and bytes", '"end_of_word_suffix":null',
             '"byte_fallback":true,"end_of_word_suffix":"_"'),
        swap("byte fallback", '"fuse_unk":false', '"fuse_unk":false,"byte_fallback":true'),
        swap("normalizer Lowercase", NORMALIZER, '"normalizer":{"type":"Lowercase"}'),
        swap("normalizer Precompiled", NORMALIZER,
             '"normalizer":{"type":"Precompiled","precompiled_charsmap":"AAAA"}'),
        swap("normalizer Strip without its sides", NORMALIZER, '"normalizer":{"type":"Strip"}'),
        swap("normalizer Replace of nothing", NORMALIZER, '"normalizer":{"type":"Replace",'
             '"pattern":{"String":""},"content":"x"}'),
        swap("normalizer Replace that may match nothing", NORMALIZER, '"normalizer":{"type":'
             '"Replace","pattern":{"Regex":"x*"},"content":"x"}'),
        swap("normalizer Replace that looks back", NORMALIZER, '"normalizer":{"type":"Replace",'
             '"pattern":{"Regex":"(?<=a)b"},"content":"x"}'),
        swap("normalizer Replace by a number", NORMALIZER, '"normalizer":{"type":"Replace",'
             '"pattern":{"String":"x"},"content":1}'),
        swap("normalizer Replace by U+0000", NORMALIZER, '"normalizer":{"type":"Replace",'
             '"pattern":{"String":"x"},"content":"\\u0000"}'),
        swap("normalizer of too many steps", NORMALIZER, '"normalizer":{"type":"Sequence",'
             '"normalizers":[' + ",".join(['{"type":"Lowercase"}'] * 9) + "]}"),
        swap("an added token that the normalizer removes", NORMALIZER, '"normalizer":{"type":'
             '"Replace","pattern":{"Regex":"\\\\s+"},"content":""}'),
        swap("normalizer NFKC", NORMALIZER, '"normalizer":{"type":"NFKC"}'),
        swap("normalizer of no type", NORMALIZER, '"normalizer":{}'),
        swap("normalizer a string", NORMALIZER, '"normalizer":"NFC"'),
        swap("pre-tokenizer Whitespace", PRE, '"pre_tokenizer":{"type":"Whitespace"}'),
        swap("pre-tokenizer Metaspace", PRE, '"pre_tokenizer":{"type":"Metaspace",'
             '"replacement":"▁","prepend_scheme":"always","split":true}'),
        swap("no pre-tokenizer", PRE, '"pre_tokenizer":null'),
        swap("a prefix space", PRE, PRE.replace('space":false', 'space":true')),
        swap("the prefix space a number", PRE, PRE.replace('space":false', 'space":0')),
        swap("post-processor BertProcessing", POST, '"post_processor":{"type":"BertProcessing",'
             '"sep":["<|padding|>",1],"cls":["<|endoftext|>",0]}'),
        swap("decoder WordPiece", DECODER,
             '"decoder":{"type":"WordPiece","prefix":"##","cleanup":true}'),
        swap("no decoder", DECODER, '"decoder":null'),
    ]


def added_tokens():
    return [
        swap("added tokens an object", '"added_tokens":[', '"added_tokens":{},"others":['),
        swap("an added token a string", SPACES, '"x",' + SPACES),
        swap("an added token without id", SPACES, '{"content":"  ",'),
        swap("an added token without content", SPACES, '{"id":261,'),
        swap("an added token with an unknown flag", SPACES, SPACES + '"fuzzy":true,'),
        swap("an added token of no content", SPACES, '{"id":261,"content":"",'),
        swap("an added token's content a number", SPACES, '{"id":261,"content":2,'),
        swap("an added id out of range", SPACES, SPACES.replace("261", "400")),
        swap("an added id of 2^32 + 5", SPACES, SPACES.replace("261", "4294967301")),
        swap("an added id negative", SPACES, SPACES.replace("261", "-1")),
        swap("an added id of another token", SPACES, SPACES.replace("261", "66")),
        swap("an added id that contradicts the vocabulary", '{"id":1,', '{"id":262,'),
        swap("an added token twice", SPACES, SPACES.replace('"  "', '"<|padding|>"')),
        swap("an added token's flag a string", SPACES + '"special":false',
             SPACES + '"special":"no"'),
    ]


def sequence(name, *nodes):
    text = ",".join(json.dumps(n, separators=(",", ":"), ensure_ascii=False) for n in nodes)
    return swap(name, PRE, f'"pre_tokenizer":{{"type":"Sequence","pretokenizers":[{text}]}}')


def split(regex, **options):
    return {"type": "Split", "pattern": {"Regex": regex}, "behavior": "Isolated", "invert": False,
            **options}


def patterns():
    """Sequences of pre-tokenizers, and regular expressions that are more than ours can be."""
    level = {**BYTE_LEVEL, "use_regex": False}
    digits = {"type": "Digits", "individual_digits": True}
    yield sequence("an empty Sequence")
    yield sequence("a Sequence without ByteLevel", digits)
    yield sequence("ByteLevel before the end", level, digits)
    yield sequence("Punctuation in a Sequence", {"type": "Punctuation", "behavior": "Isolated"},
                   level)
    yield sequence("a Sequence in a Sequence", {"type": "Sequence", "pretokenizers": []}, level)
    yield sequence("a prefix space in a Sequence", {**level, "add_prefix_space": True})
    yield sequence("Digits without a flag", {"type": "Digits"}, level)
    yield sequence("Split that removes", split("a", behavior="Removed"), level)
    yield sequence("Split inverted", split("a", invert=True), level)
    yield sequence("Split by a string", split("a", pattern={"String": "a"}), level)
    yield sequence("Split by nothing", split(""), level)
    yield sequence("more patterns than fit", *[split("a")] * 9, level)
    yield sequence("Split that is sound", split(r"(?i:'s)|(a|b)|[^\r\n\p{L}]?\p{L}+(?!\S)"), level)
    yield sequence("a prefix space behind a look back", split("(?<=a)b"),
                   {**level, "add_prefix_space": True})
    yield sequence("a Metaspace with a prefix behind a place", split("^a"),
                   {"type": "Metaspace", "replacement": MARK})
    for regex in (r"(?<=a+)b", r"(?<=a{2})b", r"(?<!(a))b", r"(?<=^)b", r"(?<=a(?=b))b", r"(?<=" +
                  "a" * 17 + ")b", r"(?<=" + "a" * 16 + "|b)b", "(?<=a)?b", "(?<=ab", "^*a", "$+a",
                  r"\b{2}a", "^", r"a|\B", "(?<=a)", "(?<=)b", r"[\ba]", r"\x{41}", r"\u00e9",
                  r"\x", r"\x{}", r"\x{110000}", r"\x{d800}", r"\xc3", r"\u4e"):
        yield sequence(f"the pattern {regex}", split(regex), level)
    for regex in (r"\d", r"(?<=a)b", r"(?<n>a)", "^a", "a$", ".", "a++", "(?:ab)+", "[a", "(a",
                  "a)", "[]", "[a[b]]", "[a&&b]", "[z-a]", r"[\s-a]", r"\p{Han}", "*a", "a{2,1}", "a{,2}",
                  "a{1,2000}", "a*", "a|", "\\", r"\x41", "(" * 17 + "a" + ")" * 17, r"\p{Greek}",
                  r"\P{L}", r"[\P{L}a]", "[a[^b]]", "[[:alpha:]]", "[a[]b]", "[a[b]", "a{2}+",
                  "a?+?", "(a)?+",
                  "a{2}?", r"\Aa", r"\ba", "(?s:a)", "(a)*", "(a)?", "a??b", "a*+b", r"[\p{Lu}-z]"):
        yield sequence(f"the pattern {regex}", split(regex), level)


def behind_bytes():
    """Pre-tokenizers behind a ByteLevel, where there are only symbols of bytes."""
    level = {**BYTE_LEVEL, "use_regex": False}
    text = {"pattern": {"String": "a"}}
    yield sequence("ByteLevel twice", level, level)
    yield sequence("Metaspace behind ByteLevel", level, {"type": "Metaspace", "replacement": MARK})
    yield sequence("ByteLevel behind Metaspace", {"type": "Metaspace", "replacement": MARK}, level)
    yield sequence("Whitespace behind ByteLevel", level, {"type": "Whitespace"})
    yield sequence("Metaspace twice", *[{"type": "Metaspace", "replacement": MARK}] * 2)
    for regex in ("^a", r"a\b", "(?<=a)b"):
        yield sequence(f"the pattern {regex} behind ByteLevel", level, split(regex))
    for regex in (r"\s", "a b", "[ -a]", "\u0120a", r"\n", r"\p{L}", "[a-f]+|[^0-9]"):
        yield sequence(f"the pattern {regex} behind ByteLevel", level, split(regex))
    yield sequence("a text with a space behind ByteLevel", level,
                   split("", pattern={"String": "a b"}))
    yield sequence("an unknown behavior", split("", behavior="Dropped", **text), level)
    yield sequence("a behavior of no type", split("", behavior=None, **text), level)
    yield sequence("Split by an empty text", split("", pattern={"String": ""}), level)
    yield sequence("Split by a number", split("", pattern={"String": 1}), level)
    yield sequence("a delimiter that is a number", {"type": "CharDelimiterSplit", "delimiter": 1},
                   level)
    yield sequence("an unknown pre-tokenizer", {"type": "UnicodeScripts"}, level)
    deep = {"type": "Digits", "individual_digits": True}
    for _ in range(5):
        deep = {"type": "Sequence", "pretokenizers": [deep]}
    yield sequence("a Sequence too deep", deep, level)


def templates():
    def post(name, node):
        return swap(name, POST, '"post_processor":' + json.dumps(node, separators=(",", ":")))
    sound = template("<|endoftext|>", 0)
    yield post("a template", sound)
    yield post("a template in a Sequence", {"type": "Sequence", "processors": [BYTE_LEVEL, sound]})
    yield post("two templates", {"type": "Sequence", "processors": [sound, sound]})
    yield post("a Sequence in a Sequence of post-processors",
               {"type": "Sequence", "processors": [{"type": "Sequence", "processors": []}]})
    yield post("RobertaProcessing", {"type": "RobertaProcessing", "sep": ["<|padding|>", 1],
                                     "cls": ["<|endoftext|>", 0], "trim_offsets": True,
                                     "add_prefix_space": False})
    yield post("a template without a text", {**sound, "single": sound["single"][:1]})
    yield post("a template with text B", {**sound, "single": sound["pair"][2:]})
    yield post("a template with the text twice", {**sound, "single": sound["pair"][1:2] * 2})
    yield post("a template without its tokens", {**sound, "special_tokens": {}})
    yield post("a template of an odd part", {**sound, "single": ["$A"]})
    yield post("a template with an id out of range", template("<|endoftext|>", 262))
    yield post("a template of more ids than fit", {**sound, "single": sound["single"][:1] * 17 +
                                                   sound["single"][1:]})


def make_chars():
    """A sound small file whose symbols are characters."""
    names = ["<unk>", "<s>", "</s>"]
    tokens = names + [f"<0x{b:02X}>" for b in range(256)] + [MARK, "a", "b", MARK + "a", "ab"]
    vocab = {token: i for i, token in enumerate(tokens)}
    model = bpe(vocab, [(MARK, "a"), ("a", "b")], unk_token="<unk>", fuse_unk=True,
                byte_fallback=True)
    back = [{"type": "Replace", "pattern": {"String": MARK}, "content": " "},
            {"type": "ByteFallback"}, {"type": "Fuse"},
            {"type": "Strip", "content": " ", "start": 1, "stop": 0}]
    replace = {"type": "Replace", "pattern": {"String": " "}, "content": MARK}
    return file(model, [added(t, i, special=True) for i, t in enumerate(names)],
                normalizer={"type": "Sequence",
                            "normalizers": [{"type": "Prepend", "prepend": MARK}, replace]},
                post_processor=template("<s>", 1),
                decoder={"type": "Sequence", "decoders": back})


def characters():
    """Edits of chars.json."""
    prepend, replace = f'{{"type":"Prepend","prepend":"{MARK}"}}', \
        f'{{"type":"Replace","pattern":{{"String":" "}},"content":"{MARK}"}}'
    strip = '{"type":"Strip","content":" ","start":1,"stop":0}'
    null = '"pre_tokenizer":null'
    metaspace = f'{{"type":"Metaspace","replacement":"{MARK}","prepend_scheme":"first"}}'
    normalizer = f'"normalizer":{{"type":"Sequence","normalizers":[{prepend},{replace}]}}'
    space = null.replace("null", metaspace)
    edits = [
        swap("chars: Prepend of something else", prepend, prepend.replace(MARK, "_")),
        swap("chars: Replace of something else", '"pattern":{"String":" "}',
             '"pattern":{"String":"a"}'),
        swap("chars: Replace by a pattern", '"pattern":{"String":" "}',
             '"pattern":{"Regex":" "}'),
        swap("chars: no Replace", "," + replace, ""), swap("chars: no Prepend", prepend + ",", ""),
        swap("chars: Prepend twice", prepend, prepend + "," + prepend),
        swap("chars: NFC", prepend, '{"type":"NFC"}'),
        swap("chars: Lowercase", prepend, '{"type":"Lowercase"}'),
        swap("chars: Metaspace besides Prepend", null, space),
        swap("chars: Metaspace", normalizer + "," + null, '"normalizer":null,' + space),
        swap("chars: Metaspace by another mark", normalizer + "," + null,
             '"normalizer":null,' + space.replace(MARK, "_")),
        swap("chars: Metaspace with an unknown scheme", normalizer + "," + null,
             '"normalizer":null,' + space.replace("first", "last")),
        swap("chars: Metaspace that contradicts itself", normalizer + "," + null,
             '"normalizer":null,' + space.replace('"prepend', '"add_prefix_space":false,"prepend')),
        swap("chars: no byte_fallback", '"byte_fallback":true', '"byte_fallback":false'),
        swap("chars: ignore_merges", '"ignore_merges":false', '"ignore_merges":true'),
        swap("chars: no token for a byte", '"<0x41>"', '"<0x41"'),
        swap("chars: no token for a byte that is not in UTF-8", '"<0xFF>"', '"<0xFF"'),
        swap("chars: a merge of a byte", f'["{MARK}","a"]', '["<0x41>","b"]'),
        swap("chars: no Strip", "," + strip, ""),
        swap("chars: Strip of two", strip, strip.replace("1", "2")),
        swap("chars: Strip of something else", strip, strip.replace('" "', '"_"')),
        swap("chars: no Fuse", ',{"type":"Fuse"}', ""),
        swap("chars: decoder ByteLevel", '"decoder":{"type":"Sequence"', '"decoder":' + LEVEL +
             ',"old":{"type":"Sequence"'),
        swap("chars: a decoder too many", strip, strip + "," + strip),
        swap("chars: Lowercase behind Replace", replace, replace + ',{"type":"Lowercase"}'),
        swap("chars: NFC behind Replace", replace, replace + ',{"type":"NFC"}'),
        swap("chars: two forms", prepend, '{"type":"NFC"},{"type":"NFKC"}'),
        swap("chars: one form twice", prepend, '{"type":"NFC"},{"type":"NFC"}'),
        swap("chars: Replace in the middle", null, '"pre_tokenizer":{"type":"Split","pattern":'
             '{"String":" "},"behavior":"Removed","invert":true}'),
        swap("chars: Whitespace behind Replace", null, '"pre_tokenizer":{"type":"Whitespace"}'),
        swap("chars: a merge of what is unknown", f'["{MARK}","a"]', '["<unk>","b"]'),
        swap("chars: decoder null", '"decoder":{"type":"Sequence"',
             '"decoder":null,"old":{"type":"Sequence"'),
        swap("chars: no ByteFallback", ',{"type":"ByteFallback"}', ""),
        swap("chars: Strip before Fuse", '{"type":"Fuse"},' + strip, strip + ',{"type":"Fuse"}'),
        swap("chars: BPEDecoder", '{"type":"ByteFallback"}', '{"type":"BPEDecoder","suffix":"_"}'),
        swap("chars: nothing becomes a space", '{"type":"Replace","pattern":{"String":"' + MARK +
             '"},"content":" "},', ""),
        swap("chars: lstrip in normalised text", '"content":"<s>","special":true,"single_word":'
             'false,"lstrip":false,"rstrip":false,"normalized":false', '"content":"<s>","special":'
             'true,"single_word":false,"lstrip":true,"rstrip":false,"normalized":true'),
    ]
    return [edit | {"base": "chars"} for edit in edits]


def words():
    """Small files whose decoder says where words end or go on."""
    def small(name, decoder, *tokens):
        model = {"type": "BPE", "vocab": {t: i for i, t in enumerate(tokens)}, "merges": []}
        return whole(name, json.dumps({"version": "1.0", "decoder": decoder, "model": model},
                                      ensure_ascii=False))

    def pieces(prefix, **more):
        return {"type": "WordPiece", "prefix": prefix, "cleanup": True, **more}

    return [
        small("words: sound ends", {"type": "BPEDecoder", "suffix": "_"}, "a", "a_", "_"),
        small("words: an end inside", {"type": "BPEDecoder", "suffix": "_"}, "a", "_a"),
        small("words: two ends", {"type": "BPEDecoder", "suffix": "__"}, "a", "a___"),
        small("words: no end", {"type": "BPEDecoder"}, "a"),
        small("words: an empty end", {"type": "BPEDecoder", "suffix": ""}, "a"),
        small("words: more keys", {"type": "BPEDecoder", "suffix": "_", "prefix": "_"}, "a"),
        small("words: sound continuations", pieces("##"), "a", "##a", ".", "..", "#"),
        small("words: continuations of nothing", pieces(""), "a"),
        small("words: a number", pieces(2), "a"),
        small("words: a long prefix", pieces("#" * 256), "a"),
        small("words: a space inside", pieces("##"), "a", "a ."),
        small("words: a space behind the prefix", pieces("##"), "a", "## ."),
        small("words: a word that changes", pieces("##"), "a", "do not"),
        small("words: cleanup a number", pieces("##", cleanup=1), "a"),
    ]


def steps():
    """Edits of words.json that break its normalizers."""
    bert = '"clean_text":true,'
    whole_map = f'"precompiled_charsmap":"{MAP}"'
    start = '"precompiled_charsmap":"AAQ'
    assert MAP.startswith("AAQ")

    def changed(name, content):
        return swap(name, whole_map, f'"precompiled_charsmap":"{content}"')

    content = base64.b64decode(MAP)
    edits = [
        swap("map: no base64", start, '"precompiled_charsmap":"!AQ'),
        swap("map: an array of no whole units", start, '"precompiled_charsmap":"AQQ'),
        swap("map: an array longer than all", start, '"precompiled_charsmap":"AAR'),
        swap("map: no array", start, '"precompiled_charsmap":"AAA'),
        changed("map: empty", ""), changed("map: cut off", MAP[:-1]), changed("map: short", "AAA="),
        changed("map: bits behind its end", "AAB="),
        changed("map: no texts", base64.b64encode(content[:4 + 1024]).decode()),
        changed("map: texts that are not UTF-8", base64.b64encode(
            content[:-1] + b"\xff\0").decode()),
        changed("map: a text without its end", base64.b64encode(content[:-1]).decode()),
        swap("map: a number", whole_map, '"precompiled_charsmap":1'),
        swap("map: more keys", whole_map, whole_map + ',"x":1'),
        swap("map: a second one", whole_map + "}", whole_map + '},{"type":"Precompiled",' +
             whole_map + "}"),
        swap("map: behind marks", '"normalizers":[', '"normalizers":[{"type":"Replace","pattern":'
             '{"String":" "},"content":"' + MARK + '"},'),
        swap("bert: a number", bert, '"clean_text":1,'),
        swap("bert: nothing", bert, ""),
        swap("bert: accents a number", '"strip_accents":null', '"strip_accents":1'),
        swap("bert: accents not said", '"strip_accents":null,', ""),
        swap("bert: accents stay", '"strip_accents":null', '"strip_accents":false'),
        swap("bert: another form before", '"normalizers":[', '"normalizers":[{"type":"NFC"},'),
        swap("bert: more keys", bert, bert + '"x":1,'),
        swap("bert: too many steps", '"normalizers":[', '"normalizers":[' + json.dumps(
            make_words()["normalizer"]["normalizers"][1]) + ","),
    ]
    return [edit | {"base": "words"} for edit in edits]


def apply(base, edit):
    """The bytes of the broken file."""
    text = base[: edit.get("keep", len(base))]
    if "find" in edit:
        find = edit["find"].encode()
        assert text.count(find) == 1, (edit["name"], text.count(find))
        plain = edit.get("replace", "").encode()
        text = text.replace(find, bytes.fromhex(edit.get("replace_hex", plain.hex())))
    return text + edit.get("append", "").encode()


def loads(content):
    try:
        Tokenizer.from_buffer(content)
    except Exception:
        return "refuses"
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        return "panics"
    return "accepts"


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    base = json.dumps(make_base(), ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
    assert loads(base) == "accepts"
    (OUT / "base.json").write_bytes(base)
    chars = json.dumps(make_chars(), ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
    assert loads(chars) == "accepts"
    (OUT / "chars.json").write_bytes(chars)
    words_base = json.dumps(make_words(), ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
    assert loads(words_base) == "accepts"
    (OUT / "words.json").write_bytes(words_base)
    edits = not_json(len(base)) + vocabulary() + merges() + settings() + added_tokens()
    edits += [*patterns(), *behind_bytes(), *templates(), *characters(), *words(), *steps()]
    assert len({edit["name"] for edit in edits}) == len(edits)
    bases = {"": base, "chars": chars, "words": words_base}
    edits = [edit | {"huggingface": loads(apply(bases[edit.get("base", "")], edit))}
             for edit in edits]
    (OUT / "edits.json").write_text(
        "[\n" + ",\n".join(json.dumps(edit) for edit in edits) + "\n]\n")
    accepted = [edit["name"] for edit in edits if edit["huggingface"] == "accepts"]
    print(f"{len(edits)} edits; tokenizers accepts {len(accepted)}: {'; '.join(accepted)}")


if __name__ == "__main__":
    main()
