"""Compares the Unicode tables inside Hugging Face `tokenizers` with Python's (Unicode 14).

The pre-tokenizer sorts code points into letters, numbers, white space and the rest; this must
agree on everything that Unicode 14 assigns, or the stored cases would pin an accident. NFC needs
decompositions, compositions and combining classes; there `tokenizers` 0.23 is known to stand at
Unicode 9 and leaves marks assigned since unordered. Run it alone to see both lists.
"""

import unicodedata
from functools import cache

from tokenizers import normalizers, pre_tokenizers

SPLIT = pre_tokenizers.ByteLevel(add_prefix_space=False).pre_tokenize_str
NFC = normalizers.NFC().normalize_str
CODE_POINTS = [*range(0xD800), *range(0xE000, 0x110000)]


def seen_class(c):
    """The class that the pre-tokenizer gives C, by what it sticks to."""
    for name, partner in (("letter", "a"), ("number", "1"), ("other", "!")):
        if len(SPLIT(partner + c + partner)) == 1:
            return name
    return "space"


def expected_class(c):
    category = unicodedata.category(c)
    if category[0] in "LN":
        return "letter" if category[0] == "L" else "number"
    return "space" if category[0] == "Z" or c in "\t\n\v\f\r\x85" else "other"


def nfc_agrees(c):
    """Tries C alone, taken apart, and among marks of classes 220 and 230 (its own class shows)."""
    texts = (c, unicodedata.normalize("NFD", c), "a\u0301" + c + "\u0323", "a" + c + "\u0301")
    return all(NFC(text) == unicodedata.normalize("NFC", text) for text in texts)


@cache
def compare():
    """Code points (newer, stale): of a class only since Unicode 14; with an outdated NFC."""
    assert unicodedata.unidata_version == "14.0.0", "run with Python 3.11"
    newer, stale = [], set()
    for code in CODE_POINTS:
        c = chr(code)
        if unicodedata.category(c) == "Cn":
            if seen_class(c) != "other":
                newer.append(code)
            continue
        assert seen_class(c) == expected_class(c), hex(code)
        if not nfc_agrees(c):
            stale |= {code, *map(ord, unicodedata.normalize("NFD", c))}
    return newer, stale


def ranges(codes):
    """Sorted code points as a line of ranges."""
    runs = []
    for code in sorted(codes):
        if not runs or runs[-1][1] != code - 1:
            runs.append([code, code])
        runs[-1][1] = code
    return " ".join(f"{a:04X}" if a == b else f"{a:04X}-{b:04X}" for a, b in runs)


if __name__ == "__main__":
    newer_codes, stale_codes = compare()
    print("letters, numbers, spaces assigned after Unicode 14:", ranges(newer_codes))
    print("NFC outdated in tokenizers:", ranges(stale_codes))
