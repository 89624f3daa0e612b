"""How many examples a law is tried on: the same ones every time, so that a build does not fail by chance."""

from hypothesis import settings

laws = settings(max_examples=100, deadline=None, derandomize=True)
few = settings(max_examples=25, deadline=None, derandomize=True)
