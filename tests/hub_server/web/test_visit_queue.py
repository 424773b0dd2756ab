"""What a phone does with a step that it cannot send: the queue of static/visit_queue.js, run in node against a hub."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

import hub_server.web

QUEUE = Path(hub_server.web.__file__).parent / "static" / "visit_queue.js"

# The hub: one alert whose history grows by what arrives, and a network that does as the script says.
WORLD = """
const { Queue } = await import(process.env.QUEUE);
const script = JSON.parse(process.env.SCRIPT);
let now = 1_000_000, timers = [], log = [];
const raised = { from: null, to: "open", outcome: null, report: null, author: "watch", note: "" };
const hub = { id: 7, state: "open", outcome: null, history: [raised] };
const clone = (value) => JSON.parse(JSON.stringify(value));
function apply(body) {
  if (body.report) {
    if (hub.state === "closed") return 409;
    const said = { report: body.report, author: body.author, note: body.note };
    hub.history.push({ from: hub.state, to: hub.state, outcome: null, ...said });
    return 200;
  }
  if (hub.state === body.state || hub.state === "closed") return 409;
  const said = { report: null, author: body.author, note: body.note };
  hub.history.push({ from: hub.state, to: body.state, outcome: body.outcome ?? null, ...said });
  [hub.state, hub.outcome] = [body.state, body.outcome ?? null];
  return 200;
}
const kept = new Map(script.kept ? [["shouwang.visits", JSON.stringify(script.kept)]] : []);
const storage = {
  getItem: (key) => (script.keepsNothing ? null : kept.get(key) ?? null),
  setItem: (key, text) => { if (script.keepsNothing) throw new Error("full"); kept.set(key, text); },
};
// Of each request in turn: ok, away, lost (it arrives, the answer does not), or a status.
const network = script.network;
const turn = () => network.shift() ?? "ok";
const queue = new Queue({
  storage,
  async send(entry, body) {
    const how = turn();
    log.push(["send", body.report ?? body.outcome ?? body.state, how]);
    if (how === "away") return { status: 0, told: {}, wrong: "" };
    if (typeof how === "number") return { status: how, told: {}, wrong: "no" };
    const status = apply(body);
    return how === "lost" ? { status: 0, told: {}, wrong: "" } : { status, told: clone(hub), wrong: "" };
  },
  async ask() {
    const how = turn();
    log.push(["ask", how]);
    return how === "ok" ? { status: 200, told: clone(hub) } : { status: typeof how === "number" ? how : 0, told: {} };
  },
  on: { changed() {}, stored: (entry) => log.push(["stored", entry.words]) },
  clock: () => now,
  later: (job, ms) => { const timer = { job, ms }; timers.push(timer); return timer; },
  cancel: (timer) => { timers = timers.filter((one) => one !== timer); },
});
for (const [what, given] of script.do) {
  const body = { note: "", author: "王敏", ...given?.body };
  if (what === "add") await queue.add({ alert: "7", steps: 1, words: given.words, body });
  else if (what === "wait") { now += given; for (const { job } of timers.splice(0)) await job(); }
  else if (what === "other") apply({ note: "", ...given });
  else if (what === "again") await queue.again(queue.entries[0].key);
  else await queue.flush();
}
console.log(JSON.stringify({
  log, state: hub.state, history: hub.history, waits: timers.map((one) => one.ms),
  entries: queue.entries.map(({ words, trouble, tries }) => ({ words, trouble, tries })),
}));
"""
GO = {"words": "出发", "body": {"state": "on_the_way"}}
WELL = {"words": "平安", "body": {"state": "closed", "outcome": "well", "note": "在菜地里"}}
NOT_FOUND = {"words": "没找到", "body": {"report": "not_found", "note": "没人应"}}
SECOND = 1000


def run(*do: tuple[str, object], network: list[object] | None = None, **more: object) -> Any:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed: the browser's queue is not tried")
    script = {"do": do, "network": network or [], **more}
    done = subprocess.run(
        [node, "--input-type=module"],
        input=WORLD,
        env={"QUEUE": QUEUE.as_uri(), "SCRIPT": json.dumps(script)},
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_with_a_network_a_step_is_sent_at_once_and_not_asked_after() -> None:
    found = run(("add", GO))
    assert found["log"] == [["send", "on_the_way", "ok"], ["stored", "出发"]]
    assert found["entries"] == []
    assert found["waits"] == []


def test_without_one_it_waits_and_is_sent_later_in_order() -> None:
    away = run(("add", GO), ("add", WELL), network=["away", "away"])
    assert [entry["words"] for entry in away["entries"]] == ["出发", "平安"]
    assert away["state"] == "open"
    assert away["waits"], "it tries again by itself"
    later = run(("add", GO), ("add", WELL), ("wait", 3 * SECOND), network=["away", "away"])
    assert later["state"] == "closed"
    assert [step["to"] for step in later["history"]] == ["open", "on_the_way", "closed"]
    assert later["entries"] == []


def test_each_failure_waits_longer_up_to_half_a_minute() -> None:
    waits = []
    for tries in range(1, 8):
        do: list[tuple[str, object]] = [("add", GO), *[("wait", 1) for _ in range(tries - 1)]]
        waits += run(*do, network=["away"] * 20)["waits"]
    assert waits == [3000, 6000, 12000, 24000, 30000, 30000, 30000]


@pytest.mark.parametrize("step", [GO, WELL, NOT_FOUND])
def test_when_only_the_answer_was_lost_the_step_is_done_and_not_taken_twice(step: dict[str, Any]) -> None:
    found = run(("add", step), ("wait", 3 * SECOND), network=["lost"])
    assert len(found["history"]) == 2, "a report taken twice would climb the ladder twice"
    assert found["log"][-1] == ["stored", step["words"]]
    assert ["ask", "ok"] in found["log"]
    assert found["entries"] == []


def test_a_step_that_is_there_already_counts_as_done() -> None:
    found = run(("other", {"state": "on_the_way", "author": "王敏"}), ("add", GO))
    assert found["log"] == [["send", "on_the_way", "ok"], ["ask", "ok"], ["stored", "出发"]]
    assert found["entries"] == []


def test_somebody_else_s_step_is_not_mine_and_what_i_wrote_is_kept() -> None:
    found = run(("other", {"state": "closed", "outcome": "well", "author": "刘洋"}), ("add", WELL))
    assert found["entries"] == [{"words": "平安", "trouble": "changed", "tries": 1}]
    assert len(found["history"]) == 2


def test_what_is_refused_stays_in_sight_and_holds_up_no_other() -> None:
    found = run(("add", NOT_FOUND), ("add", GO), network=[422])
    assert found["entries"] == [{"words": "没找到", "trouble": "refused", "tries": 1}]
    assert found["state"] == "on_the_way"
    again = run(("add", NOT_FOUND), ("again", None), network=[422])
    assert again["entries"] == []


@pytest.mark.parametrize("status", [401, 403])
def test_after_logging_in_again_it_is_sent(status: int) -> None:
    found = run(("add", GO), ("flush", None), network=[status])
    assert found["entries"] == [{"words": "出发", "trouble": "login", "tries": 1}], "it is not tried until then"
    assert run(("add", GO), ("again", None), network=[status])["state"] == "on_the_way"


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_a_hub_that_is_busy_is_asked_again(status: int) -> None:
    found = run(("add", GO), ("wait", 3 * SECOND), network=[status])
    assert found["state"] == "on_the_way"
    assert found["entries"] == []


def test_what_waited_before_the_page_was_opened_is_sent() -> None:
    body = {"state": "closed", "outcome": "well", "note": "在菜地里", "author": "王敏"}
    waits = {
        "key": "k",
        "at": 1_000_000,
        "alert": "7",
        "steps": 1,
        "words": "平安",
        "tries": 2,
        "trouble": "",
        "body": body,
    }
    kept = [waits]
    found = run(("flush", None), kept=kept)
    assert found["state"] == "closed"
    assert found["entries"] == []


def test_what_was_sent_long_afterwards_says_when_it_was_written_down() -> None:
    found = run(("add", WELL), ("wait", 600 * SECOND), network=["away"])
    note = found["history"][-1]["note"]
    assert note.startswith("在菜地里（")
    assert note.endswith("记下，当时没有网络）")
    soon = run(("add", WELL), ("wait", 3 * SECOND), network=["away"])
    assert soon["history"][-1]["note"] == "在菜地里"


def test_a_browser_that_keeps_nothing_sends_all_the_same() -> None:
    found = run(("add", GO), ("wait", 3 * SECOND), network=["away"], keepsNothing=True)
    assert found["state"] == "on_the_way"


@pytest.mark.parametrize("kept", ["nonsense", 5, {"a": 1}])
def test_what_cannot_be_read_is_nothing(kept: object) -> None:
    assert run(("add", GO), kept=kept)["state"] == "on_the_way"
