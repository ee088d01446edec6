"""Files: CSV, TSV, XLSX, JSON, JSONL and Parquet, plain or gzipped, as rows of text."""

from .open_table import open_table

__all__ = ["open_table"]
