"""rollback: plan, rehearse, back up, unapply migrations in one transaction, check, restore."""
