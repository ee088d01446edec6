"""A table or view of any database that SQLAlchemy speaks to."""
