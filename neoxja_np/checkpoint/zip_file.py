"""A zip archive of stored members, as torch.save writes it: where each member's bytes are.

Read more strictly than the format asks: members, directory and end follow each other without a
gap, and what the archive says twice is the same, so that no other program can see another content
in it. https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from neoxja_np.checkpoint.stored import CheckpointError

LOCAL = struct.Struct("<4s5H3L2H")      # local file header: before each member
ENTRY = struct.Struct("<4s6H3L5H2L")    # central directory header: the same again
END64 = struct.Struct("<4sQ2H2L4Q")     # zip64 end of central directory: where that is, if far
LOCATOR = struct.Struct("<4sLQL")       # its locator: where END64 is
END = struct.Struct("<4s4H2LH")         # end of central directory: where that is
DESCRIBED = 0x0008                      # flag: a data descriptor follows, with checksum and sizes
UTF8 = 0x0800                           # flag: the name is UTF-8
ZIP64 = 1                               # extra field: numbers of 64 bits
LARGEST_DIRECTORY = 1 << 20             # bytes; that of the 2.7B model has 27,000
LARGEST_EXTRA = 1 << 12                 # bytes; torch pads a header so that numbers are aligned
BLOCK = 1 << 20


@dataclass(frozen=True)
class Member:
    """One file of an archive."""

    name: str
    offset: int  # of its first byte, from the start of the archive
    size: int
    crc: int

    def read(self, file: BinaryIO, *, at_most: int) -> bytes:
        """Its bytes. Raises CheckpointError where they are more, or not those that were written."""
        require(self.size <= at_most, f"{self.name!r} has {self.size:,} bytes; {at_most:,} are the "
                                      "most that is read")
        self.check(file)
        return b"".join(self.blocks(file))

    def check(self, file: BinaryIO) -> None:
        """Raises CheckpointError where its bytes are not those that were written."""
        crc = 0
        for block in self.blocks(file):
            crc = zlib.crc32(block, crc)
        require(crc == self.crc, f"{self.name!r} does not have the checksum that was written")

    def blocks(self, file: BinaryIO) -> Iterator[bytes]:
        """Its bytes, some at a time."""
        file.seek(self.offset)
        for start in range(0, self.size, BLOCK):
            yield file.read(min(BLOCK, self.size - start))


def require(fact: bool, otherwise: str) -> None:
    """Raises CheckpointError with what is the case otherwise."""
    if not fact:
        raise CheckpointError(otherwise)


def read_at(file: BinaryIO, record: struct.Struct, offset: int,
            signature: bytes) -> tuple[int, ...]:
    """The numbers of one record. Raises CheckpointError where it does not stand there."""
    inside = 0 <= offset < file.seek(0, 2)
    file.seek(offset if inside else 0)
    content = file.read(record.size)
    require(inside and len(content) == record.size and content[:4] == signature,
            f"no zip record {signature!r} at {offset}; if the file is not complete, fetch it again")
    return record.unpack(content)[1:]


def find_directory(file: BinaryIO) -> tuple[int, int, int]:
    """Where the directory begins, how long it is, and of how many members."""
    end = file.seek(0, 2) - END.size
    *numbers, here, count, length, start, comment = read_at(file, END, end, b"PK\5\6")
    require(numbers == [0, 0] and here == count, "an archive of several disks")
    require(comment == 0, "a comment behind the archive")
    file.seek(max(end - LOCATOR.size, 0))
    if file.read(4) == b"PK\6\7":
        small = (count, length, start)
        disk, end64, disks = read_at(file, LOCATOR, end - LOCATOR.size, b"PK\6\7")
        require((disk, disks) == (0, 1), "an archive of several disks")
        size, _, _, *numbers, here, count, length, start = read_at(
            file, END64, end64, b"PK\6\6")
        require(size == END64.size - 12 and end64 + END64.size + LOCATOR.size == end,
                "a gap before the end of the archive")
        require(numbers == [0, 0] and here == count, "an archive of several disks")
        require(all(given in (large, full) for given, large, full in zip(
            small, (count, length, start), (0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF), strict=True)),
            "two ends of the archive that contradict each other")
        end = end64
    require(length <= LARGEST_DIRECTORY, f"a directory of {length:,} bytes; {LARGEST_DIRECTORY:,} "
                                         "are the most that is read")
    require(start + length == end, "a gap between the directory and the end of the archive")
    return start, length, count


def read_directory(file: BinaryIO) -> dict[str, Member]:
    """Every member of an archive by its name, in the order of their bytes.

    Raises CheckpointError with what was found where the archive is no such one.
    """
    start, length, count = find_directory(file)
    file.seek(start)
    directory = file.read(length)
    members: dict[str, Member] = {}
    place, byte = 0, 0  # in the directory; of the next member
    while place < length:
        require(directory[place:place + 4] == b"PK\1\2" and place + ENTRY.size <= length,
                f"no directory entry at {start + place}")
        _, _, *said, name_size, extra_size, comment_size, disk, _, _, offset = ENTRY.unpack_from(
            directory, place)
        fields = directory[place + ENTRY.size:][:name_size + extra_size]
        place += ENTRY.size + name_size + extra_size + comment_size
        require(place <= length, "a directory entry that is cut off")
        name = checked_name(fields[:name_size])
        require(comment_size == 0 and disk == 0, f"a comment or a disk number at {name!r}")
        require(name not in members, f"two members called {name!r}")
        size, stored, offset = zip64_sizes(fields[name_size:], name, said[-1], said[-2], offset)
        _, flags, method, *_ = said
        require(flags & ~(DESCRIBED | UTF8) == 0,
                f"{name!r} is encrypted or has other features (flags {flags:#06x})")
        require(method == 0 and stored == size, f"{name!r} is compressed (method {method})")
        require(offset == byte, f"{name!r} begins at {offset}, where {byte} was expected: members "
                                "must follow each other without gap or overlap")
        require(offset + size <= start, f"{name!r} reaches into the directory")
        members[name], byte = read_local(file, fields[:name_size], said, size, offset)
    require(byte == start, f"a gap before the directory at {start}")
    require(len(members) == count, f"{len(members)} members, where {count} are counted")
    return members


def checked_name(name: bytes) -> str:
    """A member's name. Raises CheckpointError for one that leads elsewhere."""
    try:
        text = name.decode("utf-8")
    except UnicodeDecodeError:
        raise CheckpointError(f"a name that is not UTF-8: {name!r}") from None
    require(text.isprintable() and "\\" not in text and ":" not in text
            and not {"", ".", ".."} & set(text.split("/")),
            f"a name that is no path within: {text!r}")
    return text


