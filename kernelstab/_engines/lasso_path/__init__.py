"""The LASSO of small real dense matrices: a guess of the support, the exact path, and their judgement."""
