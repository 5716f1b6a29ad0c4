"""Demo: the main job on real data, from files to profiles, predictions, segments and KPIs.

Enters: a folder and a data set's name. Leaves: a workspace that holds everything, and a
:class:`Summary`. Called by ``cli`` alone. A data set is a folder with ``workspace/`` (definitions) and
``data/`` (files with their licence).
"""

from __future__ import annotations

from foretell.demo.datasets import DATASETS, Dataset
from foretell.demo.play import Summary, play

__all__ = ["DATASETS", "Dataset", "Summary", "play"]
