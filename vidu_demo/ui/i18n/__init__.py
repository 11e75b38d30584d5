"""The page in English and Chinese."""
