"""The signals that explain given data, as sets whose support function is bounded from both sides."""
