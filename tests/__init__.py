"""Tests; a regular package, so that the `tests` that tf-keras-vis 0.8.7 installs does not win."""
