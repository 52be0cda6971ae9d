"""The file of a backup: a zip with a manifest at its end, in which every other member has its size and checksum.

With a passphrase the zip is the one member of another one, encrypted by age for a new key; that key lies beside it,
encrypted by age with the passphrase. So both are read by the program age too, and neither is held in memory.
"""

import errno
import hashlib
import os
import shutil
import threading
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any, cast

import pyrage
from pydantic import TypeAdapter, ValidationError

FORMAT = "verdicts-backup/1"
MANIFEST, KEY, ENCRYPTED = "manifest.json", "key.age", "backup.zip.age"
CHUNK = 1024 * 1024
MAX_MANIFEST_BYTES = 16 * 1024 * 1024  # a line for each file in the instance folder


# What zipfile raises where bytes are not what they were: it believes names, sizes, flags and methods as they stand.
UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, KeyError, OSError, RuntimeError, ValueError)


class BadArchive(Exception):
    """A file is no backup, is damaged, or cannot be decrypted; the message says which."""


@dataclass(frozen=True)
class Member:
    """What the manifest says of a member: its size in bytes, and the SHA-256 of its content in hexadecimal."""

    size: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What a backup holds: `counts` are the rows of each table, and `made_at` is ISO 8601, UTC.

    `key_mark` tells whether HASH_KEY is the same.
    """

    version: str
    migration: str
    database: str
    made_at: str
    key_mark: str
    counts: dict[str, int]
    members: dict[str, Member] = field(default_factory=dict)
    format: str = FORMAT


_manifest_type = TypeAdapter(Manifest)


class ArchiveWriter:
    """Writes members one after the other, and at last the manifest."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._members: dict[str, Member] = {}

    @contextmanager
    def open(self, name: str) -> Iterator["MeasuringWriter"]:
        with self._archive.open(name, "w", force_zip64=True) as stream:
            writer = MeasuringWriter(stream)
            yield writer
        self._members[name] = writer.member

    def add(self, name: str, path: Path) -> None:
        with path.open("rb") as source, self.open(name) as target:
            shutil.copyfileobj(source, cast("IO[bytes]", target), CHUNK)

    def finish(self, manifest: Manifest) -> Manifest:
        """Write the manifest with what is known of the members, and return it."""
        manifest = replace(manifest, members=self._members)
        self._archive.writestr(MANIFEST, _manifest_type.dump_json(manifest, indent=1))
        return manifest


class MeasuringWriter:
    """Writes to a stream, and knows how much and what it was."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream, self._size, self._hash = stream, 0, hashlib.sha256()

    def write(self, data: bytes) -> int:
        self._size += len(data)
        self._hash.update(data)
        return self._stream.write(data)

    @property
    def member(self) -> Member:
        return Member(self._size, self._hash.hexdigest())


@contextmanager
def writing(stream: IO[bytes], passphrase: str | None) -> Iterator[ArchiveWriter]:
    """Write a backup to a stream, which need not be seekable. With a passphrase it is encrypted."""
    if not passphrase:
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            yield ArchiveWriter(archive)
        return
    identity = pyrage.x25519.Identity.generate()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as outer:
        outer.writestr(KEY, pyrage.passphrase.encrypt(str(identity).encode(), passphrase))
        with (
            outer.open(ENCRYPTED, "w", force_zip64=True) as target,
            _encrypting(target, identity) as plain,
            zipfile.ZipFile(plain, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        ):
            yield ArchiveWriter(archive)


@contextmanager
def _encrypting(target: IO[bytes], identity: Any) -> Iterator[IO[bytes]]:
    """Yield a stream whose content a thread encrypts into the target, since age reads what it encrypts."""
    faults: list[BaseException] = []
    read_end, write_end = (os.fdopen(end, mode) for end, mode in zip(os.pipe(), ("rb", "wb"), strict=True))

    def encrypt() -> None:
        try:
            with read_end:  # closing it ends a writer that would wait for ever
                pyrage.encrypt_io(read_end, target, [identity.to_public()])
        except BaseException as fault:
            faults.append(fault)

    thread = threading.Thread(target=encrypt)
    thread.start()
    try:
        yield write_end
    finally:
        with suppress(BrokenPipeError):
            write_end.close()
        thread.join()
        if faults:
            raise faults[0]


class ArchiveReader:
    """Reads a backup, and checks each member as it is read."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self.manifest = self._read_manifest()

    def extract(self, name: str, target: Path) -> None:
        """Write a member's content to a file. Raises BadArchive where it is not what the manifest says."""
        try:
            with self._archive.open(name) as source, target.open("wb") as stream:
                writer = MeasuringWriter(stream)
                shutil.copyfileobj(source, cast("IO[bytes]", writer), CHUNK)
        except UNREADABLE as error:
            _raise_if_disk_is_full(error)
            raise BadArchive(f"The backup is damaged: {name} cannot be read ({error}).") from None
        if writer.member != self.manifest.members[name]:
            raise BadArchive(f"The backup is damaged: {name} is not what was written.")

    def _read_manifest(self) -> Manifest:
        try:
            with self._archive.open(MANIFEST) as stream:
                manifest = _manifest_type.validate_json(stream.read(MAX_MANIFEST_BYTES))
        except (*UNREADABLE, ValidationError):
            raise BadArchive("This is no backup of this site, or it is damaged: it has no readable manifest.") from None
        if manifest.format != FORMAT:
            raise BadArchive(f"This backup has the format {manifest.format!r}; this version reads {FORMAT!r}.")
        return manifest


def is_encrypted(path: Path) -> bool:
    """Say whether a backup needs a passphrase. Raises BadArchive where the file is no zip."""
    with _opened(path) as archive:
        return KEY in archive.namelist()


@contextmanager
def reading(path: Path, passphrase: str | None, scratch: Path) -> Iterator[ArchiveReader]:
    """Read a backup. One that is encrypted is decrypted into the folder `scratch` first."""
    with _opened(path) as archive:
        if KEY not in archive.namelist():
            yield ArchiveReader(archive)
            return
        plain = scratch / "decrypted.zip"
        _decrypt(archive, passphrase or "", plain)
    with _opened(plain) as archive:
        yield ArchiveReader(archive)


def _decrypt(archive: zipfile.ZipFile, passphrase: str, target: Path) -> None:
    try:
        key = pyrage.passphrase.decrypt(archive.read(KEY), passphrase)
    except pyrage.DecryptError:
        raise BadArchive("The backup is encrypted with another passphrase, or damaged.") from None
    except UNREADABLE as error:
        raise BadArchive(f"The backup is damaged: its key cannot be read ({error}).") from None
    try:
        identity = pyrage.x25519.Identity.from_str(key.decode())
        with archive.open(ENCRYPTED) as source, target.open("wb") as stream:
            pyrage.decrypt_io(source, stream, [identity])
    except (*UNREADABLE, pyrage.DecryptError, pyrage.IdentityError) as error:
        _raise_if_disk_is_full(error)
        raise BadArchive(f"The backup is damaged: it cannot be decrypted ({error}).") from None


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    with path.open("rb") as stream:
        try:
            archive = zipfile.ZipFile(stream)
        except UNREADABLE:
            raise BadArchive("This is no backup of this site, or its end is missing.") from None
        with archive:
            yield archive


def _raise_if_disk_is_full(error: Exception) -> None:
    """Raise the error where the backup is sound, and there is no room for what is in it."""
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
        raise error
