"""One folder per source. Each maps its fields to Signal and nothing more."""
