"""What standards look things up in: names, signs, forms and rates."""

from __future__ import annotations
