"""Compiled searches and iterative methods, one folder for each family of methods."""
