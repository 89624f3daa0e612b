"""The operator's page: HTML and a small script over the read-only views; knows ports, no vendor of state or objects."""
