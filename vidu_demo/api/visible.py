"""Which characters are visible: a prompt without any would cost money and say nothing."""

import unicodedata

_INVISIBLE = frozenset("\u115f\u1160\u2065\u2800\u3164\uffa0\ufffc\U00013441\U00013442\U0001d159")
"""Letters and signs that show nothing, whatever their category says: Hangul's fillers, the empty
braille pattern, Egyptian blanks, a note without a head, what stands for an object."""


def is_visible(letter: str) -> bool:
    """Tell whether a character shows something, whatever stands around it."""
    code, category = ord(letter), unicodedata.category(letter)
    reserved = 0xFFF0 <= code <= 0xFFFB or 0xE0000 <= code <= 0xE0FFF or code & 0xFFFE == 0xFFFE
    if letter in _INVISIBLE or reserved:
        return False
    # Not: separators, controls and joiners, and marks, which stand on a letter. Of what Python's
    # table does not know, it may be a newer emoji or ideograph.
    if category == "Cn":
        return 0x1F000 <= code <= 0x1FAFF or 0x20000 <= code <= 0x3FFFF
    return category == "Co" or category[0] not in "ZCM"
