"""The exercises of notebook 10: weights in a file."""

import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from neoxja_np.learn.exercise import Exercise, Misconception

SAMPLE = Path(__file__).parent / "files" / "sample.bin"  # of torch.save; by tools/torch_sample.py


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


def view_of(numbers: Any, offset: int, shape: tuple[int, int], strides: tuple[int, int]) -> Any:
    """The matrix that a storage shows from `offset` on; strides in numbers: a row down, a column to the right."""
    rows, columns = shape
    down, right = strides
    return np.array([[numbers[offset + row * down + column * right] for column in range(columns)]
                     for row in range(rows)])


def view_case(rng: np.random.Generator) -> tuple[Any, ...]:
    """A transposed matrix, or some columns of a wider one, in a storage that has room for wrong turns, too."""
    rows, columns, offset = int(rng.integers(2, 5)), int(rng.integers(2, 5)), int(rng.integers(0, 4))
    strides = (1, rows + int(rng.integers(0, 3))) if rng.random() < 0.5 else (columns + int(rng.integers(0, 3)), 1)
    numbers = 100 + np.arange(offset + (max(rows, columns) - 1) * sum(strides) + 2, dtype=np.float32)
    return numbers, offset, (rows, columns), strides


view = Exercise(
    "view", view_of, view_case,
    (Misconception(lambda numbers, offset, shape, strides: view_of(numbers, 0, shape, strides),
                   "the matrix begins at `offset`; yours begins at the first number of the storage.",
                   "行列は `offset` の位置から始まります。ストレージの先頭から読んでいます。"),
     Misconception(lambda numbers, offset, shape, strides: numbers[offset:offset + shape[0] * shape[1]].reshape(shape),
                   "you took the numbers row after row, as if there were no strides.",
                   "ストライドを使わず、行ごとに隙間なく並んでいるものとして読んでいます。"),
     Misconception(lambda numbers, offset, shape, strides:
                   numbers[offset:offset + shape[0] * shape[1]].reshape(shape[::-1]).T,
                   "you transposed, whatever the strides are. Some are of a transposed matrix, not all.",
                   "ストライドの値によらず転置しています。転置した行列のストライドもありますが、すべてがそうではありません。"),
     Misconception(lambda numbers, offset, shape, strides: view_of(numbers, offset, shape, strides[::-1]),
                   "you swapped the strides: the first is the step from one row to the next, the second that from one column to "
                   "the next.",
                   "ストライドの順番が逆です。一つ目は次の行へ、二つ目は次の列へ進むときの歩幅です。"),
     Misconception(lambda numbers, offset, shape, strides: view_of(numbers, offset, shape, strides).T,
                   "these are the right numbers, transposed: shape is (rows, columns).",
                   "数は合っていますが、転置されています。shape は（行数, 列数）です。"),
     Misconception(lambda numbers, offset, shape, strides: as_strided(numbers[offset:], shape, strides),
                   "you took the strides as bytes, which is what NumPy counts in. Here, as in torch, they count numbers.",
                   "ストライドをバイト数として使っています。NumPy ではバイト単位ですが、ここでは torch と同じく数の個数です。")))
