"""Strings that break tokenizers, as (group, text) pairs; seeded, so the same on every machine.

Limit: the engines that the tests compare follow different versions of Unicode: `tokenizers` 16
for classes but 9 for NFC, utf8proc 2.8: 15, PCRE2 10.42: 14. Left out are therefore code points
assigned after Unicode 14, and those whose NFC `tokenizers` has not caught up with (both lists:
tables.py). With them an answer may differ from Hugging Face's.
"""

import random
import unicodedata

from tables import compare

SEED = 20
# First UTF-8 bytes: Latin-1, modifier letters, marks, Arabic, Indic, many scripts, CJK, astral.
BOUNDARY_LEADS = [bytes([b]) for b in (0xC2, 0xCA, 0xCC, 0xD9, 0xE0, 0xE1, 0xE2, 0xE3, 0xE4, 0xF0)]
# Unicode's White_Space property, all of it.
WHITE_SPACE = [0x9, 0xA, 0xB, 0xC, 0xD, 0x20, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028,
               0x2029, 0x202F, 0x205F, 0x3000]
# Not white space, however empty they look.
INVISIBLE = [0x00AD, 0x034F, 0x061C, 0x115F, 0x180E, 0x200B, 0x200C, 0x200D, 0x200E, 0x200F,
             0x202A, 0x202E, 0x2060, 0x2064, 0x2066, 0x2069, 0x3164, 0xFE0E, 0xFE0F, 0xFEFF,
             0xFFF9, 0xFFFC, 0xFFFD, 0xE0001, 0xE0020, 0xE007F]
UNASSIGNED = [0x378, 0x379, 0x530, 0x1FFF, 0x2FE0, 0xFFEF, 0x1FFFE, 0x40000, 0x5ABCD, 0xE0080,
              0xEFFFD]
NONCHARACTERS = [0xFDD0, 0xFDEF, 0xFFFE, 0xFFFF, 0x2FFFF, 0xFFFFE, 0x10FFFE, 0x10FFFF]
PRIVATE = [0xE000, 0xF8FF, 0xF0000, 0xFFFFD, 0x100000, 0x10FFFD]

EMOJI = """😀 👍🏽 👩🏿‍🚀 👨‍👩‍👧‍👦 🏳️‍🌈 🏴‍☠️ 🇩🇪 🇩🇪🇫🇷 🇩 1️⃣ #️⃣ ☺
☺️ ❤️‍🔥 🧑🏻‍🤝‍🧑🏿 🐔🦊 😀a a😀 1😀2 😀😀😀😀 😀\u0301 👍\u200d
🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f ©️ ™ ✊🏾. 🫠""".split()

# In and out of NFC order, composition exclusions, singletons, Hangul, blocked compositions.
MARKS = ["é", "e\u0301", "E\u0301e", "e\u0301\u0327", "e\u0327\u0301", "a\u0323\u0307",
         "a\u0307\u0323",
         "\u1e69", "s\u0323\u0307", "s\u0307\u0323", "\u0301", "\u0301e", " \u0301", "  \u0301",
         "\n\u0301",
         "\u00c5", "\u212b", "A\u030a", "\u2126", "\u212a", "\u037e", "\u0387", "\u1fef",
         "\u1f71", "\u0340",
         "\u0341", "\u0343", "\u0344", "\u0374", "\u2000a", "a\u2001b", "\u2329x\u232a", "\u2adc",
         "\u0958", "\u0915\u093c", "\u09dc", "\u0a59", "\u0f43", "\u0f42\u0fb7", "\ufb1d",
         "\ufb2a", "\ufb4e",
         "\uf900", "\ufa0e", "\ufa6b", "\U0002f800", "\U0002fa1d", "\U0001d15e", "\U0001d1bb",
         "\u1100\u1161", "\u1100\u1161\u11a8", "\uac00\u11a8", "\uac01\u11a8",
         "\u1100\u1100\u1161\u11a7", "\u1161\u11a8",
         "\uac00\u1161", "\u1112\u1161\u11ab\u1100\u1173\u11af", "\ua960\u1161", "\u0b47\u0b3e",
         "\u0b47\u0301\u0b3e",
         "\u0cc6\u0cc2\u0cd5", "\u0dd9\u0dcf\u0dca", "\u1025\u102e", "\u1b05\u1b35",
         "\U00011099\U000110ba",
         "\U00011131\U00011127", "\U000114b9\U000114ba", "q\u0307\u0323", "q\u0323\u0307",
         "\u1ea5", "a\u0302\u0301", "\u00e2\u0301", "o\u031b\u0323", "\u01a1\u0323", "\u01d5",
         "u\u0308\u0304", "u\u0304\u0308",
         "\u03b1\u0313\u0301\u0345", "\u03b1\u0345\u0301\u0313", "\u1f84", "\u0438\u0306",
         "\u0439", "\u3046\u3099", "\u30ab\u3099\u30ab",
         "\uff76\uff9e", "\u0e01\u0e49\u0e33", "\u0627\u0653", "\u0622", "\u0627\u0654\u0655",
         "\u05d0\u05b7\u05bc", "\u05d0\u05bc\u05b7",
         "=\u0338", "<\u0338>\u0338", "\u2260", "a\u034f\u0301", "a\u200d\u0301", "i\u0307",
         "I\u0307", "\u0130\u0131", "n\u0303o\u0303",
         "x\u0301\u0302\u0303\u0304\u0305", "x\u0315\u0300\u05ae\u0301b", "1\u0301", "!\u0301",
         "'s\u0301", "\u20d2\u0323\u0301"]

