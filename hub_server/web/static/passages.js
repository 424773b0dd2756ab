// The list of passages, live: what comes in is shown on top, unless somebody reads, points at it, or holds it.
import { CorrectionForm } from "./correction.js";
import { fill, fromTemplate, trim } from "./rows.js";
import { Stream } from "./stream.js";
import { toast } from "./form.js";
import { fits, kind, texts } from "./passagewords.js";
import { setZone } from "./words.js";

const page = document.body.dataset;
const at = (id) => document.getElementById(id);
const rows = at("passage-rows"), rowsMax = Number(page.rowsMax);
const aheadMs = Date.parse(page.now) - Date.now(); // the hub's clock, not this machine's
const nowS = () => Math.floor((Date.now() + aheadMs) / 1000);
const SCROLLED_PX = 120;
const NOTHING = () => {};

setZone(Number(page.zoneS));
trim(rows);

class Held {
  #waiting = [];
  #pointed = false;
  #pressed = false;

  constructor() {
    rows.addEventListener("pointerenter", (event) => { this.#pointed = event.pointerType === "mouse"; this.release(); });
    rows.addEventListener("pointerleave", () => { this.#pointed = false; this.release(); });
    window.addEventListener("scroll", () => this.release(), { passive: true });
    const button = at("hold-button");
    button.hidden = false;
    button.addEventListener("click", () => {
      this.#pressed = !this.#pressed;
      button.setAttribute("aria-pressed", String(this.#pressed));
      this.release();
    });
    at("hold-show").addEventListener("click", () => { window.scrollTo({ top: 0 }); this.#show(); });
  }

  add(row) {
    this.#waiting.push(row);
    if (this.#waiting.length > rowsMax) this.#waiting.shift();
    this.release();
  }

  release() {
    if (!(this.#pressed || this.#pointed || window.scrollY > SCROLLED_PX || document.querySelector("dialog[open]"))) this.#show();
    at("hold-show").hidden = this.#waiting.length === 0;
    at("hold-count").textContent = String(this.#waiting.length);
  }

  #show() {
    for (const row of this.#waiting) {
      const element = fromTemplate("passage-row");
      Object.assign(element.dataset, { key: row.id, kind: kind(row), corrected: row.corrected ? "yes" : "no" });
      element.classList.add("new");
      fill(element, texts(row, nowS()));
      rows.prepend(element);
    }
    this.#waiting = [];
    while (rows.children.length > rowsMax) rows.lastElementChild.remove();
    at("hold-show").hidden = true;
  }
}

function live(up) {
  at("live").dataset.live = up ? "yes" : "no";
  fill(at("live-words"), up ? { zh: "实时", en: "live" } : { zh: "重连中", en: "reconnecting" });
}

if (page.mayCorrect === "yes") {
  document.documentElement.classList.add("may-correct");
  const correction = new CorrectionForm({ done: toast });
  rows.addEventListener("click", (event) => {
    const row = event.target.closest("[data-not]")?.closest(".passage");
    if (row) correction.open(row);
  });
}

if (page.moves === "yes") {
  const wanted = JSON.parse(page.wanted), held = new Held();
  new Stream(page.after, {
    event: (row) => { if (fits(row, wanted)) held.add(row); },
    alerts: NOTHING, alarms: NOTHING, devices: NOTHING, watches: NOTHING, gates: NOTHING, office: NOTHING,
    up: () => live(true), down: () => live(false), stranger: () => location.reload(),
  });
}
