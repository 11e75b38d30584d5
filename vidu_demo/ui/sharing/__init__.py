"""What leaves the app: zips of takes, links to single videos, videos without their settings."""
