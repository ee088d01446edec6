"""A mailbox that customers write to."""
