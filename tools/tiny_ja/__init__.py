"""The corpus, the training and the evaluation of weights/tiny-ja: `make tiny-ja`."""
