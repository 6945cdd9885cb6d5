"""A believable platform to look at: `manage.py seed_demo`."""
