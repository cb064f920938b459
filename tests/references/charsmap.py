"""SentencePiece's map of characters, as tokenizer.json has it in precompiled_charsmap.

A double array as Darts-clone lays it out: a unit has its label in the lowest 8 bits, bit 8 says that
a text ends behind it, from bit 10 on stands the distance (by xor) to its children; the child of
label 0 holds, with bit 31, the place of what the text becomes.
"""

import base64
import struct

# A map of characters: of one, of several, to nothing, to spaces, longer than it was.
RULES = {"\u3000": " ", "\t": " ", "\u00a0": " ", "\u2003": "  ", "\ufb01": "fi", "\uff21": "A",
         "\uff22": "B", "e\u0301": "\u00e9", "\u00b2": "2", "\u2460": "1", "\u3392": "MHz",
         "\u200b": "", "\u00ad": "", "\u00bc": "1/4", "\u00bd": " 1/2", "ab": "ba", "abc": "cab",
         "\u1e9b\u0323": "s", "\u1e9b": "S", "\uff01": "!", "\u2581\u2581": "_", "the  ": "The "}


def charsmap(rules):
    """RULES, {text: what it becomes}, in base64."""
    texts, places = b"", {}
    for target in rules.values():
        if target not in places:
            places[target] = len(texts)
            texts += target.encode() + b"\0"
    trie = {}
    for source, target in rules.items():
        node = trie
        for byte in source.encode():
            node = node.setdefault(byte, {})
        node[0] = places[target]
    units = {0: 0}

    def place(node, at):
        base = 1
        while any(base ^ label in units for label in node):
            base += 1
        for label in node:
            units[base ^ label] = label
        units[at] |= (at ^ base) << 10 | (0 in node) << 8
        assert at ^ base < 1 << 21
        for label, child in node.items():
            if label == 0:
                units[base] = child | 1 << 31
            else:
                place(child, base ^ label)

    place(trie, 0)
    count = (max(units) | 255) + 1
    array = struct.pack(f"<{count}I", *(units.get(i, 0) for i in range(count)))
    return base64.b64encode(struct.pack("<I", len(array)) + array + texts).decode()
