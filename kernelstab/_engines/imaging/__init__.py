"""Images: one problem (``analysis_problem``), two methods (``fourier_splitting``, ``primal_dual``), wavelets.

``wavelet_splitting`` serves ``wavelet_qcbp`` and ``wavelet_lasso`` where ``AA* = cI``, with ``sampling`` and
``bands``; the two methods serve ``tv``, ``analysis`` and ``tv_wavelet``, with ``frames``, ``bounds`` and
``spectrum``.
"""
