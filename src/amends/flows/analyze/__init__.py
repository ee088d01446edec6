"""From files to a report of what broke, since when, where, why, and what to do."""

from .options import AnalyzeOptions
from .run import Analysis, analyze_files
from .writing import write_analysis

__all__ = ["Analysis", "AnalyzeOptions", "analyze_files", "write_analysis"]
