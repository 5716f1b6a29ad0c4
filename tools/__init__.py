"""Checks and generators that keep the house in order; part of the repository, not of the package.

What enters: the files of the repository. What leaves: findings, one a line, and an exit status.
Called by ``make check``, by pre-commit and by the tests in ``tests/unit/tools`` and ``tests/docs``.
"""
