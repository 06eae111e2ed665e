"""Iwaki (いわき市): its bundle from official lists, real rain and simulated levels."""
