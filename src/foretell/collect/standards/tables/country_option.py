"""The option that names a country."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from foretell.collect.standards.tables.country_names import region_code
from foretell.definitions import worded

Region = Annotated[str, AfterValidator(worded(region_code)), Field(json_schema_extra={"pattern": "^[A-Z]{2}$"})]
"""An ISO 3166-1 alpha-2 code, checked."""
