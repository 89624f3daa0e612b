"""Rules: values in, values out; no I/O, no clock, no logging, no vendor but pandas in one file."""
