"""A folder or bucket in which files arrive."""
