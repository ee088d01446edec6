"""Files: CSV, TSV, XLSX, JSON, JSONL and Parquet, plain or gzipped, as rows of text."""

from .open_table import TableFile, open_file, open_table

__all__ = ["TableFile", "open_file", "open_table"]
