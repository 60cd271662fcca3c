"""Searches over finitely many signals: pairs and groups whose measurements are close, smallest balls."""
