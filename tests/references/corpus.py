"""The text the tiny test tokenizers are trained on: a little of everything, written for this."""

TEXT = """\
The old fox and the young hen lived near the mill. The fox said that the hen's eggs were small;
the hen said that they weren't, and that he'd better look at the other side of the river. There
the miller kept 12 geese, 144 ducks and 1000 little chickens, and in 2024 he'd have 2025 of them.
"I'll go there," said the fox, "I've never been there, and it's not far." They'd gone on walking
when the night came. It's the end of the story: don't go to the river with the hungry, don't
go to the mill with the foolish, and don't count the chickens that aren't yours.

Die alte Mühle am Fluss hört man schon von weitem, und die Müllerin erzählt den Kindern schöne
Geschichten über die Füchse. La vieille poule était très fâchée, mais le garçon l'a consolée
près de la forêt. El zorro pequeño soñó con la montaña y el corazón del río. A raposa não
respondeu à canção.  Лиса и курица жили около старой мельницы. Лиса сказала, что курица не
права, и курица ушла к реке. Η αλεπού και η κότα ζούσαν κοντά στον μύλο.
狐狸和母鸡住在磨坊旁边。狐狸说，母鸡的蛋很小。きつねとめんどりは水車小屋の近くに住んでいました。
여우와 암탉은 방앗간 근처에 살았습니다.
الثعلب والدجاجة يعيشان بالقرب من الطاحونة. השועל והתרנגולת גרו ליד הטחנה.
लोमड़ी और मुर्गी चक्की के पास रहते थे।  สุนัขจิ้งจอกและแม่ไก่อาศัยอยู่ใกล้โรงสี
\tfor (size_t i = 0; i < count; i++) {\n\t\tsum += values[i];\n\t}\n\treturn sum;\n}\n\n
def total(values):\n    result = 0\n    for value in values:
        result += value\n    return result\n
{"name": "fox", "age": 12, "eggs": [1, 2, 3], "far": false}\r\n<p>The end</p>\r\n
https://www.example.org/the/mill?fox=1&hen=2 ... --- === *** ;;; !!! ??? 😀😀😀 🦊🐔 ❤️
"""
