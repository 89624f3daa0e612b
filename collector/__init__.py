"""collector keeps a complete, exactly-once CSV copy of the tweets of X accounts."""
