"""Causes, sentiment and severity of texts, with a confidence that means something."""