DIGITS = ["0123456789", "00", " 007", "3.14159", "1,000,000", "-1e-9", "٠١٢٣", "۰۱۲", "०१२३",
          "০১২",
          "๐๑๒๓", "０１２", "𝟎𝟏𝟐", "𝟘𝟙", "½", "1½", "²", "x²", "10⁻³", "Ⅳ", "ⅳ MMXXIV", "①②③", "㊿",
          "一二三",
          "〇", "𐄇", "𒐀", "1st 2nd", "0x1F", "v1.2.3", "1a2b3c", "٣a٣", "𑁦𑁧", "㉈", "⅞ cup", "H₂O"]

CONTRACTIONS = ["it's", "IT'S", "It'S", "don't", "DON'T", "we're", "we'RE", "I've", "I'm", "I'M",
                "they'll",
                "they'LL", "he'd", "he'D", "it’s", "don’t", "'s", " 's", "''s", "'sa", "'re'd",
                "'l", "'ll",
                "'lll", "'v", "'r", "a'b", "rock 'n' roll", "'tis 'twas", "o'clock's", "1's",
                "!'s", "\n's",
                "'ſ", "l'a", "'m'm'm", "I've've", "a've", "'ve got", "' s", "'", "''", "'''''"]

SCRIPTS = ["مرحبا بالعالم", "שָׁלוֹם עוֹלָם", "abc מחר def", "‏עברית‏ 123", "پیشی‌ها",
           "שלום, world!",
           "你好，世界！", "東京タワー", "ｶﾞｷﾞｸﾞ", "안녕하세요 세계", "ㄱㄴㄷ ㅏㅑ", "नमस्ते दुनिया", "क्षत्रिय",
           "বাংলা ভাষা", "தமிழ் மொழி", "ಕನ್ನಡ",
           "മലയാളം", "ภาษาไทยไม่มีเว้นวรรค", "ພາສາລາວ", "ភាសាខ្មែរ", "བོད་སྐད", "မြန်မာ",
           "ქართული ᲥᲐᲠᲗ", "Ελληνικά ΣΑΣ ς",
           "Русский язык", "Ћирилица", "Հայերեն", "አማርኛ", "ᏣᎳᎩ ꭰꭱ", "ᠮᠣᠩᠭᠣᠯ", "𐌰𐌱𐌲", "𐤀𐤁", "𓀀𓁐",
           "𝕳𝖊𝖑𝖑𝖔", "𝒽ℯ𝓁𝓁ℴ", "𝛼𝛽∂∇",
           "∀x∈ℝ: ⌈x⌉ ≥ x", "ﬁ ﬂ ﬀ", "ẞß ŁłØø", "Ǆǅǆ", "ªº", "𠀀𪜀𫝀", "龍龘", "Ⓐⓐ", "ꜰᴀɴᴄʏ",
           "Tiếng Việt", "ŋ̊ɲ̊", "ʻOkina ʼ"]

CODE = ["int main(void) { return 0; }", "\tif (a)\n\t\tb();\n", "    return x",
        "for i in range(10):\n    print(i)\n",
        "a  =   b;", "/* c */ // d", "x->y[i]++ && !z || ~w ^ 1", "#include <stdio.h>\r\n",
        "{\"a\": [1, 2.5e3, null], \"b\": \"\\u00e9\"}",
        "[[],{}]", "https://example.org/a?b=c&d=%20#e", "user@example.org", "C:\\dir\\file.txt",
        "$HOME/bin:$PATH",
        "<a href=\"x\">y</a>", "SELECT * FROM t;", "\x1b[31mred\x1b[0m", "__init__",
        "camelCaseWord", "snake_case_word",
        "!!!???", "...", "-----", "=====  =====", "\\n\\t\\\\", "a\tb\tc", "\t\t\t", "a\t\t b",
        "100%", "a/b/c", "«x» „y“ —z…"]

LINES = ["\0", "a\0b", "\0\0\0", " \0 ", "\n", "\r", "\r\n", "\n\n", "\r\n\r\n", "\n\n\n\n",
         "a\r\nb", "a\rb", "a\n\nb",
         "a \n b", "a\n b", "a \nb", "a  \n  b", "\n a", " \n", "  \n", " \n ", "\n  \n", "a\n",
         "a\n\n", "a\n ", "\x0b\x0c",
         "a\x85b", "a\u2028b", "a\x1cb", "a\x7fb", "\x01\x02\x03", "\ufeffabc", "abc\ufeff", "",
         " ", "  ", "\u3000\u3000a", "\u00a0a",
         "a\u00a0\u00a0b", " \u00a0a", "\u00a0 a", "a\u202f!"]


