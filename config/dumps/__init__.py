"""Dumps of tables: PostgreSQL's client programs, and files that are complete or do not exist."""

from config.dumps.backup_files import list_of, new_backup
from config.dumps.client_programs import (
    ClientProgramError,
    ClientPrograms,
    find_client_programs,
)

__all__ = [
    "ClientProgramError",
    "ClientPrograms",
    "find_client_programs",
    "list_of",
    "new_backup",
]
