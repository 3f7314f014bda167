"""The same ledger on Postgres, for several machines on one key."""
