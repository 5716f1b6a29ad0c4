"""Demo: shops to try things on, and playing them through.

Enters: an opened, empty workspace. Leaves: it filled, trained, scored, its journey played through, and a
:class:`Summary` of what was found. Real data lie beside their workspace's documents; the simulated shop
is a world that is stepped (``shop/``). May be called by ``bench`` and ``cli``.
"""

from __future__ import annotations

from foretell.demo.datasets import DATASETS, Dataset
from foretell.demo.living import tell_history
from foretell.demo.play import Options, play, play_journeys, play_past, world_of
from foretell.demo.shop import ShopSettings, ShopWorld, WorldStep, shop_opinions, shop_truth
from foretell.demo.summary import Steps, Summary

__all__ = [
    "DATASETS",
    "Dataset",
    "Options",
    "ShopSettings",
    "ShopWorld",
    "Steps",
    "Summary",
    "WorldStep",
    "play",
    "play_journeys",
    "play_past",
    "shop_opinions",
    "shop_truth",
    "tell_history",
    "world_of",
]
