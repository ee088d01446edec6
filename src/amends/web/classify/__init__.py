"""Why it happened: causes on pages, and the classifiers in force."""
