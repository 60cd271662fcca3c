"""Pictures of results already computed.

Every function takes plain arrays and returns a ``matplotlib.figure.Figure``; nothing here
measures, decides or writes a file, and nothing touches ``pyplot``. The maps keep their
colour and marker from picture to picture, by their order.
"""

from kernelstab.plot.decay import decay
from kernelstab.plot.dial import detail_dial
from kernelstab.plot.dual import dual_products
from kernelstab.plot.enclosing import enclosing_ball
from kernelstab.plot.intervals import intervals
from kernelstab.plot.ladder import quotient_ladder
from kernelstab.plot.learning import learning_curve
from kernelstab.plot.margins import verdict_margins
from kernelstab.plot.mirror import mirror_scatter
from kernelstab.plot.panel import Picture, panel
from kernelstab.plot.phase import phase_diagram
from kernelstab.plot.render import png, svg

__all__ = [
    "Picture", "decay", "detail_dial", "dual_products", "enclosing_ball", "intervals", "learning_curve",
    "mirror_scatter", "panel", "phase_diagram", "png", "quotient_ladder", "svg", "verdict_margins",
]
