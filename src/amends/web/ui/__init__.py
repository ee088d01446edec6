"""How every page looks and moves: base layout, components, filters, live updates, error pages.

The lowest layer of the web: it knows no other app. `parts.py` holds what components are given.
"""
