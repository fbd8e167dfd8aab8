"""How other implementations are checked against this one."""
