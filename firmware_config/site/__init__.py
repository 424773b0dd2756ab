"""A site: its certificates, its broker, its hub, as a folder of files."""
