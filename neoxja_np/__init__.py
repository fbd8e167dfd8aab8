"""GPT-NeoX-Japanese in NumPy: a reference implementation to read, and to check others against."""

from neoxja_np.cache import KeyValueCache
from neoxja_np.checkpoint.stored import CheckpointError
from neoxja_np.config import ConfigError, GPTNeoXJapaneseConfig
from neoxja_np.generation.settings import GenerationConfig
from neoxja_np.pretrained import GPTNeoXJapaneseForCausalLM, GPTNeoXJapaneseModel, ModelOutput
from neoxja_np.tap import recording, replacing, tap_names
from neoxja_np.tokenizer.pretrained import GPTNeoXJapaneseTokenizer

__all__ = [
    "CheckpointError", "ConfigError", "GPTNeoXJapaneseConfig", "GPTNeoXJapaneseForCausalLM",
    "GPTNeoXJapaneseModel", "GPTNeoXJapaneseTokenizer", "GenerationConfig", "KeyValueCache",
    "ModelOutput", "recording", "replacing", "tap_names",
]
