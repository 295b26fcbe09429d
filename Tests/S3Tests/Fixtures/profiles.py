"""Has botocore read the files of profiles.jsonl, and notes, or checks, what it makes of them.

    python profiles.py           writes what botocore says into the table
    python profiles.py --check   ends with 1 where the table says something else
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path

import botocore.session
from botocore.exceptions import ConfigParseError

TABLE = Path(__file__).with_name("profiles.jsonl")


def read_by_botocore(case: dict) -> dict | None:
    """The profiles and services of two files; None if botocore refuses them."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("config", "credentials"):
            path = Path(folder) / name
            path.write_bytes(case.get(name, "").encode())
            os.environ["AWS_CONFIG_FILE" if name == "config" else
                       "AWS_SHARED_CREDENTIALS_FILE"] = str(path)
        try:
            read = botocore.session.Session().full_config
        except ConfigParseError:
            return None
        return {"profiles": read["profiles"], "services": read.get("services", {})}


def main() -> int:
    cases = [json.loads(line) for line in TABLE.read_text(encoding="utf-8").splitlines()]
    lines = [
        json.dumps({**case, "expected": read_by_botocore(case)}, ensure_ascii=False)
        for case in cases]
    text = "\n".join(lines) + "\n"
    if "--check" in sys.argv[1:]:
        same = text == TABLE.read_text(encoding="utf-8")
        print(f"{len(cases)} pairs of files, {'as' if same else 'NOT as'} botocore reads them")
        return 0 if same else 1
    TABLE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
