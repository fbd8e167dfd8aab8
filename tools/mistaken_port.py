"""This package's own tokenizer with a known mistake planted, as a program that speaks JSON lines.

    python -m tools.mistaken_port NAME      # then the protocol of docs/suite.md; NAME none for no mistake
"""

import base64
import json
import sys
from contextlib import nullcontext

from neoxja_np import GPTNeoXJapaneseTokenizer
from neoxja_np.oracle.mistakes import inject


def main(name: str) -> None:
    tokenizer: GPTNeoXJapaneseTokenizer
    with nullcontext() if name == "none" else inject(name):
        for line in sys.stdin:
            asked = json.loads(line)
            answer: dict[str, object] = {"ok": True}
            if asked["op"] == "start":
                tokenizer = GPTNeoXJapaneseTokenizer(asked["vocab_file"], asked["emoji_file"], profile=asked["profile"])
            elif asked["op"] == "tok.encode":
                answer = {"ids": tokenizer.encode(base64.b64decode(asked["text"]).decode())}
            elif asked["op"] == "tok.decode":
                answer = {"text": base64.b64encode(tokenizer.decode(asked["ids"]).encode()).decode()}
            print(json.dumps(answer), flush=True)
            if asked["op"] == "stop":
                return


if __name__ == "__main__":
    main(sys.argv[1])
