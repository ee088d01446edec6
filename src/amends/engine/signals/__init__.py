"""From source columns to signals: understand, convert, clean, redact, roll up."""
