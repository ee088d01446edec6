"""Alerts: who is told what, how it reaches them, and until when."""
