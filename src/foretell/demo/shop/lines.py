"""Events as JSON lines in the Segment specification, column by column."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretell.demo.shop.accounts import FILLS_IN, REGISTERS
from foretell.demo.shop.catalogue import Catalogue
from foretell.demo.shop.draws import Bools
from foretell.demo.shop.orders import TILL_CARD, TILL_TYPED, has_wrong_card
from foretell.demo.shop.properties import PROPERTIES
from foretell.demo.shop.rows import KINDS
from foretell.demo.shop.sheet import Sheet, Text, joined, when

_SLICE_ROWS = 200_000
_AGENTS = pa.array([
    json.dumps(agent) for agent in (
        "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Chrome/126.0 Mobile Safari/537.36",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:127.0) Gecko/20100101 Firefox/127.0",
        "Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Version/17.5 Safari/604.1",
    )
], pa.large_string())  # fmt: skip


class Wording:
    """Puts the compact rows of a world's events into words.

    Args:
        identities: how people are known (see ``people.identities``).
    """

    def __init__(self, catalogue: Catalogue, identities: pa.Table) -> None:
        self._catalogue = catalogue
        self._identities = identities.combine_chunks()

    def lines(self, events: pa.Table) -> bytes:
        """One JSON text a line, in the order of ``events``."""
        starts = range(0, events.num_rows, _SLICE_ROWS)
        return b"".join(self._slice(events.slice(start, _SLICE_ROWS).combine_chunks()) for start in starts)

    def _slice(self, events: pa.Table) -> bytes:
        kinds = events["kind"].to_numpy()
        places, texts = [], []
        for kind in np.unique(kinds).tolist():
            own = np.flatnonzero(kinds == kind)
            places.append(own)
            texts.append(self._of_kind(events.take(pa.array(own)).combine_chunks(), kind))
        back = np.argsort(np.concatenate(places), kind="stable")
        lines = pa.concat_arrays(texts).take(pa.array(back))
        return _bytes(lines)

    def _of_kind(self, events: pa.Table, kind: int) -> pa.Array:
        call, event = KINDS[kind]
        sheet = Sheet(events, self._catalogue, self._identities)
        till = sheet.numbers("score") >= TILL_CARD if event == "Order Completed" else np.zeros(events.num_rows, bool)
        named = {"track": f'","event":"{event}"', "page": '"', "identify": '"'}[call]
        body = '},"traits":{' if call == "identify" else '},"properties":{'
        device = sheet.numbers("device")
        return joined(
            [
                f'{{"type":"{call}","messageId":"', sheet.column("message_id"), named,
                when(sheet.flags("known"), [',"userId":"', sheet.identity("user_id"), '"']),
                when(device >= 0, [',"anonymousId":"', sheet.anonymous(device), '"']),
                ',"timestamp":"', sheet.instant("ts"), '","context":{',
                when(device >= 0, ['"userAgent":', sheet.looked_up(_AGENTS, device)]),
                *_external(sheet, event, till),
                body, *PROPERTIES[event](sheet), "}}\n",
            ]
        )  # fmt: skip


def _external(sheet: Sheet, event: str, till: Bools) -> list[Text]:
    """Customer cards, with what is misspelt at the till."""
    if event == "Identify":
        has = sheet.flags_of_person("has_card") & (sheet.numbers("choice") == REGISTERS)
        form = sheet.numbers("choice") == FILLS_IN
        return [when(has, [",", *_card(sheet.identity("card"))]), when(form, _card(sheet.identity("typed_card")))]
    if not till.any():
        return []
    typed = sheet.numbers("score") == TILL_TYPED
    wrong_card = typed & has_wrong_card(sheet.numbers("number"))
    wrong_mail = typed & ~wrong_card
    card = pc.if_else(pa.array(wrong_card), sheet.identity("typed_card"), sheet.identity("card"))
    mail = ['"traits":{"email":"', sheet.identity("typed_email"), '"},']
    return [when(till & wrong_mail, mail), when(till, _card(card))]


def _card(card: Text) -> list[Text]:
    return ['"externalIds":[{"id":"', card, '","type":"card_id","collection":"users","encoding":"none"}]']


def _bytes(lines: pa.Array) -> bytes:
    """The texts of an array that begins at offset 0, one after the other."""
    offsets = np.frombuffer(lines.buffers()[1], np.int64)
    return memoryview(lines.buffers()[2])[: int(offsets[len(lines)])].tobytes()
