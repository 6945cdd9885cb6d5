"""The entity-relationship diagram, laid out like a town.

Each domain is a block of tables. Blocks stand in columns. All lines run horizontally or vertically
in the streets between tables. Lines to the same table share a lane. The library ELK (elkjs) was
rejected: its layout is 50 % wider and higher, takes seconds, and needs a script of 1.6 MB.
"""

from config.admin_pages.diagram.cards import Detail
from config.admin_pages.diagram.drawing import Box, Diagram, Edge, Frame, draw
from config.admin_pages.diagram.focus import focus

__all__ = ["Box", "Detail", "Diagram", "Edge", "Frame", "draw", "focus"]
