"""One door per vendor; whatever is a vendor's name, type, limit or quirk stays behind it."""
