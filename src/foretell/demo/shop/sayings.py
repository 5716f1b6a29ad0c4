"""What people write in answers to surveys and in reviews of products, by what it is about and in their language."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from foretell.demo.shop.draws import Bools, Floats, Ints

LANGUAGES = ("en", "de", "es", "fr")
LANGUAGE_SHARES = np.array([0.62, 0.30, 0.04, 0.04])
TOPICS = ("late", "damaged", "service", "price", "grumble", "neutral", "praise")
LATE, DAMAGED, SERVICE, PRICE, GRUMBLE, NEUTRAL, PRAISE = range(7)
"""What an answer is about. The first three say what went wrong."""
BAD, MIXED, GOOD = range(3)
"""What the words of a review are like."""

_ANSWERS: tuple[dict[str, str], ...] = (
    {
        "en": """
Delivery took far too long and nobody told me why.
The parcel came six days late, and tracking stood still all the time.
I needed it for a birthday, and it arrived after the birthday.
Late again. This is the second time in three months.
I had to ask twice where my parcel was before it finally came.
Ordered on Monday, promised for Thursday, delivered the week after.
Shipping is slow. The shop should say so before I pay.
The carrier left it at the wrong address, and it took a week to sort out.""",
        "de": """
Die Lieferung hat viel zu lange gedauert, und niemand hat mir gesagt, warum.
Das Paket kam eine Woche zu spät.
Ich musste zweimal nachfragen, wo mein Paket bleibt.
Schon wieder verspätet. Das geht so nicht.
Für ein Geburtstagsgeschenk kam es leider zu spät an.""",
        "es": "El paquete llegó con una semana de retraso.\nEl envío tarda demasiado y nadie avisa.",
        "fr": "Le colis est arrivé avec une semaine de retard.\nLivraison beaucoup trop longue, sans aucune nouvelle.",
    },
    {
        "en": """
The item was damaged and the return was a hassle.
The box was crushed, and what was in it was broken.
It had deep scratches when I unpacked it. Poor packaging.
One handle was broken off. I would have liked a replacement at once.
Arrived broken. Please pack fragile things better.""",
        "de": """
Die Ware kam beschädigt an, und die Rücksendung war umständlich.
Der Karton war zerdrückt und der Inhalt zerbrochen.
Leider mit tiefen Kratzern geliefert. Schlecht verpackt.""",
        "es": "El artículo llegó roto y el embalaje era muy malo.",
        "fr": "Article abîmé à l'arrivée, l'emballage était insuffisant.",
    },
    {
        "en": """
I waited for an answer from support and never got one.
Three mails to the service team, and not one reply.
Nobody in support felt responsible for my question.
The service was friendly, but my problem is still not solved.
The hotline kept me waiting for half an hour, and then the line was cut.""",
        "de": """
Der Kundenservice hat auf meine Fragen nie geantwortet.
Drei E-Mails geschrieben, keine Antwort bekommen.
Der Service war freundlich, aber mein Problem ist immer noch nicht gelöst.""",
        "es": "El servicio de atención al cliente nunca me respondió.",
        "fr": "Le service client ne m'a jamais répondu.",
    },
    {
        "en": """
Too expensive. I found the same thing cheaper elsewhere.
Prices have gone up a lot, and the quality has not.
Good things, but shipping costs more than what I ordered.
I would buy more often if there were fair discounts.
The price was raised while it lay in my basket.""",
        "de": """
Zu teuer, anderswo gibt es das günstiger.
Die Preise sind stark gestiegen, die Qualität nicht.
Die Versandkosten sind einfach zu hoch.""",
        "es": "Los precios son demasiado altos para lo que es.",
        "fr": "Trop cher, on trouve la même chose ailleurs pour moins.",
    },
    {
        "en": """
Quality is not what it used to be. I will look elsewhere.
The pictures on the site look nothing like the real thing.
The shop is hard to search, and half of it was sold out.
The colours are dull, and the material feels cheap.
I cannot say that I liked it.""",
        "de": """
Die Qualität ist nicht mehr das, was sie einmal war.
Die Bilder auf der Seite haben mit der Ware wenig zu tun.
Die Suche im Shop ist schlecht, und die Hälfte war ausverkauft.""",
        "es": "La calidad ya no es la de antes.",
        "fr": "La qualité n'est plus ce qu'elle était.",
    },
    {
        "en": """
