"""rollback: plan, backup, one transaction, check."""
