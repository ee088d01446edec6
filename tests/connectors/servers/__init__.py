"""Local servers that behave as the vendors document, and misbehave as networks do."""
