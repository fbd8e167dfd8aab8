"""The exercises of notebook 10: weights in a file."""

import struct
from typing import Any

import numpy as np

from neoxja_np.learn.exercise import Exercise, Misconception


def header_length_of(start: bytes) -> int:
    """How long the header of a safetensors file is, from how the file begins."""
    return int(struct.unpack("<Q", start[:8])[0])


header_length = Exercise(
    "header_length", header_length_of,
    lambda rng: (struct.pack("<Q", int(rng.integers(300, 10**6))) + b'{"embed_in.weight":',),
    (Misconception(lambda start: struct.unpack(">Q", start[:8])[0],
                   "the first byte is the lowest, not the highest: little-endian.",
                   "最初のバイトが最も小さい桁です（リトルエンディアン）。"),
     Misconception(lambda start: 8 + struct.unpack("<Q", start[:8])[0],
                   "that is where the data begins: the 8 bytes of the number and the header.",
                   "それはデータの始まる位置です。数の 8 バイトとヘッダーを合わせた長さになっています。"),
     Misconception(lambda start: start[0],
                   "that is the first byte; the number has eight.", "それは最初の 1 バイトです。数は 8 バイトあります。")))


def widened(data: bytes) -> Any:
    """Numbers of bfloat16 as float32: two bytes each, to which two of zeros are added below."""
    bits = np.frombuffer(data, "<u2").astype(np.uint32) << 16
    return bits.view(np.float32)


bfloat16 = Exercise(
    "bfloat16", widened, lambda rng: ((rng.normal(0, 3, 5).astype("<f4").view("<u4") >> 16).astype("<u2").tobytes(),),
    (Misconception(lambda data: np.frombuffer(data, "<f2").astype(np.float32),
                   "you read float16, which has 5 bits of exponent; bfloat16 has 8, as float32 has.",
                   "float16 として読んでいます。float16 の指数は 5 ビットですが、bfloat16 は float32 と同じ 8 ビットです。"),
     Misconception(lambda data: np.frombuffer(data, "<u2").astype(np.uint32).view(np.float32),
                   "the two bytes are the upper half of a float32: shift them by 16 bits.",
                   "2 バイトは float32 の上半分です。16 ビットずらしてください。"),
     Misconception(lambda data: np.frombuffer(data, "<u2").astype(np.float32),
                   "these are bits to be read anew, not a whole number to be converted: view, not astype.",
                   "整数を変換するのではなく、ビットを読み直します。astype ではなく view です。")))


def gigabytes_of(parameters: int, bytes_a_number: int) -> float:
    """What weights take, in gigabytes of 10^9 bytes."""
    return parameters * bytes_a_number / 1e9


gigabytes = Exercise(
    "gigabytes", gigabytes_of, lambda rng: (int(rng.integers(10**6, 10**10)), int(rng.choice([2, 4, 8]))),
    (Misconception(lambda parameters, each: parameters * each / 2**30,
                   "those are gibibytes, of 2^30 bytes.", "それは 2^30 バイトを単位とするギビバイトです。"),
     Misconception(lambda parameters, each: parameters / 1e9,
                   "those are billions of numbers; each takes some bytes.",
                   "それは数の個数（10 億単位）です。一つ一つに何バイトか必要です。"),
     Misconception(lambda parameters, each: parameters * each * 8 / 1e9,
                   "you counted bits: the size of a number is given in bytes.",
                   "ビットで数えています。数の大きさはバイトで与えられています。")))
