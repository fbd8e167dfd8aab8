"""A suite for tokenizers of this model, whatever they are written in: vectors, properties, names.

    neoxja conform tokenizer --cmd './mine'                          # a program, by JSON lines
    NEOXJA_TOKENIZER=module:object pytest --pyargs neoxja_np.oracle.tokenizer_suite

vectors.py has texts with the ids that they must have, strategies.py and properties.py what holds on
every text, naming.py the known mistake that explains what a port gets wrong.
"""
