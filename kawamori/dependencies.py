"""What this program stands on: bill of materials, licences, known vulnerabilities.

    python -m kawamori.dependencies [FOLDER] [--strict]

Reads `lock/run.txt`, what a user installs. Writes FOLDER/sbom.json (CycloneDX; default `out`). A
package whose licence is GPL or AGPL, or not told, fails, and so does a known vulnerability. Where
the vulnerability service cannot be reached nothing is known: that is said, and `--strict` fails.
Needs the developers' environment (cyclonedx-bom, pip-audit).
"""

from __future__ import annotations

import importlib.metadata
import json
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
LOCK = REPOSITORY / "lock" / "run.txt"
PIN = re.compile(r"^(?P<name>[A-Za-z0-9_.-]+)==(?P<version>[^ ;\\]+)", re.MULTILINE)
REFUSED = re.compile(r"(?<!L)\bA?GPL|GNU (Affero )?General Public", re.IGNORECASE)
TIMEOUT_S = 300.0


def pinned(lock: str) -> dict[str, str]:
    """Give name and version of each package of a lock file, the first pin of each name."""
    found: dict[str, str] = {}
    for pin in PIN.finditer(lock):
        found.setdefault(pin["name"], pin["version"])
    return found


def licence_of(name: str) -> str | None:
    """Give what an installed package says of its licence; None = not installed here."""
    try:
        told: dict[str, Any] = importlib.metadata.metadata(name).json
    except importlib.metadata.PackageNotFoundError:
        return None
    classes = [one for one in told.get("classifier", []) if one.startswith("License ::")]
    stated = told.get("license_expression") or "; ".join(one.split(" :: ")[-1] for one in classes)
    return str(stated or told.get("license", "").partition("\n")[0])


def licence_faults(licences: Mapping[str, str | None]) -> list[str]:
    """Give a line per package that may not be shipped; one not installed here is passed over."""
    faults = []
    for name, licence in sorted(licences.items()):
        if licence is not None and (licence == "" or REFUSED.search(licence)):
            told = licence or "nothing"
            faults.append(
                f"{name}: licence must be permissive, got {told}. Choose another package."
            )
    return faults


def audit_faults(report: Mapping[str, Any]) -> tuple[list[str], int]:
    """Give a line per known vulnerability of pip-audit's report, and how many went unaudited."""
    packages = report["dependencies"]
    faults = [
        f"{one['name']} {one['version']}: {hole['id']}, fixed in {hole['fix_versions'] or 'none'}"
        for one in packages
        for hole in one.get("vulns", [])
    ]
    return faults, sum("skip_reason" in one for one in packages)


def main(arguments: Sequence[str]) -> int:
    """Write the bill of materials and tell every fault; 0 = none known."""
    strict = "--strict" in arguments
    folder = Path(next((one for one in arguments if not one.startswith("--")), "out"))
    folder.mkdir(parents=True, exist_ok=True)
    names = pinned(LOCK.read_text(encoding="utf-8"))
    _tool("cyclonedx-py", "requirements", str(LOCK), "--output-reproducible", "--no-validate",
          "-o", str(folder / "sbom.json"))  # fmt: skip
    faults = licence_faults({name: licence_of(name) for name in names})
    said = _tool("pip-audit", "-r", str(LOCK), "--disable-pip", "--no-deps", "-f", "json",
                 "--progress-spinner", "off")  # fmt: skip
    holes, unknown = audit_faults(json.loads(said))
    faults += holes
    lines = [*faults, f"{folder / 'sbom.json'}: {len(names)} packages"]
    if unknown:
        lines.append(
            f"NOT AUDITED: the vulnerability service told nothing of {unknown} of {len(names)} "
            "packages. Run `make audit` where it can be reached."
        )
    sys.stdout.write("\n".join(lines) + "\n")
    return 1 if faults or (strict and unknown) else 0


def _tool(name: str, *arguments: str) -> str:
    """Run a tool of this environment; pip-audit ends with 1 when it found something."""
    path = Path(sys.executable).with_name(name)
    if not path.exists():
        raise FileNotFoundError(f"{path} is missing. Run: make check")
    done = subprocess.run(
        [str(path), *arguments], capture_output=True, text=True, timeout=TIMEOUT_S, check=False
    )
    if done.returncode not in (0, 1) or (done.returncode == 1 and not done.stdout):
        raise OSError(f"{name} failed: {done.stderr.strip()[-500:]}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
