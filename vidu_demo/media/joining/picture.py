"""The pictures of a joined video: one size, one kind of colours, and which are the same."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from av.filter import Graph
    from av.video.frame import VideoFrame

MAX_PIXELS = 4320 * 1080
"""The largest video of this model. A larger first part is made smaller."""
SNAP = 8
"""Pixels. Bars narrower than this are not worth it: encoders work in blocks of 16."""
SMALL = (64, 36)
"""Frames are compared at this size, where the traces of an encoder average out."""
SAME, SAME_ANYWHERE = 3.0, 20.0
"""How far two frames of one picture can differ, on average and in one place, of 255."""
_UNTAGGED, _HD, _RGB = 2, 720, 0
"""FFmpeg's codes, and the height from which browsers assume BT.709 for untagged videos."""
_BT709, _BT601 = 1, 6
_FULL = 2
_TURNS = {90: ["transpose=cclock"], 180: ["hflip", "vflip"], 270: ["transpose=clock"]}


def fitting(size: tuple[int, int]) -> tuple[int, int]:
    """Return a size that H.264 can hold: even, and not larger than this model's videos."""
    width, height = size
    scale = min(1.0, (MAX_PIXELS / (width * height)) ** 0.5)
    return max(2, int(width * scale) // 2 * 2), max(2, int(height * scale) // 2 * 2)


class Canvas:
    """Draws frames of any kind at one size, upright, in the colours of HD video.

    Args:
        size: Width and height in pixels, both even.

    Attributes:
        size: The same.
    """

    def __init__(self, size: tuple[int, int]) -> None:
        self.size = size
        self._kind: tuple[object, ...] = ()
        self._graph: Graph

    def fit(self, frame: "VideoFrame") -> "VideoFrame":
        """Return the frame scaled to fit, with black bars if its ratio is another."""
        matrix = frame.colorspace
        if matrix == _UNTAGGED:
            matrix = _BT709 if frame.height >= _HD else _BT601
        if frame.format.is_rgb:
            matrix = _RGB
        full = frame.format.is_rgb or frame.color_range == _FULL or frame.format.name[:4] == "yuvj"
        turn = frame.rotation % 360
        kind = (frame.width, frame.height, frame.format.name, matrix, full, turn)
        if kind != self._kind:
            self._graph, self._kind = self._drawing(frame, matrix, full, turn), kind
        frame.colorspace, frame.color_range = matrix, _FULL if full else 1
        self._graph.push(frame)
        return self._graph.vpull()

    def _drawing(self, frame: "VideoFrame", matrix: int, full: bool, turn: int) -> "Graph":
        from av.filter import Graph  # noqa: PLC0415 - it loads slowly

        upright = (frame.height, frame.width) if turn in (90, 270) else (frame.width, frame.height)
        width, height = self.size
        scale = min(width / upright[0], height / upright[1])
        inner = [max(2, 2 * round(side * scale / 2)) for side in upright]
        if width - inner[0] < SNAP and height - inner[1] < SNAP:
            inner = [width, height]
        graph = Graph()
        graph.threads = 1
        steps = [
            graph.add(
                "buffer",
                video_size=f"{frame.width}x{frame.height}",
                pix_fmt=frame.format.name,
                colorspace=str(matrix),
                range="pc" if full else "tv",
                time_base="1/1000",
                pixel_aspect="1/1",
            )
        ]
        wanted = [
            *_TURNS.get(turn, ()),
            f"scale={inner[0]}:{inner[1]}:flags=bicubic+accurate_rnd"
            ":out_color_matrix=bt709:out_range=tv",
            "format=yuv420p",
            f"pad={width}:{height}:-1:-1",
            "setsar=1",
        ]
        for step in wanted:
            name, _, arguments = step.partition("=")
            steps.append(graph.add(name, arguments or None))
        graph.link_nodes(*steps, graph.add("buffersink")).configure()
        return graph


def same(one: "VideoFrame", other: "VideoFrame") -> bool:
    """Tell whether two frames show the same picture, even if both were encoded."""
    width, height = SMALL
    small = [
        frame.reformat(width, height, "gray", interpolation="AREA").to_ndarray().astype(float)
        for frame in (one, other)
    ]
    apart = abs(small[0] - small[1])
    return bool(apart.mean() <= SAME and apart.max() <= SAME_ANYWHERE)
