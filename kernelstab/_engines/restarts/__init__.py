"""The blocks between two restarts whose error is bounded: averages of primal-dual steps, smoothed gradients.

Used by the maps ``WARPd``, ``FIRENET`` and ``NESTA``. Nothing is compiled.
"""
