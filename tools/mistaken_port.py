"""This package itself with known mistakes planted, as a program that speaks JSON lines: a tokenizer and a model.

    python -m tools.mistaken_port [NAME …]      # then the protocols of docs/suite.md and docs/port.md
"""

import base64
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from neoxja_np import GPTNeoXJapaneseForCausalLM, GPTNeoXJapaneseTokenizer
from neoxja_np.oracle.cases import make_case, run
from neoxja_np.oracle.mistakes import planted

Asked = dict[str, Any]


def packed(array: np.ndarray) -> Asked:
    """An array as it is sent."""
    return {"dtype": array.dtype.name, "shape": array.shape, "data": base64.b64encode(array.tobytes()).decode()}


class Port:
    """Answers to each question."""

    tokenizer: GPTNeoXJapaneseTokenizer
    model: GPTNeoXJapaneseForCausalLM

    def start(self, asked: Asked) -> Asked:
        if "config_file" in asked:
            self.model = GPTNeoXJapaneseForCausalLM.from_pretrained(Path(asked["config_file"]).parent)
            return {"ok": True, "dtype": "float32"}
        self.tokenizer = GPTNeoXJapaneseTokenizer(asked["vocab_file"], asked["emoji_file"], profile=asked["profile"])
        return {"ok": True}

    def encode(self, asked: Asked) -> Asked:
        return {"ids": self.tokenizer.encode(base64.b64decode(asked["text"]).decode())}

    def decode(self, asked: Asked) -> Asked:
        return {"text": base64.b64encode(self.tokenizer.decode(asked["ids"]).encode()).decode()}

    def run(self, asked: Asked) -> Asked:
        case = make_case(asked["input_ids"], asked["attention_mask"], asked["position_ids"], asked["cuts"])
        found = run(self.model, case)
        return {"taps": {name: packed(found[name]) for name in asked["taps"]}}

    def stop(self, asked: Asked) -> Asked:
        return {"ok": True}


def main(names: list[str]) -> None:
    port = Port()
    with planted(name for name in names if name != "none"):
        for line in sys.stdin:
            asked = json.loads(line)
            print(json.dumps(getattr(port, asked["op"].removeprefix("tok."))(asked)), flush=True)
            if asked["op"] == "stop":
                return


if __name__ == "__main__":
    main(sys.argv[1:])
