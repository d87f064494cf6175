"""What is known of jobs afterwards: ledger, records, reviews, report."""
