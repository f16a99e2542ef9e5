"""The app role of tierce: what the user's Python runs (see boot.py)."""
