"""AV1 in AVIF: the size of the frames that a decoder makes, whatever the boxes around it say.

The layout is that of the AV1 bitstream specification, 5.3 (OBUs) and 5.5 (the sequence header).
"""

MAX_UNITS = 16
"""Units that are looked at; the sequence header is among the first two."""
_SEQUENCE_HEADER = 1


def frame_size(data: bytes) -> tuple[int, int] | None:
    """Read the largest width and height that a stream's sequence header allows.

    Args:
        data: The beginning of the stream.

    Returns:
        None if there is no sequence header.

    Raises:
        IndexError: It breaks off.
    """
    at = 0
    for _ in range(MAX_UNITS):
        if at >= len(data):
            return None
        head = data[at]
        at += 2 if head & 4 else 1
        length = len(data) - at
        if head & 2:
            length, at = _leb128(data, at)
        if head >> 3 & 15 == _SEQUENCE_HEADER:
            return _sequence_header(_Bits(data[at : at + length]))
        at += length
    return None


def _leb128(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for place in range(8):
        value |= (data[at + place] & 0x7F) << 7 * place
        if not data[at + place] & 0x80:
            break
    return value, at + place + 1


class _Bits:
    def __init__(self, data: bytes) -> None:
        self._value, self._left = int.from_bytes(data[:256]), 8 * len(data[:256])

    def read(self, count: int) -> int:
        self._left -= count
        if self._left < 0:
            raise IndexError
        return self._value >> self._left & (1 << count) - 1

    def skip_uvlc(self) -> None:
        zeros = 0
        while not self.read(1):
            zeros += 1
        self.read(min(zeros, 32))


def _sequence_header(bits: _Bits) -> tuple[int, int]:
    bits.read(4)  # profile, still picture
    if bits.read(1):  # the short header of a still picture
        bits.read(5)
    else:
        _operating_points(bits)
    wide, high = 1 + bits.read(4), 1 + bits.read(4)
    return 1 + bits.read(wide), 1 + bits.read(high)


def _operating_points(bits: _Bits) -> None:
    delay_bits = 0
    if bits.read(1):  # timing
        bits.read(64)
        if bits.read(1):
            bits.skip_uvlc()
        if bits.read(1):  # a decoder's model
            delay_bits = 1 + bits.read(5)
            bits.read(42)
    shows_delay = bits.read(1)
    for _ in range(1 + bits.read(5)):
        bits.read(12)
        if bits.read(5) > 7:
            bits.read(1)
        if delay_bits and bits.read(1):
            bits.read(2 * delay_bits + 1)
        if shows_delay and bits.read(1):
            bits.read(4)