All fine, though the shop could be easier to search.
Good product, shipping costs are a bit high.
It is okay. A little more choice would be nice.
Nothing special, but it does what it should.
Fine so far. Let us see how long it lasts.
The product is good, the delivery was average.""",
        "de": """
Alles in Ordnung, nur die Suche könnte besser sein.
Gutes Produkt, die Versandkosten sind etwas hoch.
Ganz okay, etwas mehr Auswahl wäre schön.""",
        "es": "Está bien, aunque podría haber más variedad.",
        "fr": "Correct, mais il manque un peu de choix.",
    },
    {
        "en": """
Fast, well packed, exactly as described. I will order again.
Lovely quality and a handwritten card in the box!
Great service, my question was answered within the hour.
Always a pleasure to find something new here.
Arrived a day early, and it is beautiful.
Best shop for presents that I know.
Friendly people on the phone, and the best prices in town.
Everything was perfect, from the order to the parcel.""",
        "de": """
Schnell geliefert, gut verpackt, gerne wieder!
Tolle Qualität, und eine handgeschriebene Karte lag dabei.
Super Service, meine Frage wurde sofort beantwortet.
Immer wieder schön, hier etwas Neues zu entdecken.""",
        "es": "Todo perfecto, muy rápido y bien embalado.\nUna calidad excelente, volveré a comprar.",
        "fr": "Très rapide et bien emballé, je recommande.\nQualité excellente, je reviendrai.",
    },
)
_REVIEWS: tuple[dict[str, str], ...] = (
    {
        "en": """
Broke after a week. Not worth the money.
It arrived with a crack, and it looks nothing like the picture.
The material is thin and cheap.
Very disappointed, I sent it back.""",
        "de": "Nach einer Woche kaputt. Das Geld nicht wert.\nBilliges Material, ich habe es zurückgeschickt.",
        "es": "Se rompió a la semana.",
        "fr": "Cassé au bout d'une semaine.",
    },
    {
        "en": """
It is okay for the price.
Does its job, but the finish could be better.
Smaller than I thought.""",
        "de": "Für den Preis in Ordnung.\nKleiner als gedacht, erfüllt aber seinen Zweck.",
        "es": "Correcto por el precio.",
        "fr": "Correct pour le prix.",
    },
    {
        "en": """
Exactly what I was looking for. Feels solid and looks great.
I use it every day. Excellent quality.
Beautiful, well made, and it came nicely packed.
My second one already. Bought it as a present this time.""",
        "de": "Genau das, was ich gesucht habe. Sehr gute Qualität.\nWunderschön verarbeitet, täglich in Gebrauch.",
        "es": "Una calidad excelente, lo uso todos los días.",
        "fr": "Très belle qualité, je l'utilise tous les jours.",
    },
)


@dataclass(frozen=True)
class Sayings:
    """Sentences, and where those about something in a language stand.

    Args:
        texts, languages: one each, by position.
        starts, sizes: shape (what it is about, language).
    """

    texts: tuple[str, ...]
    languages: tuple[str, ...]
    starts: Ints
    sizes: Ints

    def choose(self, about: Ints, language: Ints, unit: Floats, writes: Bools) -> Ints:
        """Positions of sentences; -1 for those who write nothing.

        Args:
            unit: numbers in [0, 1).
        """
        place = self.starts[about, language] + (unit * self.sizes[about, language]).astype(np.int64)
        return np.where(writes, place, -1)


def _sayings(told: tuple[dict[str, str], ...]) -> Sayings:
    parts = [[text.strip("\n").split("\n") for text in (one[language] for language in LANGUAGES)] for one in told]
    sizes = np.array([[len(lines) for lines in one] for one in parts], np.int64)
    starts = np.concatenate([[0], np.cumsum(sizes.ravel())[:-1]]).reshape(sizes.shape).astype(np.int64)
    texts = tuple(line for one in parts for lines in one for line in lines)
    spoken = tuple(LANGUAGES[place] for one in parts for place, lines in enumerate(one) for _ in lines)
    return Sayings(texts, spoken, starts, sizes)


ANSWERS, REVIEWS = _sayings(_ANSWERS), _sayings(_REVIEWS)
WORDS = ANSWERS.texts + REVIEWS.texts
"""What people say of messages: answers first, then reviews."""


def topic_of(text: str) -> str | None:
    """What an answer is about, as somebody who hears it understands it; None where nobody in this shop would say it."""
    if text not in ANSWERS.texts:
        return None
    return TOPICS[int(np.searchsorted(ANSWERS.starts[:, 0], ANSWERS.texts.index(text), side="right")) - 1]
