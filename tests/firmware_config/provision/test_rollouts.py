"""Settings and models from the command line to a real hub: what is sent, what is refused before it is sent."""

from pathlib import Path

import pytest
from technician import Desk

from edge_agent.wire.model_bundle import unpack
from firmware_config.provision.errors import UsageError
from firmware_config.provision.rollout_content import bundle_of, check, wanted

COUNT = iter(range(1000))
MODELS = Path(__file__).resolve().parents[3] / "models"


@pytest.fixture
def gate(desk: Desk) -> str:
    name = f"rolled-{next(COUNT)}"
    desk.must("device", "add", name, "--place", "东门", "--area", "桂花村", "--kind", "barrier")
    return name


def test_settings_are_pushed_shown_and_stopped(desk: Desk, gate: str) -> None:
    made = desk.must(
        "config", "push", "--device", gate, "--set", "camera.fps=10", "--set", 'plates.prior={ "皖" = 0.9 }'
    )
    assert made["state"] == "running"
    assert made["change"] == {"camera": {"fps": 10}, "plates": {"prior": {"皖": 0.9}}}
    assert [one["state"] for one in made["devices"]] == ["offered"]
    number = str(made["id"])
    assert f"provision rollout show {number}" in made["next"]
    assert made["id"] in [row["id"] for row in desk.must("rollout", "list")["rollouts"]]
    assert desk.must("rollout", "show", number)["stage"] == 0
    (item,) = desk.must("config", "show", gate)["items"]
    assert (item["version"], item["held_version"]) == (1, None)
    stopped = desk.must("rollout", "stop", number, "--back", "--yes")
    assert stopped["state"] == "stopped"
    assert [one["state"] for one in stopped["devices"]] == ["returning"]


def test_a_dry_run_and_a_refusal_leave_nothing_at_the_hub(desk: Desk, gate: str) -> None:
    before = desk.must("rollout", "list")["rollouts"]
    assert desk.must("config", "push", "--device", gate, "--set", "camera.fps=10", "--dry-run")["dry_run"]
    assert desk.must("models", "push", "--installed", "--device", gate, "--dry-run")["dry_run"]
    for words in (
        ("config", "push", "--device", gate, "--set", "camera.fps=1000"),
        ("config", "push", "--device", gate, "--set", "hub.host=elsewhere"),
        ("config", "push", "--device", gate),
        ("config", "push", "--device", "no-such-gate", "--set", "camera.fps=10"),
    ):
        assert desk.type(*words).status != 0
    assert desk.must("rollout", "list")["rollouts"] == before


def test_a_second_push_while_one_runs_is_refused_in_words(desk: Desk, gate: str) -> None:
    first = desk.must("config", "push", "--device", gate, "--set", "camera.fps=10")
    again = desk.type("config", "push", "--device", gate, "--set", "camera.fps=12")
    assert again.status == 1
    assert f"{gate} is in rollout {first['id']}" in again.err
    desk.must("rollout", "stop", str(first["id"]), "--yes")


def test_models_go_up_as_one_bundle_and_roll_out(desk: Desk, gate: str) -> None:
    made = desk.must("models", "push", str(MODELS), "--device", gate, "--note", "夜间更准")
    assert (made["kind"], made["note"]) == ("model", "夜间更准")
    assert [one["state"] for one in made["devices"]] == ["offered"]
    desk.must("rollout", "stop", str(made["id"]), "--yes")
    back = desk.must("models", "push", "--installed", "--device", gate)
    assert back["release"] > made["release"]
    desk.must("rollout", "stop", str(back["id"]), "--yes")


def test_a_bundle_is_the_folders_models_and_nothing_else() -> None:
    names = set(unpack(bundle_of(MODELS)))
    assert "manifest.toml" in names
    assert "README.md" not in names
    assert {path.name for path in MODELS.glob("*.tflite")} < names


def test_a_file_of_settings_gives_way_to_what_is_typed(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text('[camera]\nfps = 12\nwidth = 640\n[plates]\ndirection = "in"\n')
    assert wanted(["camera.fps=10", "camera.width=", "camera.source=rtsp://10.0.4.17/a?b=c"], file) == {
        "camera": {"fps": 10, "width": None, "source": "rtsp://10.0.4.17/a?b=c"},
        "plates": {"direction": "in"},
    }


@pytest.mark.parametrize("typed", ["camera", "camera=1", "fps=10", ".fps=1", "camera.=1"])
def test_what_is_no_setting_is_refused(typed: str) -> None:
    with pytest.raises(UsageError):
        wanted([typed], None)


@pytest.mark.parametrize(
    "settings",
    [
        {"camera": {"fps": "fast"}},
        {"camera": {"name": "west"}},
        {"journal": {"size_max_mb": 1}},
        {"plates": {"rejoin_s": 0.4}},
        {"faces": {"enabled": False}},
    ],
)
def test_settings_that_no_device_would_take_are_refused_here(settings: dict[str, dict[str, object]]) -> None:
    with pytest.raises(UsageError):
        check(settings)


def test_settings_that_a_device_takes_pass() -> None:
    check({"camera": {"fps": 10, "width": None}, "plates": {"enabled": True}, "passage": {"gap_s": 3}})
