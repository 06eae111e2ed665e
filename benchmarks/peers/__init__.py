"""What others do on the same series, the same split, in the same run.

`exchange` runs in Kawamori's environment, `task` in both, all else in `.venv-peers` (pandas < 3).
"""
