"""The steps in order: plan, fetch, publish, commit, and the read-only views; knows ports only."""
