// A device is asked for something; what it says is waited for, and shown.
import { ask } from "./send.js";

const POLL_MS = 700, WAIT_MS = 30_000, PICTURE_WAIT_MS = 8_000;
const told = document.getElementById("asked"), figure = document.getElementById("picture-now"), facts = document.getElementById("facts-now");
let turn = 0; // whoever asks again does not see the answer to the question before

function say(state, { why = "" } = {}) {
  for (const line of told.querySelectorAll("[data-state]")) line.hidden = line.dataset.state !== state;
  for (const line of told.querySelectorAll("[data-refusal]")) line.hidden = line.dataset.refusal !== why;
  const place = told.querySelector("[data-why]");
  if (place) place.textContent = why;
}

function show(path) {
  const image = new Image();
  image.alt = figure.dataset.alt;
  image.addEventListener("error", () => { figure.hidden = true; say("lost"); });
  image.src = path;
  figure.replaceChildren(image);
  figure.hidden = false;
}

function list(found) {
  facts.replaceChildren(...Object.entries(found).map(([name, text]) => {
    const row = document.createElement("div"), term = document.createElement("dt"), value = document.createElement("dd");
    const words = document.querySelector(`[data-fact="${CSS.escape(name)}"]`);
    term.replaceChildren(...(words ? words.cloneNode(true).childNodes : [name]));
    value.textContent = text;
    row.append(term, value);
    return row;
  }));
  facts.hidden = false;
}

const pause = (ms) => new Promise((done) => { setTimeout(done, ms); });

async function settled(id, mine) {
  const ends = Date.now() + WAIT_MS;
  let pieces = 0;
  while (mine === turn) {
    const command = await ask(`/api/v1/commands/${encodeURIComponent(id)}`);
    if (command && command.state !== "waiting") {
      const whole = command.kind !== "picture" || command.state !== "done" || command.picture;
      pieces ||= Date.now();
      if (whole || Date.now() - pieces > PICTURE_WAIT_MS) return command;
    }
    if (Date.now() > ends) return command;
    await pause(POLL_MS);
  }
  return null;
}

document.addEventListener("sent", async (event) => {
  if (!event.target.dataset.asks) return;
  const mine = (turn += 1), button = event.target.querySelector("button");
  figure.hidden = facts.hidden = true;
  say("waiting");
  button.disabled = true;
  const command = await settled(event.detail.id, mine);
  button.disabled = false;
  if (mine !== turn) return;
  if (!command || command.state === "waiting") say("gone");
  else if (command.state !== "done") say(command.state, command);
  else if (command.kind === "picture" && !command.picture) say("lost");
  else {
    say(command.kind === "picture" ? "done" : "");
    if (command.picture) show(command.picture);
    else list(command.facts);
  }
});

for (const button of document.querySelectorAll("[data-again]")) {
  button.addEventListener("click", () => { turn += 1; say("again"); show(button.dataset.again); });
}
