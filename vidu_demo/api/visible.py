"""Which characters are visible. A prompt without any would cost money and say nothing."""

import unicodedata

_INVISIBLE = frozenset("\u115f\u1160\u2065\u2800\u3164\uffa0\ufffc\U00013441\U00013442\U0001d159")
"""Letters and symbols that show nothing, whatever their category: Hangul fillers, the empty braille
pattern, Egyptian blanks, a null notehead, the object replacement character."""


def is_visible(letter: str) -> bool:
    """Tell whether a character is visible on its own."""
    code, category = ord(letter), unicodedata.category(letter)
    reserved = 0xFFF0 <= code <= 0xFFFB or 0xE0000 <= code <= 0xE0FFF or code & 0xFFFE == 0xFFFE
    if letter in _INVISIBLE or reserved:
        return False
    # Not visible: separators, controls, joiners, and marks, which combine with a letter. A
    # character unknown to Python's tables may be a newer emoji or ideograph.
    if category == "Cn":
        return 0x1F000 <= code <= 0x1FAFF or 0x20000 <= code <= 0x3FFFF
    return category == "Co" or category[0] not in "ZCM"
