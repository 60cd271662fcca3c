"""Images: one problem (``analysis_problem``), three methods for it.

``fourier_splitting`` for total variation and ``tight_splitting`` for wavelets have closed image steps;
``primal_dual`` serves every other operator. The first two take ``spectrum`` for Fourier samples and blurs.
"""
