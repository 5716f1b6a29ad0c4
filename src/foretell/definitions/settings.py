"""``foretell.yaml``: what holds for a whole workspace."""

from __future__ import annotations

from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator
from pydantic_core import PydanticCustomError

from foretell.clock import zone_of
from foretell.definitions.care_section import CareSection
from foretell.definitions.feedback_section import FeedbackSection
from foretell.definitions.privacy_section import PrivacySection
from foretell.definitions.sending import SendingSection
from foretell.definitions.texts import CountryText, CurrencyText, ZoneText

SETTINGS_FILE = "foretell.yaml"
_URL_STEP = "Write url: ${FORETELL_DATABASE_URL}, and set that variable."


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class StoresSection(_Section):
    """Where the stores lie."""

    data: str = Field(
        default="data", min_length=1, description="Folder of the embedded stores, relative to the workspace."
    )
    operational: Literal["sqlite", "postgresql"] = Field(
        default="sqlite",
        description="Where people, consents, journeys, messages and definitions are kept: in a file of the data "
        "folder, or in PostgreSQL for many processes.",
    )
    url: SecretStr | None = Field(
        default=None, description="PostgreSQL's address, best as ${FORETELL_DATABASE_URL}; libpq's URL or settings."
    )
    schema_name: str = Field(
        default="foretell",
        alias="schema",
        pattern=r"^[a-z_][a-z0-9_]{0,62}$",
        description="PostgreSQL schema that holds this workspace and nothing else.",
    )

    @model_validator(mode="after")
    def _reachable(self) -> StoresSection:
        if self.operational == "postgresql" and self.url is None:
            hint = {"what": "operational: postgresql needs url", "next_step": _URL_STEP}
            raise PydanticCustomError("foretell_BAD_VALUE", "{what}", hint)
        return self


class EngineSection(_Section):
    """How much of the machine may be used."""

    kind: Literal["duckdb", "spark"] = Field(
        default="duckdb",
        description="What reads the log and the set-based tables: DuckDB in one process, or Apache Spark on a lake.",
    )
    memory_mb: int = Field(default=1024, ge=64, description="Bound of the analytics store's buffers, in MB.")
    threads: int = Field(default=2, ge=1, description="Threads of the analytics store.")
    lake: str = Field(
        default="data/lake",
        min_length=1,
        description="Spark: folder of the lake, relative to the workspace, or a URL such as s3://bucket/folder.",
    )
    lake_format: Literal["parquet", "delta"] = Field(
        default="parquet", description="Spark: delta keeps a Delta Lake log beside each table."
    )
    spark_master: str = Field(
        default="local[*]",
        min_length=1,
        description="Spark: local[N], spark://HOST:PORT, or sc://HOST:PORT of a Spark Connect server.",
    )
    spark: dict[str, str] = Field(default_factory=dict, description="Spark: further settings of the session.")


class CollectSection(_Section):
    """How much may arrive."""

    spool_max_mb: int = Field(
        default=2048,
        ge=1,
        description="Most that may wait to be taken in, in MB; what comes then is told to come again.",
    )
    free_disk_mb: int = Field(
        default=32,
        ge=0,
        description="Room kept on the disk of the data folder, in MB; arrivals never take it.",
    )


class WorkspaceSettings(_Section):
    """The settings of a workspace. A text may hold ``${NAME}``, read from the environment."""

    name: str = Field(default="workspace", min_length=1, description="What people call this workspace.")
    currency: CurrencyText = Field(default="EUR", description="ISO 4217 code; all money is counted in it.")
    zone: ZoneText = Field(default="UTC", description="IANA time zone of calendar months and days.")
    locale: str = Field(
        default="en-GB",
        pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$",
        description="How numbers and dates are written in the app, BCP 47.",
    )
    country: CountryText | None = Field(
        default=None,
        description="ISO 3166-1 alpha-2 code: where telephone numbers, postcodes and the like are from that name no "
        "country; without it, that of the locale.",
    )
    stores: StoresSection = StoresSection()
    engine: EngineSection = EngineSection()
    collect: CollectSection = CollectSection()
    sending: SendingSection = SendingSection()
    care: CareSection = CareSection()
    feedback: FeedbackSection = FeedbackSection()
    privacy: PrivacySection = PrivacySection()
    secrets: dict[str, SecretStr] = Field(
        default_factory=dict, description="Name → ${VARIABLE}; never written out here."
    )

    @property
    def zone_info(self) -> ZoneInfo:
        """The zone as an object."""
        return zone_of(self.zone)
