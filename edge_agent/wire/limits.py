"""Every limit of the protocol, in one place. Both sides check them; PROTOCOL.md lists them."""

EVENT_BYTES_MAX = 16 * 1024
BATCH_EVENTS_MAX = 100
PAYLOAD_BYTES_MAX = 256 * 1024  # one MQTT payload, of any topic
WINDOW_EVENTS_MAX = 400  # published above the hub's last ack; more waits in the journal
INTEGER_MAX = 2**53 - 1  # what JSON readers everywhere keep exact; as microseconds it reaches the year 2255
ACK_WAIT_S = 15  # without progress for this long the agent says hello again
HELLO_EVERY_S = 3600  # so often at least, whatever happens: a word that got lost is made good
LEFT_EPOCHS_MAX = 64  # in one hello; of more, each names the next ones
