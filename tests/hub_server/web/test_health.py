from web_hub import HEALTHY, WebHub, value


def test_health_is_open_and_says_that_all_works(hub: WebHub) -> None:
    assert value(hub.stranger.get("/healthz")) == HEALTHY


def test_a_hub_that_is_not_well_answers_503(hub: WebHub) -> None:
    hub.health |= {"status": "degraded", "broker": "disconnected"}
    assert value(hub.stranger.get("/healthz"), 503)["broker"] == "disconnected"
