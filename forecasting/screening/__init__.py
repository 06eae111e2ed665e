"""Tests that a reading must pass, each over all gauges at once: flags out, values untouched."""