def zip64_sizes(extra: bytes, name: str, *small: int) -> list[int]:
    """Size, stored size and offset: those that 32 bits cannot hold are in the field of zip64."""
    wanted = [value == 0xFFFFFFFF for value in small]
    large = extra_fields(extra, name).get(ZIP64, b"")
    require(len(large) == 8 * sum(wanted), f"sizes that do not fit together at {name!r}")
    numbers = iter(struct.unpack(f"<{sum(wanted)}Q", large))
    return [next(numbers) if missing else value
            for value, missing in zip(small, wanted, strict=True)]


def extra_fields(extra: bytes, name: str) -> dict[int, bytes]:
    """The extra fields of a header: what each number stands before."""
    require(len(extra) <= LARGEST_EXTRA, f"{len(extra):,} bytes of extra fields at {name!r}; "
                                         f"{LARGEST_EXTRA:,} are the most that is read")
    fields: dict[int, bytes] = {}
    while extra:
        number, size = struct.unpack("<2H", extra[:4].ljust(4, b"\xff"))
        require(len(extra) >= 4 + size and number not in fields,
                f"extra fields that are cut off, or twice, at {name!r}")
        fields[number], extra = extra[4:4 + size], extra[4 + size:]
    return fields


def read_local(file: BinaryIO, name: bytes, said: list[int], size: int,
               offset: int) -> tuple[Member, int]:
    """A member, and where the next begins, from the header before its bytes.

    That header must say what the directory `said`, or leave checksum and sizes to a record behind
    the bytes.
    """
    text = name.decode("utf-8")
    *again, name_size, extra_size = read_at(file, LOCAL, offset, b"PK\3\4")
    require(file.read(name_size) == name,
            f"the member at {offset} is {text!r} in the directory, but not in its own header")
    large = extra_fields(file.read(extra_size), text).get(ZIP64)
    begin = offset + LOCAL.size + name_size + extra_size
    crc = said[-3]
    described = bool(said[1] & DESCRIBED)
    require(again[:-3] == said[:-3] and (again[-3:] == said[-3:]
                                         or (described and again[-3:] == [0, 0, 0])),
            f"{text!r} is described in two ways")
    known = {size, offset, 0} if described else {size, offset}
    require(large is None or (len(large) % 8 == 0 and set(
        struct.unpack(f"<{len(large) // 8}Q", large)) <= known), f"{text!r} has two sizes")
    end = begin + size
    if described:
        form = "<4s3L" if large is None and size < 1 << 32 else "<4sL2Q"
        record = struct.pack(form, b"PK\7\x08", crc, size, size)
        file.seek(end)
        require(file.read(len(record)) == record,
                f"behind {text!r} stand other sizes or another checksum than in the directory")
        end += len(record)
    return Member(text, begin, size, crc), end
