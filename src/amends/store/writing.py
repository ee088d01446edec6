"""How files of the lake are written."""

from typing import Final

from deltalake import WriterProperties

TARGET_FILE_BYTES: Final = 128 * 1024 * 1024
WRITING: Final = WriterProperties(compression="ZSTD", max_row_group_size=128 * 1024)
