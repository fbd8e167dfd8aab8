"""From text to token ids and back: normalize, match sub-words, decode."""
