"""Settings and models from the hub: versioned, signed, tried, and rolled back by themselves. See README.md."""
