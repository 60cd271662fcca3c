"""Greedy methods: orthogonal matching pursuit, and the methods that keep the largest entries."""
