"""Exact and ball arithmetic, certificates and their verifier."""
