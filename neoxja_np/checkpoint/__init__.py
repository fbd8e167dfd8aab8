"""Model folders: what is in one, how its tensors are read, checked and written."""