def space_runs():
    for n in range(1, 41):
        run = " " * n
        yield from (run, run + "word", "word" + run, "two" + run + "words", "line" + run + "\nnext",
                    "\n" + run + "next", "1" + run + "2", "!" + run + "!")


def white_space():
    for code in WHITE_SPACE:
        c = chr(code)
        yield from (c, c * 3, "a" + c + "b", c + c + "b", " " + c + "b", "a" + c + " b", c + "1",
                    "!" + c, "\n" + c + "\n!")


def odd_code_points():
    for code in INVISIBLE + UNASSIGNED + NONCHARACTERS + PRIVATE:
        c = chr(code)
        yield from (c, "a" + c + "b", " " + c + c + " 1", "\n\n" + c)


def added_tokens(contents):
    """Every added token alone, glued to text, to itself and to the next one, and cut short."""
    for i, token in enumerate(contents):
        following = contents[(i + 1) % len(contents)]
        yield from (token, "a" + token + "b", " " + token + " ", token + token, token + following,
                    token + "\u0338", "e" + token + "\u0301", token[:-1] + "!", token[1:] + "x")


def added_pieces():
    yield from ("<|endoftext", "endoftext|>", "<|<|endoftext|>|>", "<|endoftext|",
                "<|end<|endoftext|>",
                "<|ENDOFTEXT|>", "<|endoftext |>", "<| endoftext|>", "<|end\u00adoftext|>",
                "<|endoftext|>\n\n",
                "  <|endoftext|>  ", "Hello<|endoftext|>World",
                "<|endoftext|><|padding|><|endoftext|>",
                "<|padding|>s", "'<|padding|>s", "1<|endoftext|>2", "e\u0301<|endoftext|>\u0301e",
                "<|endo\0ftext|>")


def boundaries():
    """Code points of every category after a letter, a number and a mark: does a piece end there?

    Limited to a few first bytes, those with which the test vocabularies have telling merges.
    """
    rng = random.Random(SEED)
    by_category = {}
    for code in range(0x80, 0x20000):
        if known(code) and chr(code).encode()[:1] in BOUNDARY_LEADS:
            by_category.setdefault(unicodedata.category(chr(code)), []).append(chr(code))
    for _, members in sorted(by_category.items()):
        for c in rng.sample(members, min(8, len(members))):
            yield "a" + c + "1" + c + "!" + c + " " + c


def long_texts():
    rng = random.Random(SEED)
    yield "a" * 10240
    yield "the" * 3413
    yield "".join(rng.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(10240))
    yield "ü" * 5120
    yield " " * 10240
    yield "x" + " " * 10239 + "y"
    yield "\n" * 10240
    yield "e" + "\u0301" * 2560 + "\u0323" * 2559
    yield "1" * 10240
    yield "!" * 10240
    yield "한" * 3413
    yield "<|endoftext|>" * 800


def random_texts():
    """Valid UTF-8 out of several alphabets, in lengths 1 to 200, code points of Unicode 14 only."""
    rng = random.Random(SEED + 1)
    alphabets = [
        [*range(0x20, 0x7F)], [*b" \t\r\n'ast!1"], WHITE_SPACE + [0x61, 0x31, 0x21],
        [*range(0xC0, 0x250)], [0x61, 0x65, 0x6F, *range(0x300, 0x370)],
        [*range(0x1100, 0x1200), *range(0xAC00, 0xAC40)], [*range(0x900, 0xE00)],
        [*range(0x590, 0x700)],
        [*range(0x1F00, 0x2300)],
        [*range(0x1F300, 0x1F700), 0x200D, 0xFE0F], [*range(0x80, 0x10000)],
        [*range(0x10000, 0x30000)], [*range(0x110000)], [0x20, 0x20, 0x20, 0x61],
    ]
    for alphabet in alphabets:
        for length in (1, 2, 3, 5, 9, 17, 60, 200):
            text = ""
            while len(text) < length:
                code = rng.choice(alphabet)
                if known(code):
                    text += chr(code)
            yield text


def known(code):
    """Whether this is a code point that all the tables involved agree on."""
    if code in compare()[1] or 0xD800 <= code < 0xE000:
        return False
    if unicodedata.category(chr(code)) != "Cn":
        return True
    return code in UNASSIGNED or code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF


def strings(added):
    """All (group, text) pairs for a tokenizer with the added tokens ADDED (contents)."""
    groups = [("ascii", map(chr, range(128))), ("emoji", EMOJI), ("marks", MARKS),
              ("digits", DIGITS), ("contractions", CONTRACTIONS), ("scripts", SCRIPTS),
              ("code", CODE), ("lines", LINES),
              ("spaces", space_runs()), ("white-space", white_space()), ("odd", odd_code_points()),
              ("added", added_tokens(added)), ("added", added_pieces()), ("long", long_texts()),
              ("boundaries", boundaries()), ("random", random_texts())]
    seen = set()
    for group, texts in groups:
        for text in texts:
            assert all(known(ord(c)) for c in text), (group, text)
            if text not in seen:
                seen.add(text)
                yield group, text
