"""Hugging Face's own tokenizer of GPT-NeoX-Japanese, behind the tokenizer suite's protocol.

    pip install transformers
    neoxja conform tokenizer --cmd 'python examples/ports/hugging_face/tokenizer.py'
"""

import base64
import json
import sys
from typing import Any

from transformers import GPTNeoXJapaneseTokenizer, logging

logging.set_verbosity_error()


def start(asked: dict[str, Any]) -> GPTNeoXJapaneseTokenizer:
    return GPTNeoXJapaneseTokenizer(asked["vocab_file"], asked["emoji_file"])


def answer(tokenizer: GPTNeoXJapaneseTokenizer, asked: dict[str, Any]) -> dict[str, Any]:
    if asked["op"] == "tok.encode":
        return {"ids": tokenizer(base64.b64decode(asked["text"]).decode("utf-8"))["input_ids"]}
    if asked["op"] == "tok.decode":
        text = tokenizer.decode(asked["ids"])
        return {"text": base64.b64encode(text.encode("utf-8")).decode("ascii")}
    return {"ok": True} if asked["op"] == "stop" else {"skipped": f"no {asked['op']} here"}


def main() -> None:
    tokenizer = None
    for line in sys.stdin:
        asked = json.loads(line)
        if asked["op"] == "start" and asked["profile"] != "hf":
            reply: dict[str, Any] = {"skipped": "Hugging Face's tokenizer is profile hf"}
        elif asked["op"] == "start":
            tokenizer, reply = start(asked), {"ok": True}
        else:
            try:
                reply = answer(tokenizer, asked)
            except Exception as error:
                reply = {"errored": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply), flush=True)
        if asked["op"] == "stop":
            return


if __name__ == "__main__":
    main()
