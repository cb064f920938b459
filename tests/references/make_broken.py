"""Makes the broken tokenizer.json files: one sound small file and a list of edits that break it.

Needed only by who regenerates the references; the tests read the stored files.
Made with Python 3.11.7 and tokenizers 0.23.3.

    python tests/references/make_broken.py

Writes tests/data/tokenizers/broken/{base.json,edits.json}. An edit is applied to the text of
base.json: keep its first `keep` bytes (all, if absent), replace `find`, which occurs exactly once,
by `replace` (or the bytes of `replace_hex`), then add `append`. `huggingface` records what
`tokenizers` does with the result: it accepts much that a strict reader must refuse.
"""

import json
from pathlib import Path

from make_tokenizer import BYTE_LEVEL, SPECIAL, added, bytes_of_symbols
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
        swap("byte fallback", '"fuse_unk":false', '"fuse_unk":false,"byte_fallback":true'),
        swap("normalizer Lowercase", NORMALIZER, '"normalizer":{"type":"Lowercase"}'),
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
    edits = not_json(len(base)) + vocabulary() + merges() + settings() + added_tokens()
    assert len({edit["name"] for edit in edits}) == len(edits)
    edits = [edit | {"huggingface": loads(apply(base, edit))} for edit in edits]
    (OUT / "edits.json").write_text(
        "[\n" + ",\n".join(json.dumps(edit) for edit in edits) + "\n]\n")
    accepted = [edit["name"] for edit in edits if edit["huggingface"] == "accepts"]
    print(f"{len(edits)} edits; tokenizers accepts {len(accepted)}: {'; '.join(accepted)}")


if __name__ == "__main__":
    main()
