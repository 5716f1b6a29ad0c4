"""What the shop sells: 300 products in ten categories, made from a seed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from foretell.demo.shop.draws import Draws, Floats, Ints, place_in

SITE = "https://shop.example"
PER_CATEGORY = 30


_ASSORTMENT = """
Coffee & Tea | 1490 | Bremer Rösthaus, Teehof, Kaffeewerk
Espresso Beans, Filter Coffee, Green Tea, Chai Blend, Cold Brew Kit
Hand Grinder, Pour-over Set, Milk Frother, Tea Tin, Moka Pot
Kitchen | 3490 | Stahlmann, Holzgut, Nordküche
Cast Iron Pan, Chef's Knife, Cutting Board, Saucepan, Mixing Bowls
Salad Spinner, Baking Tin, Pepper Mill, Storage Jars, Rolling Pin
Home | 2990 | Lumen, Hygge & Haus, Fjordlicht
Wool Blanket, Linen Cushion, Table Lamp, Scented Candle, Wall Clock
Vase, Picture Frame, Door Mat, Storage Basket, Throw
Garden | 2490 | Grünwerk, Gartenfreund, Floris
Planter, Watering Can, Herb Seeds, Pruning Shears, Bird Feeder
Garden Gloves, Hand Trowel, Hose Set, Solar Lights, Raised Bed
Outdoor | 5990 | Alpin & Co, Trailhaus, Windfang
Day Pack, Rain Jacket, Trekking Poles, Camping Stove, Sleeping Bag
Head Torch, Water Bottle, Hiking Socks, Hammock, Picnic Blanket
Sport | 3990 | Vela, Pulsar, Kraftraum
Yoga Mat, Running Shirt, Resistance Bands, Kettlebell, Bike Lights
Swim Goggles, Skipping Rope, Foam Roller, Gym Bag, Training Gloves
Kids | 2290 | Kinderkram, Holzwurm, Lila Wolke
Wooden Train, Picture Book, Building Blocks, Puzzle, Plush Bear
Craft Set, Rain Boots, Lunch Box, Night Light, Card Game
Beauty | 1890 | Reinzeit, Aloe & Salz, Naturell
Hand Cream, Face Oil, Shampoo Bar, Body Scrub, Lip Balm
Bath Salts, Shaving Set, Sun Cream, Hair Brush, Soap Trio
Pets | 1990 | Pfotenglück, Streuner, Tierisch
Dog Bed, Cat Scratcher, Dry Food, Chew Toy, Dog Lead
Cat Tunnel, Feeding Bowl, Treats, Grooming Brush, Travel Box
Stationery | 1290 | Papeterie Blau, Federkiel, Blattwerk
Notebook, Fountain Pen, Desk Organiser, Washi Tape, Year Planner
Pencil Set, Letter Paper, Desk Mat, Stamp Set, Sketch Pad
"""
"""Three lines a category: its name, usual price in cents and brands; and two of what it holds."""


@dataclass(frozen=True)
class _Range:
    category: str
    price_minor: int
    brands: list[str]
    nouns: list[str]


def _range(head: str, *nouns: str) -> _Range:
    category, price_minor, brands = head.split(" | ")
    return _Range(category, int(price_minor), brands.split(", "), ", ".join(nouns).split(", "))


_LINES = _ASSORTMENT.split("\n")[1:-1]
_RANGES = [_range(*lines) for lines in zip(_LINES[::3], _LINES[1::3], _LINES[2::3], strict=True)]
_MAKES = ("Classic", "Natural", "Compact", "Nordic", "Everyday", "Fine", "Travel", "Studio", "Heritage")
CATEGORIES = tuple(entry.category for entry in _RANGES)


@dataclass(frozen=True)
class Catalogue:
    """Products by number.

    Args:
        table: product_id, name, category, brand, price_minor, url, image_url; one row a product.
        price_minor: list price in cents.
        category: number of the category.
        popularity: weights of the products within their category.
        quality: stars that people give on average to what arrives whole.
        fragments: each product as the inside of a JSON object, without price and quantity's braces.
    """

    table: pa.Table
    price_minor: Ints
    category: Ints
    popularity: Floats
    quality: Floats
    fragments: pa.Array

    def choose(self, unit: Mapping[str, Floats], purpose: str, taste: Ints) -> Ints:
        """A product for each session: of the taste three times in four, else of any category.

        Args:
            unit: draws, with those that :func:`choosing` names.
        """
        strays = unit[purpose + " strays"] < 0.25
        anywhere = (unit[purpose + " category"] * len(CATEGORIES)).astype(np.int64)
        category = np.where(strays, anywhere, taste)
        return category * PER_CATEGORY + place_in(self.popularity, unit[purpose + " product"])


def choosing(*purposes: str) -> tuple[str, ...]:
    """What is drawn for choosing products."""
    return tuple(f"{purpose} {part}" for purpose in purposes for part in ("strays", "category", "product"))


def make_catalogue(seed: int) -> Catalogue:
    """The catalogue of a seed."""
    draws, rows = Draws(seed), []
    number = np.arange(len(CATEGORIES) * PER_CATEGORY, dtype=np.int64)
    spread = np.exp(0.45 * draws.normal("list price", number))
    makes = (draws.unit("make", number // 3) * 7).astype(int)
    for product in number.tolist():
        category, place = divmod(product, PER_CATEGORY)
        entry = _RANGES[category]
        brand = entry.brands[place % 3]
        name = f"{_MAKES[(makes[product] + place % 3) % len(_MAKES)]} {entry.nouns[place // 3]}"
        price = max(290, int(round(entry.price_minor * spread[product] / 100) * 100 - 10))
        slug = f"{name} {product + 1}".lower().replace("'", "").replace(" ", "-")
        url = f"{SITE}/p/{slug}"
        image = f"{SITE}/images/P{product + 1:04d}.jpg"
        rows.append((f"P{product + 1:04d}", name, CATEGORIES[category], brand, price, url, image))
    names = ["product_id", "name", "category", "brand", "price_minor", "url", "image_url"]
    table = pa.table(dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)))
    return Catalogue(
        table=table,
        price_minor=np.array([row[4] for row in rows], np.int64),
        category=number // PER_CATEGORY,
        popularity=np.arange(1, PER_CATEGORY + 1, dtype=np.float64) ** -0.8,
        quality=np.clip(4.35 + 0.5 * draws.normal("quality", number), 2.2, 5.0),
        fragments=pa.array([_fragment(names, row) for row in rows], pa.large_string()),
    )


def _fragment(names: list[str], row: tuple[object, ...]) -> str:
    fields = {name: value for name, value in zip(names, row, strict=True) if name != "price_minor"}
    price = int(str(row[4])) / 100
    return json.dumps({**fields, "price": price}, ensure_ascii=False, separators=(",", ":"))[1:-1]
