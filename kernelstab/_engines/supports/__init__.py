"""Searches over all supports of one size."""
