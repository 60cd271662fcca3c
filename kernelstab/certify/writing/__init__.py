"""What writes certificates: programs from terms, runs in floats and balls, exact vectors, encoded inputs.

Nothing here has to be trusted: whatever is written, the verifier proves again.
"""
