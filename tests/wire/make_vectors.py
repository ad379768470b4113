"""Writes `vectors.json` from the rows modules: `python tests/wire/make_vectors.py`.

The bytes are put together by hand from the MessagePack specification and `docs/types.md`. A vector is
`{"row", "name", "value", "hex", "encode"}`: `row` of the table in docs/types.md; `value` the tagged value that
`hex` means; `encode` whether an encoder must give exactly these bytes (else they are only to be read).

Tagged values are objects of one key. Integers that may be large are strings, and so are floats (`"nan"`,
`"-0.0"`); bytes are hexadecimal; what holds values holds tagged values.
"""

from __future__ import annotations

import json
from pathlib import Path

import rows_frames
import rows_numpy
import rows_plain
import rows_python
import rows_strategies

MODULES = (rows_plain, rows_python, rows_numpy, rows_frames, rows_strategies)


def main() -> None:
    lines = [
        json.dumps({"row": row, "name": name, "value": value, "hex": data.hex(), "encode": encode})
        for module in MODULES
        for row, name, value, data, encode in module.rows()
    ]
    Path(__file__).with_name("vectors.json").write_text("[\n" + ",\n".join(lines) + "\n]\n")


if __name__ == "__main__":
    main()
