"""The JSON Schema of a config, for editors. Owns its last touches; all else comes from the model.

`python -m pipeline.config.schema > pipeline/config/schema.json` writes the file that is shipped; a
config names it by ``# yaml-language-server: $schema=…`` in its first line.
"""

import json
import sys
from typing import Any

from pydantic import TypeAdapter

from pipeline.config.model import Sections


def json_schema() -> dict[str, Any]:
    """The schema that a config file is held to, in draft 2020-12."""
    schema = TypeAdapter(Sections).json_schema(by_alias=True)
    for part in (schema, *schema["$defs"].values()):
        part.pop("title", None)
        required = part.get("required", ())
        for key, field in part.get("properties", {}).items():
            field.pop("title", None)
            # A section whose keys are all optional may stand empty.
            if "$ref" in field and key not in required:
                field["anyOf"] = [{"$ref": field.pop("$ref")}, {"type": "null"}]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A batch of pipeline",
        **schema,
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n")
