"""Galleries, configurations and models from the hub: received in pieces, handed over whole or not at all."""
