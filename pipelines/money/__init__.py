"""What an answer costs, and the ledger's arithmetic."""
