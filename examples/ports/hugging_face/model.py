"""Hugging Face's own GPT-NeoX-Japanese, behind the oracle's protocol.

    pip install torch transformers
    neoxja conform model --cmd 'python examples/ports/hugging_face/model.py --dtype float32'
"""

import base64
import json
import sys
from argparse import ArgumentParser
from typing import Any

import torch
from adapter import load, trace
from transformers import GPTNeoXJapaneseForCausalLM, logging

logging.set_verbosity_error()
logging.disable_progress_bar()


def run(model: GPTNeoXJapaneseForCausalLM, asked: dict[str, Any]) -> dict[str, Any]:
    inputs = (torch.tensor(asked[name]) for name in ("input_ids", "attention_mask", "position_ids"))
    found = trace(model, *inputs, asked["cuts"], asked["taps"])
    return {"taps": {name: packed(x) for name, x in found.items()}}


def packed(x: torch.Tensor) -> dict[str, Any]:
    array = (x.float() if x.dtype == torch.bfloat16 else x).numpy()  # NumPy has no bfloat16
    data = base64.b64encode(array.tobytes()).decode("ascii")
    return {"dtype": array.dtype.name, "shape": array.shape, "data": data}


def main() -> None:
    parser = ArgumentParser()
    parser.add_argument("--dtype", choices=["float32", "float64", "bfloat16", "float16"],
                        default="float32")
    dtype, model, asked = parser.parse_args().dtype, None, {"op": ""}
    while asked["op"] != "stop" and (line := sys.stdin.readline()):
        asked = json.loads(line)
        reply: dict[str, Any] = {"ok": True}
        try:
            if asked["op"] == "start":
                model = load(asked["config_file"], asked["weights_file"], dtype)
                reply["dtype"] = dtype
            elif asked["op"] == "run":
                reply = run(model, asked)
            elif asked["op"] != "stop":
                reply = {"skipped": f"no {asked['op']} here"}
        except Exception as error:
            reply = {"errored": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply), flush=True)


if __name__ == "__main__":
    main()
