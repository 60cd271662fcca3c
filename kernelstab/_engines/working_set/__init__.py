"""The problem solved exactly on a few columns, judged on all of them; columns join until none is missing."""
