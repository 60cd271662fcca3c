"""Greedy methods: they choose columns by their correlations with the residual, and fit the data on them.

``pursuit`` is orthogonal matching pursuit, for ``omp`` and ``omp_batch``. One compiled loop looks at the
columns, for single problems, blocks of a large matrix, operators and batches with a matrix each; another
updates correlations by the Gram matrix that a batch shares, which is several times as fast there. They take
about 3.5 and 2 seconds to compile in each arithmetic. ``thresholding`` is CoSaMP, subspace pursuit and
hard thresholding, not compiled. ``dual`` says what a point proves as a candidate for the least absolute sum.
"""
