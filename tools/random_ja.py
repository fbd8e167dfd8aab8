"""Writes weights/random-ja: an untrained model, so that every command has a folder to run on.

    python -m tools.random_ja

Its weights come from a seeded generator and its text has no sense; its files and its vocabulary
(of oracle/tokenizer_suite) are those of a trained model.
"""

from pathlib import Path

import numpy as np
from neoxja_np import GPTNeoXJapaneseConfig, GPTNeoXJapaneseForCausalLM, GPTNeoXJapaneseTokenizer
from neoxja_np.weights import flatten, initial_weights

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "weights" / "random-ja"
VOCABULARY = ROOT / "neoxja_np" / "oracle" / "tokenizer_suite" / "small"


def main() -> None:
    files = VOCABULARY / "vocab.txt", VOCABULARY / "emoji.json"
    tokenizer = GPTNeoXJapaneseTokenizer(*files, profile="original")
    # initializer_range 0.3, not 0.02: with small weights every token is followed by itself
    config = GPTNeoXJapaneseConfig(
        vocab_size=len(tokenizer), hidden_size=64, num_hidden_layers=3, num_attention_heads=4,
        max_position_embeddings=256, initializer_range=0.3, bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id, tie_word_embeddings=False)
    rng = np.random.default_rng(20261123)
    weights = initial_weights(config, rng=rng, dtype="float32")
    for array in flatten(weights).values():
        if array.ndim == 1:  # norms and biases too, or a port could leave them out unseen
            array += 0.1 * rng.normal(size=array.shape).astype(np.float32)
    # no head for punctuation, tags and bytes: the text then consists of whole, Japanese characters
    weights["embed_out"]["weight"][tokenizer.convert_tokens_to_ids("<3"):] = 0.0
    GPTNeoXJapaneseForCausalLM(config, weights).save_pretrained(TARGET)
    GPTNeoXJapaneseTokenizer(*files).save_pretrained(TARGET)
    size = sum(path.stat().st_size for path in TARGET.iterdir())
    print(f"wrote {size:,} bytes to weights/{TARGET.name}/")


if __name__ == "__main__":
    main()
