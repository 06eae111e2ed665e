"""Figures beside their peers: `python -m benchmarks.NAME --json`, results in README.md."""
