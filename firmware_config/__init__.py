"""Files for the machines of a site."""
