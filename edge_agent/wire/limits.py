"""Every limit of the protocol, in one place. Both sides check them; PROTOCOL.md lists them."""

EVENT_BYTES_MAX = 16 * 1024
PASS_SHEET_BYTES_MAX = 200 * 1024  # a pass sheet, the one event with a picture
PASS_PICTURE_BYTES_MAX = 96 * 1024  # of its JPEG, before base64
BATCH_EVENTS_MAX = 100
PAYLOAD_BYTES_MAX = 256 * 1024  # one MQTT payload, of any topic
WINDOW_EVENTS_MAX = 400  # published above the hub's last ack; more waits in the journal
INTEGER_MAX = 2**53 - 1  # what JSON readers everywhere keep exact; as microseconds it reaches the year 2255
ACK_WAIT_S = 15  # without progress for this long the agent says hello again
HELLO_EVERY_S = 3600  # so often at least, whatever happens: a word that got lost is made good
CHALLENGE_EVERY_S = 10  # a device that takes commands says a new one so often
CHALLENGE_AGE_S_MAX = 15  # a command that quotes an older one is refused; by the device's clock of this boot
LEFT_EPOCHS_MAX = 64  # in one hello; of more, each names the next ones
