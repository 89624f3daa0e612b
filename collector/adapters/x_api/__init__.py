"""The X API v2 through tweepy: what is asked, how answers are read, and how long to wait."""

from collector.adapters.x_api.client import Retries, XApi
from collector.adapters.x_api.credentials import XCredentials

__all__ = ["Retries", "XApi", "XCredentials"]
