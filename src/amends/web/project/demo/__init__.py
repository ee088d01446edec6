"""The demo: a simulated company that lives in a real installation."""

from .run import run_demo

__all__ = ["run_demo"]
