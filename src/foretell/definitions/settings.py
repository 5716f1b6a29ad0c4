"""``foretell.yaml``: what holds for a whole workspace."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from foretell.clock import zone_of
from foretell.definitions.privacy_section import PrivacySection
from foretell.definitions.sending import SendingSection
from foretell.definitions.texts import CountryText, CurrencyText, ZoneText

SETTINGS_FILE = "foretell.yaml"


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class StoresSection(_Section):
    """Where the stores lie."""

    data: str = Field(
        default="data", min_length=1, description="Folder of the embedded stores, relative to the workspace."
    )


class EngineSection(_Section):
    """How much of the machine may be used."""

    memory_mb: int = Field(default=1024, ge=64, description="Bound of the analytics store's buffers, in MB.")
    threads: int = Field(default=2, ge=1, description="Threads of the analytics store.")


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
    privacy: PrivacySection = PrivacySection()
    secrets: dict[str, SecretStr] = Field(
        default_factory=dict, description="Name → ${VARIABLE}; never written out here."
    )

    @property
    def zone_info(self) -> ZoneInfo:
        """The zone as an object."""
        return zone_of(self.zone)
