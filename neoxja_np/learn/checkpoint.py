"""The exercises of notebook 10: weights in a file."""

import struct
from typing import Any

import numpy as np

from neoxja_np.learn.exercise import Exercise, Misconception


def header_length_of(start: bytes) -> int:
    """How many bytes the JSON header has, by itself; the file begins with this number, in 8 bytes."""
    return int(struct.unpack("<Q", start[:8])[0])


header_length = Exercise(
    "header_length", header_length_of,
    lambda rng: (struct.pack("<Q", int(rng.integers(300, 2**40))) + b'{"embed_in.weight":',),
    (Misconception(lambda start: struct.unpack(">Q", start[:8])[0],
                   "the first byte is the lowest, not the highest: little-endian.",
                   "最初のバイトは最上位ではなく最下位です（リトルエンディアン）。"),
     Misconception(lambda start: 8 + struct.unpack("<Q", start[:8])[0],
                   "that is where the data begins: the 8 bytes of the number and the header.",
                   "それはデータの始まる位置です。数の 8 バイトとヘッダーを合わせた長さになっています。"),
     Misconception(lambda start: start[0],
                   "that is the first byte; the number has eight.",
                   "それは最初の 1 バイトだけです。この数は 8 バイトで表されています。"),
     Misconception(lambda start: struct.unpack("<I", start[:4])[0],
                   "you read four bytes; the number has eight.", "4 バイトしか読んでいません。この数は 8 バイトです。")))


def widened(data: bytes) -> Any:
    """Numbers of bfloat16 as float32: two bytes each, to which two of zeros are added below."""
    bits = np.frombuffer(data, "<u2").astype(np.uint32) << 16
    return bits.view(np.float32)


bfloat16 = Exercise(
    "bfloat16", widened, lambda rng: ((rng.normal(0, 3, 5).astype("<f4").view("<u4") >> 16).astype("<u2").tobytes(),),
    (Misconception(lambda data: np.frombuffer(data, "<f2").astype(np.float32),
                   "you read float16, which has 5 bits of exponent; bfloat16 has 8, as float32 has.",
                   "float16 として読んでいます。float16 の指数は 5 ビットですが、bfloat16 は float32 と同じ 8 ビットです。"),
     Misconception(lambda data: (np.frombuffer(data, "<u2").astype(np.uint32) << 16).astype(np.float32),
                   "the bits are in the right place, but were converted as a whole number, not read as a float.",
                   "ビットの位置は合っていますが、浮動小数点数として読まず、整数の値として変換しています。"),
     Misconception(lambda data: np.frombuffer(data, "<u2").astype(np.uint32).view(np.float32),
                   "the two bytes are the upper half of a float32. Yours stayed in the lower half, or were lost: a number of 16 "
                   "bits has no room for a shift by 16.",
                   "2 バイトは float32 の上位 16 ビットです。下位に残っているか、16 ビットの型のままずらしたために失われています。"),
     Misconception(lambda data: np.frombuffer(data, "<u2").astype(np.float32),
                   "these are the bits of a float; you converted them as if they were a whole number.",
                   "これは浮動小数点数のビット列です。整数とみなして値を変換しています。")))


def gigabytes_of(parameters: int, bytes_a_number: int) -> float:
    """What weights take, in gigabytes of 10^9 bytes."""
    return parameters * bytes_a_number / 1e9


gigabytes = Exercise(
    "gigabytes", gigabytes_of, lambda rng: (int(rng.integers(10**6, 10**10)), int(rng.choice([2, 4, 8]))),
    (Misconception(lambda parameters, each: parameters * each / 2**30,
                   "those are gibibytes, of 2^30 bytes.", "それは 2^30 バイトを単位とするギビバイトです。"),
     Misconception(lambda parameters, each: parameters / 1e9,
                   "those are billions of numbers; each takes some bytes.",
                   "それは数の個数（10 億単位）です。数値 1 個ごとに何バイトか必要です。"),
     Misconception(lambda parameters, each: parameters * each * 8 / 1e9,
                   "you counted bits: the size of a number is given in bytes.",
                   "ビットで数えています。数値 1 個のサイズはバイト単位で与えられています。")))
