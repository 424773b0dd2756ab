// What needs a person's eye: alarms; events that were not understood, and conflicts, asked for again when counts move.
import * as ladder from "./ladderwords.js";
import { fill, Rows } from "./rows.js";
import { author as me, send } from "./send.js";
import * as words from "./words.js";

const DECISIONS = {
  dismiss: { title: "搁置", zh: "仍然保存，不再列出。", en: "Stays stored, and is no longer listed." },
  settle: { title: "已查明", zh: "记下您查到了什么。", en: "Writes down what you found." },
};

export class Attention {
  #box = document.getElementById("attention");
  #wrong = document.getElementById("attention-wrong");
  #dialog = document.getElementById("decision");
  #form = this.#dialog.querySelector("form");
  #dialogWrong = document.getElementById("decision-wrong");
  #lists = {
    quarantine: new Rows(document.getElementById("quarantine-rows"), "quarantine-row"),
    conflicts: new Rows(document.getElementById("conflict-rows"), "conflict-row"),
  };
  #alarms = new Rows(document.getElementById("alarm-rows"), "alarm-row");
  #waiting = { alarms: document.getElementById("alarm-rows").childElementCount, others: 0 };
  #said = { quarantine: words.quarantined, conflicts: words.conflict };
  #counts = null;
  #asked = null;
  #rowsMax;
  #nowS;
  #done;

  // done(words) is called after a decision was stored.
  constructor({ rowsMax, nowS, done }) {
    [this.#rowsMax, this.#nowS, this.#done] = [rowsMax, nowS, done];
    this.#box.addEventListener("click", (event) => {
      const button = event.target.closest("[data-decision]");
      if (button) this.#press(button);
    });
    document.getElementById("decision-cancel").addEventListener("click", () => this.#dialog.close());
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#confirm();
    });
  }

  // The devices as they are now; what has been counted before is not asked for again.
  follow(devices) {
    let counts = 0;
    for (const { sync } of devices) counts += sync.quarantined + sync.conflicts;
    if (counts !== this.#counts) this.refresh();
    this.#counts = counts;
  }

  async refresh() {
    let waiting = 0;
    for (const [noun, list] of Object.entries(this.#lists)) {
      const response = await fetch(`/api/v1/${noun}?limit=${this.#rowsMax}`).catch(() => null);
      if (!response?.ok) return; // what is shown stays
      const { items } = await response.json();
      list.show(items.map((row) => [row.id, this.#said[noun](row, this.#nowS()), {}]));
      waiting += items.length;
    }
    this.#waiting.others = waiting;
    this.#show();
  }

  // The alarms that are open now.
  alarms(rows) {
    this.#alarms.show(rows.map((row) => [row.id, ladder.alarm(row, this.#nowS()), {}]));
    this.#waiting.alarms = rows.length;
    this.#show();
  }

  #show() { this.#box.hidden = this.#waiting.alarms + this.#waiting.others === 0; }

  #press(button) {
    const row = button.closest(".waiting"), decision = button.dataset.decision;
    this.#asked = { noun: row.dataset.noun, id: row.dataset.key, decision };
    this.#wrong.textContent = this.#dialogWrong.textContent = "";
    if (decision === "release") this.#release(button);
    else this.#ask(row);
  }

  async #release(button) {
    button.disabled = true;
    const { wrong, told } = await this.#post({ by: me.get() || undefined });
    button.disabled = false;
    if (wrong) this.#wrong.textContent = wrong;
    else if (told.outcome === "not_understood") this.#wrong.textContent = `仍然读不懂，没有改动。Still not understood: ${told.why}`;
    else this.#done("已放行");
    this.refresh();
  }

  #ask(row) {
    const { author, note } = this.#form.elements;
    const decision = DECISIONS[this.#asked.decision];
    const place = row.querySelector(".place").textContent;
    document.getElementById("decision-title").textContent = `${place} · ${decision.title}`;
    fill(document.getElementById("decision-means"), decision);
    author.value = me.get();
    note.value = "";
    this.#dialog.showModal();
    (author.value ? note : author).focus();
  }

  async #confirm() {
    const { author, note } = this.#form.elements;
    const body = { by: author.value.trim(), note: note.value.trim() };
    if (!body.by || !body.note) {
      this.#dialogWrong.textContent = "请写下姓名和查到的情况。Please give your name and what you found.";
      return;
    }
    const { wrong } = await this.#post(body);
    this.#dialogWrong.textContent = wrong;
    if (wrong) return;
    me.keep(body.by);
    this.#dialog.close();
    this.#done(`已记录：${DECISIONS[this.#asked.decision].title}`);
    this.refresh();
  }

  #post(body) {
    const { noun, id, decision } = this.#asked;
    return send("POST", `/api/v1/${noun}/${id}/${decision}`, body, { 409: "已经放行了。Not saved: it was released meanwhile." });
  }
}
