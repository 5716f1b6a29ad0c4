"""What people do, as numbers in words of the condition language: what personas are found by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from foretell.definitions import KeyText

Form = Literal["count", "amount", "distinct", "average", "share"]


class Behaviour(BaseModel):
    """One number about what somebody did in the window, and how to speak of it.

    It is a count of the events that ``of`` selects; with ``sum`` or ``avg`` in it an amount, with ``distinct`` the
    number of different values; with ``per`` the share of one count in another.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: KeyText
    title: str = Field(min_length=1, max_length=80, description="What it counts, e.g. orders.")
    of: dict[str, Any] = Field(description="Events and what of them, e.g. {did: Order Completed, avg: revenue}.")
    per: dict[str, Any] | None = Field(None, description="Of which events it is a share, e.g. {did: Order Completed}.")
    high: str | None = Field(None, max_length=40, description="What people are called who do more of it.")
    low: str | None = Field(None, max_length=40, description="What people are called who do less of it.")
    money: bool = Field(False, description="It is an amount in the workspace's currency.")

    @model_validator(mode="after")
    def _one_figure(self) -> Self:
        figures = set(self.of) - {"did", "where"}
        if figures - {"sum", "avg", "distinct"} or len(figures) > 1:
            raise ValueError("a behaviour is a did with where, and at most one of sum, avg and distinct")
        if self.per is not None and (figures or set(self.per) - {"did", "where"}):
            raise ValueError("a share counts events on both sides: did, and where")
        return self

    @property
    def form(self) -> Form:
        """What kind of number it is."""
        if self.per is not None:
            return "share"
        if "sum" in self.of:
            return "amount"
        if "avg" in self.of:
            return "average"
        return "distinct" if "distinct" in self.of else "count"

    @property
    def events(self) -> tuple[str, ...]:
        """Names of the events it reads; those that are tests of a name are left out."""
        parts = (self.of, self.per or {})
        return tuple(str(part["did"]) for part in parts if isinstance(part.get("did"), str))

    def selection(self, window: str) -> dict[str, Any]:
        """The events of ``of`` within the window, as a condition has them."""
        return {name: self.of[name] for name in ("did", "where") if name in self.of} | {"within": window}


def _made(key: str, title: str, of: Mapping[str, Any], **more: Any) -> Behaviour:
    return Behaviour.model_validate({"key": key, "title": title, "of": dict(of), **more})


_ORDER = {"did": "Order Completed"}
_VISIT = {"did": "Session Ended"}
_MAIL = {"did": "Email Delivered"}

USUAL = (
    _made("orders", "orders", _ORDER, high="frequent", low="occasional"),
    _made("order_value", "spent per order", {**_ORDER, "avg": "revenue"}, high="generous", low="thrifty", money=True),
    _made("products", "different products", {**_ORDER, "distinct": "products.product_id"},
          high="varied", low="focused"),
    _made("visits", "visits", _VISIT, high="curious", low="quiet"),
    _made("buys", "visits that end in an order", _ORDER, per=_VISIT, high="decided", low="browsing"),
    _made("searches", "searches per visit", {"did": "Products Searched"}, per=_VISIT,
          high="searching", low="strolling"),
    _made("coupons", "orders with a coupon", {**_ORDER, "where": {"coupon": {"exists": True}}}, per=_ORDER,
          high="bargain", low="full-price"),
    _made("store", "orders in the store", {**_ORDER, "where": {"channel": "store"}}, per=_ORDER,
          high="store-going", low="online"),
    _made("opens", "mails opened", {"did": "Email Opened", "where": {"machine": {"is_not": True}}}, per=_MAIL,
          high="mail-reading", low="mail-shy"),
    _made("clicks", "mails clicked", {"did": "Email Link Clicked"}, per=_MAIL, high="clicking", low="unmoved"),
    _made("refunds", "orders given back", {"did": "Order Refunded"}, per=_ORDER, high="returning-goods",
          low="keeping"),
    _made("tickets", "tickets per order", {"did": "Ticket Opened"}, per=_ORDER, high="asking", low="carefree"),
)  # fmt: skip
"""What a shop's events tell; those are taken whose events were ever seen. Names of events as in the Segment spec."""
