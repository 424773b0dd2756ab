"""Who is the broker, who is the hub, who is which device."""
