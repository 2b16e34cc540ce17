"""A package as npm has it: for the tools that copy scripts of others into the book."""

import hashlib
import subprocess
from pathlib import Path


def packed(package: str, version: str, sha256: str, folder: Path) -> Path:
    """The archive of a package, as its authors published it, in this folder.

    Raises
    ------
    SystemExit
        If it has another checksum.
    """
    subprocess.run(["npm", "pack", "--silent", f"{package}@{version}"], cwd=folder, check=True)
    archive = folder / f"{package.removeprefix('@').replace('/', '-')}-{version}.tgz"
    found = hashlib.sha256(archive.read_bytes()).hexdigest()
    if found != sha256:
        raise SystemExit(f"{archive.name} has sha256 {found}; expected {sha256}")
    return archive
