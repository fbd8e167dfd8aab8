"""The derivative of each layer, by hand: the same stems as layers/, pure functions over arrays.

`dy` is the derivative of the loss by what a layer gave, `dx` that by what it was given.
"""
