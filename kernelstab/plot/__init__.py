"""Pictures of results already computed.

Every function takes plain arrays and returns a ``matplotlib.figure.Figure``; nothing here
measures, decides or writes a file, and nothing touches ``pyplot``. The maps keep their
colour and marker from picture to picture, by their order.
"""

from kernelstab.plot.intervals import intervals
from kernelstab.plot.lines import decay, detail_dial, dual_products, quotient_ladder
from kernelstab.plot.panel import Picture, panel
from kernelstab.plot.phase import phase_diagram
from kernelstab.plot.points import enclosing_ball, mirror_scatter
from kernelstab.plot.style import png, svg

__all__ = [
    "Picture", "decay", "detail_dial", "dual_products", "enclosing_ball", "intervals",
    "mirror_scatter", "panel", "phase_diagram", "png", "quotient_ladder", "svg",
]
