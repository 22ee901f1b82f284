"""An incident as a picture: one page that needs nothing but a browser."""

from sim.picture.heat import HeatMap, heat_map
from sim.picture.page import picture_text, write_picture

__all__ = ["HeatMap", "heat_map", "picture_text", "write_picture"]
