"""What is latent in the people of a world: for tests and benchmarks, never read by the product."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from foretell.clock import micros
from foretell.demo.shop.messages import NEWS, SERVICE, WINBACK, answers
from foretell.demo.shop.opinions import MEASURES, opinions
from foretell.demo.shop.personas import PERSONAS, STATES
from foretell.demo.shop.rows import together
from foretell.demo.shop.shop import ASKED
from foretell.demo.shop.world import ShopWorld


def shop_truth(world: ShopWorld, *, offer_percent: float = 0.0) -> pa.Table:
    """One row a person, as of the world's ``now``.

    Args:
        offer_percent: discount (0 to 1) with which ``answer_winback`` is given.

    Returns:
        ``person user_id email card typed_card persona state strain hazard arrives_day left_day pace_days conversion
        openness price_sensitivity opinion``, and the answers ``answer_winback answer_service answer_news``: the chance
        that a mail, once seen, wins the person back; negative: drives them away. ``left_day`` is null for those
        who have never left; days count from the world's begin.
    """
    shop = world.shop
    people, lives, everybody = shop.people, shop.lives, shop.everybody
    percent = np.full(len(everybody), offer_percent)
    nothing = np.zeros(len(everybody))
    kinds = {name: np.full(len(everybody), kind) for name, kind in (("w", WINBACK), ("s", SERVICE), ("n", NEWS))}
    return pa.table(
        {
            "person": everybody,
            "user_id": shop.identities["user_id"],
            "email": shop.identities["email"],
            "card": shop.identities["card"],
            "typed_card": shop.identities["typed_card"],
            "persona": pa.array([persona.name for persona in PERSONAS]).take(pa.array(people.persona)),
            "state": pa.array(STATES).take(pa.array(lives.state.astype(np.int64))),
            "strain": lives.strain.copy(),
            "hazard": people.hazard,
            "arrives_day": people.arrives,
            "left_day": pa.array(lives.gone_day, mask=lives.gone_day < 0),
            "pace_days": 1.0 / (people.visits_per_day * people.conversion),
            "conversion": people.conversion,
            "openness": people.openness,
            "price_sensitivity": people.price_sensitivity,
            "opinion": opinions(shop, everybody),
            "answer_winback": answers(shop, everybody, kinds["w"], percent),
            "answer_service": answers(shop, everybody, kinds["s"], nothing),
            "answer_news": answers(shop, everybody, kinds["n"], nothing),
        }
    )


def shop_opinions(world: ShopWorld) -> pa.Table:
    """One row for each time that somebody was asked, up to the world's ``now``, in the order of time.

    Returns:
        ``person user_id asked_at measure score answered opinion order_id message_id``. ``score`` is what they said, or
        would have said had they answered; ``opinion`` what they think of the shop, 0 to 10, without the noise of an
        answer. ``order_id`` where the shop's own survey asked, ``message_id`` where a message did.
    """
    shop = world.shop
    rows = together(shop.asked, ASKED)
    rows = rows[rows["ts"] < micros(world.now)]
    rows = rows[np.lexsort((rows["message"], rows["number"], rows["person"], rows["ts"]))]
    person, number, message = (rows[name].astype(np.int64) for name in ("person", "number", "message"))
    ids = pa.array(shop.message_ids, pa.string())
    orders = pa.array(np.char.add("O", number.astype(str)), pa.string(), mask=number < 0)
    return pa.table(
        {
            "person": person,
            "user_id": shop.identities["user_id"].combine_chunks().take(pa.array(person)),
            "asked_at": pa.array(rows["ts"].astype(np.int64)).cast(pa.timestamp("us")),
            "measure": pa.array(MEASURES).take(pa.array(rows["measure"].astype(np.int64))),
            "score": rows["score"].astype(np.int64),
            "answered": rows["answered"].astype(np.bool_),
            "opinion": rows["opinion"].astype(np.float64),
            "order_id": orders,
            "message_id": ids.take(pa.array(message, pa.int64(), mask=message < 0)),
        }
    )
