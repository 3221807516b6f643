"""A recording with its stats."""
