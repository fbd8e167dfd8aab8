"""Training: batches from a file of ids, AdamW, a schedule, and the loop over them."""
