"""From logits to the next token, and from a prompt to a text."""
