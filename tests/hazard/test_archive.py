"""Archives are opened as untrusted and however they were packed."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path

import pytest

from hazard import archive as archives
from hazard.archive import archive_members, unpack


def packed(folder: Path, *members: tuple[str, bytes], name="a.zip") -> Path:
    with zipfile.ZipFile(folder / name, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in members:
            archive.writestr(member, content)
    return folder / name


def as_windows_packs(folder: Path, name: str, content: bytes) -> Path:
    """Write an archive whose one name is CP932 bytes, unmarked, as old Japanese tools do."""
    written = packed(folder, ("x" * len(name.encode("cp932")), content))
    raw = written.read_bytes().replace(b"x" * len(name.encode("cp932")), name.encode("cp932"))
    written.write_bytes(raw)
    return written


def inside(*members: tuple[str, bytes]) -> bytes:
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w") as archive:
        for member, content in members:
            archive.writestr(member, content)
    return kept.getvalue()


@pytest.mark.parametrize("slash", ["/", "\\"])
def test_japanese_names_of_windows_are_read_with_either_slash(tmp_path, slash):
    # The second byte of 表 in CP932 is a backslash of ASCII: decode first, then part the folders.
    path = as_windows_packs(tmp_path, f"20_想定最大規模{slash}表.geojson", b"{}")
    (chain,) = archive_members(path)
    assert archives.tidy(chain[-1]).parts == ("20_想定最大規模", "表.geojson")
    assert unpack(path, chain, (), tmp_path).read_bytes() == b"{}"


def test_archives_inside_archives_are_looked_into(tmp_path):
    inner = inside(("A/b.shp", b"shape"), ("A/B.DBF", b"table"), ("A/c.dbf", b"other"))
    path = packed(tmp_path, ("deep.zip", inside(("inner.ZIP", inner))), ("a.txt", b""))
    chains = archive_members(path)
    assert chains == (
        ("deep.zip", "inner.ZIP", "A/b.shp"),
        ("deep.zip", "inner.ZIP", "A/B.DBF"),
        ("deep.zip", "inner.ZIP", "A/c.dbf"),
        ("a.txt",),
    )
    out = tmp_path / "out"
    out.mkdir()
    assert unpack(path, chains[0], (".shp", ".dbf"), out).read_bytes() == b"shape"
    assert sorted(one.name for one in out.iterdir()) == ["b.dbf", "b.shp"]


def test_endless_archives_are_refused(tmp_path):
    content = b"end"
    for _ in range(4):
        content = inside(("more.zip", content))
    with pytest.raises(ValueError, match=r"more\.zip is not safe to open: .*more than 3 deep"):
        archive_members(packed(tmp_path, ("more.zip", content)))


def test_what_macos_puts_beside_the_files_is_passed_over(tmp_path):
    path = packed(tmp_path, ("__MACOSX/._b.shp", b""), ("._b.shp", b""), ("b.shp", b""))
    assert archive_members(path) == (("b.shp",),)


def test_table_full_of_blanks_is_no_bomb(tmp_path):
    path = packed(tmp_path, ("a.dbf", b" " * 4 * 2**20))  # packs a thousandfold
    assert archive_members(path) == (("a.dbf",),)


def test_member_packed_in_an_unknown_way_is_named(tmp_path):
    path = packed(tmp_path, ("a.geojson", b"{}" * 50))
    raw = path.read_bytes()
    central = raw.index(b"PK\x01\x02")
    raw = raw[:8] + struct.pack("<H", 9) + raw[10:]  # 9 = Deflate64, Windows packs large files so
    path.write_bytes(raw[: central + 10] + struct.pack("<H", 9) + raw[central + 12 :])
    with pytest.raises(ValueError, match=r"a\.zip/a\.geojson is damaged: .*compression"):
        unpack(path, ("a.geojson",), (), tmp_path)
