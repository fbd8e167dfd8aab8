"""Every tolerance of the tests, each with where it comes from. A test that fails is not mended here."""

# Relative L2 of float64 activations against Hugging Face's float64, its cos and sin given. Another order of
# summation, as in another BLAS, moves the deepest activations by 1e-15 to 1e-14 (measured: 9.5e-16 on tests/golden).
FLOAT64 = 1e-12

# Largest absolute difference of cos and sin in float32 angles: power, cosine and sine round by one unit in the last
# place in other ways in NumPy and in torch. An angle of 200 has a unit of 1.5e-5, one of 10 a unit of 1e-6.
FLOAT32_TABLES_UP_TO_10 = 4e-6

# Relative L2 of logits, our float32 angles against Hugging Face's, up to 200 tokens (measured: at most 1.6e-6).
FLOAT32_ANGLES = 1e-5

# Relative L2 of float32 activations against Hugging Face's float32 (measured: about 1e-6).
FLOAT32 = 1e-5

# Derivatives against differences of the fourth order with steps of 1e-3, in float64, by the length of the gradient: the
# fifth derivative times 1e-12, and rounding, 1e-16 / 1e-3, over that length (measured: at most 2.4e-11).
DIFFERENCES = 1e-9

# Relative L2 of gradients against torch's autograd in float64, its cos and sin given (measured: at most 1e-14).
GRADIENTS = 1e-10

# Parameters after 100 steps of AdamW in float64 against torch's: rounding of its own order (measured: at most 1e-14).
ADAMW = 1e-9
