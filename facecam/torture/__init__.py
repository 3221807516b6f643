"""Drills that break things on purpose and count what survives; used by `torture` alone."""
