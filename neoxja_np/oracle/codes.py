"""The exit codes of every verb that checks something."""

PASS, MISMATCH, INCOMPLETE, PROTOCOL_BROKEN, STALE = range(5)


def code(*, broken: bool, stale: bool, mismatch: bool, incomplete: bool) -> int:
    """The gravest first: what does not keep to the protocol has shown nothing else."""
    found = ((broken, PROTOCOL_BROKEN), (stale, STALE), (mismatch, MISMATCH),
             (incomplete, INCOMPLETE))
    return next((number for holds, number in found if holds), PASS)
