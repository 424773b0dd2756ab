// Brings the snapshot to life: the stream's rows go to their lists, the clock moves, the buttons work.
import { Attention } from "./attention.js";
import { Closed } from "./closed.js";
import { CorrectionForm } from "./correction.js";
import { Coverage } from "./coverage.js";
import { Hints } from "./hints.js";
import { PersonDialog } from "./person.js";
import { Plates } from "./plates.js";
import { fill, Rows } from "./rows.js";
import { Sightings } from "./sightings.js";
import { StepForm } from "./step.js";
import { Stream } from "./stream.js";
import { Told } from "./told.js";
import * as words from "./words.js";

const TICK_MS = 5000;
const SILENT = new Set(["observing", "clock_anchor"]); // nobody passes, and nothing is wrong
const page = document.body.dataset;
const rowsMax = Number(page.rowsMax), zoneS = Number(page.zoneS);
const at = (id) => document.getElementById(id);
// The hub's clock, not this machine's: what is overdue is measured by it.
const aheadMs = Date.parse(page.now) - Date.now();
const nowS = () => Math.floor((Date.now() + aheadMs) / 1000);

words.setZone(zoneS);
const alerts = { rows: [], list: new Rows(at("alert-rows"), "alert-row") };
const watches = { rows: new Map(), list: new Rows(at("watch-rows"), "watch-row") };
const devices = { rows: new Map(), list: new Rows(at("device-rows"), "device-row") };
const gates = { rows: new Map(), list: new Rows(at("gate-rows"), "gate-row") };
const plates = new Plates(Number(page.platesMax), nowS);
const coverage = new Coverage(at("alert-rows"));
const told = new Told(at("alert-rows"), nowS);
const closed = new Closed(Number(page.closedMax), nowS);
const places = new Map();
const sightings = new Sightings(rowsMax, nowS);
let aliveS = nowS();

function showAlerts() {
  alerts.list.show(alerts.rows.map((row) => [row.id, words.alert(row, places, nowS()), { state: row.state }]));
  coverage.refresh();
  told.refresh(alerts.rows);
  document.title = `${alerts.rows.length ? `(${alerts.rows.length}) ` : ""}守望 Shouwang`;
}

const RANK = { paused: 1, off: 2 }; // the others first
function showWatches() {
  const soonest = [...watches.rows.values()].sort(
    (one, other) => (RANK[one.state] ?? 0) - (RANK[other.state] ?? 0) || words.seconds(one.due_at) - words.seconds(other.due_at) || one.id - other.id,
  );
  watches.list.show(soonest.slice(0, rowsMax).map((row) => [row.id, words.watch(row, places, nowS()), { state: row.state }]));
  at("watch-count").textContent = soonest.length || "";
}

function showDevices() {
  const rows = [...devices.rows.values()].sort((one, other) => one.online - other.online || (one.id < other.id ? -1 : 1));
  devices.list.show(rows.slice(0, rowsMax).map((row) => [row.id, words.device(row, nowS()), { online: row.online ? "yes" : "no" }]));
  at("device-count").textContent = rows.length ? `${rows.filter((row) => row.online).length}/${rows.length}` : "";
}

function showGates() {
  const rows = [...gates.rows.values()].sort((one, other) => (one.id < other.id ? -1 : 1));
  gates.list.show(rows.map((row) => [row.id, words.gate(row), {}]));
}

// What has come so far, with the places and the time as they are now.
function showAgain() {
  if (alerts.rows.length) showAlerts();
  if (watches.rows.size) showWatches();
}

function live(up) {
  if (up) aliveS = nowS();
  document.body.classList.toggle("stale", !up);
  at("live").dataset.live = up ? "yes" : "no";
  fill(at("live-words"), up ? { zh: "实时", en: "live" } : { zh: "重连中", en: "reconnecting" });
  if (at("banner").hidden) at("banner-since").textContent = words.clock(new Date(aliveS * 1000).toISOString(), nowS());
  at("banner").hidden = up;
}

const heard = (show) => (data) => {
  aliveS = nowS();
  show(data);
};

function done(text) {
  at("toast").textContent = text;
  setTimeout(() => { at("toast").textContent = ""; }, 4000);
}

const stepForm = new StepForm({ zoneS, done });
const attention = new Attention({ rowsMax: Number(page.waitingMax), nowS, done });
const correction = new CorrectionForm({ done });
const person = new PersonDialog({ zoneS, nowS, done });
new Hints(rowsMax, nowS);

// who: a row of an alert, a watch or a hint.
function explain(who) {
  const watch = [...watches.rows.values()].find((row) => row.person === who.person);
  const alert = alerts.rows.find((row) => row.person === who.person);
  person.open({ person: who.person, name: who.person_name, watch: watch?.id ?? null, alert: alert?.id ?? null });
}

at("alert-rows").addEventListener("click", (event) => {
  const card = event.target.closest(".alert");
  const step = event.target.closest("[data-step]");
  if (step) stepForm.open(card.dataset.key, card.querySelector(".name").textContent, step.dataset.step);
  else if (event.target.closest("[data-why]")) explain(alerts.rows.find((row) => String(row.id) === card.dataset.key));
});
at("closed-rows").addEventListener("click", (event) => {
  const row = event.target.closest("[data-step]")?.closest(".ended");
  if (row) stepForm.open(row.dataset.key, row.querySelector(".who").textContent, "open");
});
at("watch-rows").addEventListener("click", (event) => {
  const row = event.target.closest("[data-why]")?.closest("tr");
  if (row) explain(watches.rows.get(Number(row.dataset.key)));
});
at("hint-rows").addEventListener("click", (event) => {
  const button = event.target.closest("[data-why]");
  if (button) explain({ person: button.closest(".hint").dataset.key, person_name: button.textContent });
});
at("sighting-rows").addEventListener("click", (event) => {
  const row = event.target.closest("[data-not]")?.closest(".sighting");
  if (row) correction.open(row);
});

document.documentElement.classList.add("live-page");
new Stream(page.after, {
  event: heard((row) => {
    if (!SILENT.has(row.type)) (row.type === "plate_read" ? plates : sightings).add(row);
  }),
  alerts: heard((rows) => { alerts.rows = rows; showAlerts(); closed.follow(rows); }),
  alarms: heard((rows) => attention.alarms(rows)),
  watches: heard((rows) => { for (const row of rows) watches.rows.set(row.id, row); showWatches(); }),
  devices: heard((rows) => {
    const moved = rows.some((row) => places.get(row.id) !== row.place);
    for (const row of rows) {
      devices.rows.set(row.id, row);
      places.set(row.id, row.place);
    }
    showDevices();
    attention.follow(devices.rows.values());
    if (moved) showAgain();
  }),
  gates: heard((rows) => { for (const row of rows) gates.rows.set(row.id, row); showGates(); }),
  office: heard((texts) => { at("outlook").dataset.tone = texts.tone; fill(at("outlook"), texts); }),
  up: () => live(true),
  down: () => live(false),
  stranger: () => location.reload(),
});

setInterval(() => {
  at("clock").textContent = words.clock(new Date(nowS() * 1000).toISOString(), nowS());
  showAgain();
  if (devices.rows.size) showDevices();
}, TICK_MS);
