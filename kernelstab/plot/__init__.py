"""Pictures of results already computed.

Every function takes plain arrays and returns a ``matplotlib.figure.Figure``, or raises ``ValueError``
where these do not fit; nothing here measures, decides or writes a file, and nothing touches ``pyplot``.
The maps keep their colour and marker from picture to picture, by their order.
"""

from kernelstab.plot.charts import (
    decay,
    detail_dial,
    dual_products,
    enclosing_ball,
    intervals,
    mirror_scatter,
    phase_diagram,
    quotient_ladder,
)
from kernelstab.plot.panel import Picture, panel
from kernelstab.plot.style import png, svg

__all__ = [
    "Picture", "decay", "detail_dial", "dual_products", "enclosing_ball", "intervals",
    "mirror_scatter", "panel", "phase_diagram", "png", "quotient_ladder", "svg",
]
