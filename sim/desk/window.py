"""A window on an X display that is drawn into with plain words, by Xlib without any toolkit."""

from __future__ import annotations

import ctypes
from ctypes import POINTER, Structure, byref, c_char_p, c_int, c_long, c_uint, c_ulong, c_void_p
from ctypes.util import find_library
from typing import Any, Self

LINE_PX = 13
"""Height of a line of the font that every server has."""
CHAR_PX = 6
_COPY_EXPOSED_OFF = 0
_OVERRIDE_REDIRECT = 1 << 9


class _Attributes(Structure):
    """XSetWindowAttributes; only `override_redirect` is used."""

    _fields_ = (
        ("background_pixmap", c_ulong), ("background_pixel", c_ulong), ("border_pixmap", c_ulong),
        ("border_pixel", c_ulong), ("bit_gravity", c_int), ("win_gravity", c_int),
        ("backing_store", c_int), ("backing_planes", c_ulong), ("backing_pixel", c_ulong),
        ("save_under", c_int), ("event_mask", c_long), ("do_not_propagate_mask", c_long),
        ("override_redirect", c_int), ("colormap", c_ulong), ("cursor", c_ulong),
    )  # fmt: skip


def _library() -> Any:
    name = find_library("X11") or "libX11.so.6"
    lib = ctypes.CDLL(name)
    for function, result, arguments in (
        ("XOpenDisplay", c_void_p, [c_char_p]),
        ("XDefaultRootWindow", c_ulong, [c_void_p]),
        ("XCreateWindow", c_ulong, [c_void_p, c_ulong, c_int, c_int, c_uint, c_uint, c_uint, c_int,
                                    c_uint, c_void_p, c_ulong, POINTER(_Attributes)]),
        ("XMapRaised", c_int, [c_void_p, c_ulong]),
        ("XCreateGC", c_void_p, [c_void_p, c_ulong, c_ulong, c_void_p]),
        ("XLoadFont", c_ulong, [c_void_p, c_char_p]),
        ("XSetFont", c_int, [c_void_p, c_void_p, c_ulong]),
        ("XSetForeground", c_int, [c_void_p, c_void_p, c_ulong]),
        ("XSetGraphicsExposures", c_int, [c_void_p, c_void_p, c_int]),
        ("XFillRectangle", c_int, [c_void_p, c_ulong, c_void_p, c_int, c_int, c_uint, c_uint]),
        ("XDrawString", c_int, [c_void_p, c_ulong, c_void_p, c_int, c_int, c_char_p, c_int]),
        ("XCopyArea", c_int, [c_void_p, c_ulong, c_ulong, c_void_p, c_int, c_int, c_uint, c_uint,
                              c_int, c_int]),
        ("XWarpPointer", c_int, [c_void_p, c_ulong, c_ulong, c_int, c_int, c_uint, c_uint, c_int,
                                 c_int]),
        ("XSync", c_int, [c_void_p, c_int]),
        ("XCloseDisplay", c_int, [c_void_p]),
    ):  # fmt: skip
        found = getattr(lib, function)
        found.restype, found.argtypes = result, arguments
    return lib


class Window:
    """Covers a rectangle of the screen. Colours are 0xRRGGBB. Raises OSError without Xlib or a display."""

    def __init__(
        self, display: str, width: int, height: int, *, left: int = 0, top: int = 0
    ) -> None:
        self.width, self.height = width, height
        self._lib = _library()
        self._display = self._lib.XOpenDisplay(display.encode())
        if not self._display:
            raise OSError(f"no display {display}")
        root = self._lib.XDefaultRootWindow(self._display)
        own = _Attributes(override_redirect=1)
        self._window = self._lib.XCreateWindow(
            self._display, root, left, top, width, height, 0, 0, 1, None, _OVERRIDE_REDIRECT,
            byref(own),
        )  # fmt: skip
        self._lib.XMapRaised(self._display, self._window)
        self._pen = self._lib.XCreateGC(self._display, self._window, 0, None)
        font = self._lib.XLoadFont(self._display, b"fixed")
        self._lib.XSetFont(self._display, self._pen, font)
        self._lib.XSetGraphicsExposures(self._display, self._pen, _COPY_EXPOSED_OFF)
        self.show()

    def fill(self, colour: int, left: int, top: int, width: int, height: int) -> None:
        """A rectangle of one colour."""
        self._lib.XSetForeground(self._display, self._pen, colour)
        self._lib.XFillRectangle(self._display, self._window, self._pen, left, top, width, height)

    def write(self, text: str, left: int, baseline: int, colour: int = 0) -> None:
        """A line of text."""
        data = text.encode("latin-1", "replace")
        self._lib.XSetForeground(self._display, self._pen, colour)
        self._lib.XDrawString(
            self._display, self._window, self._pen, left, baseline, data, len(data)
        )

    def lift(self, left: int, top: int, width: int, height: int, by: int) -> None:
        """Move what is in a rectangle up; what was at its top is gone."""
        self._lib.XCopyArea(
            self._display, self._window, self._window, self._pen, left, top + by, width,
            height - by, left, top,
        )  # fmt: skip

    def point(self, left: int, top: int) -> None:
        """Move the mouse."""
        root = self._lib.XDefaultRootWindow(self._display)
        self._lib.XWarpPointer(self._display, 0, root, 0, 0, 0, 0, left, top)

    def show(self) -> None:
        """Everything so far is on the screen when it returns."""
        self._lib.XSync(self._display, 0)

    def close(self) -> None:
        """Let go of the display; the window is gone."""
        self._lib.XCloseDisplay(self._display)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_details: object) -> None:
        self.close()
