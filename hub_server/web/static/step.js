// The small form behind an alert's buttons: who, until when, a note. The name is remembered on this machine.
import { fill } from "./rows.js";

const NAME_KEY = "shouwang.author";
const STEPS = {
  acknowledged: { title: "我来处理", body: { state: "acknowledged" }, zh: "其他人会看到您已接手。", en: "Others see that you have taken it." },
  on_the_way: { title: "在路上", body: { state: "on_the_way" }, zh: "其他人会看到您正赶过去。", en: "Others see that you are going there." },
  well: { title: "已见到，平安", body: { state: "closed", outcome: "well" }, zh: "记为刚刚见到本人，警报结束。", en: "Counts as seen just now, and ends the alert." },
  helped: { title: "已帮助", body: { state: "closed", outcome: "helped" }, zh: "记为刚刚见到本人，警报结束。", en: "Counts as seen just now, and ends the alert." },
  away: { title: "外出", body: { state: "closed", outcome: "away" }, zh: "守望暂停到那时，之后继续。", en: "The watch rests until then, and goes on after." },
};

export class StepForm {
  #dialog = document.getElementById("step");
  #form = this.#dialog.querySelector("form");
  #wrong = document.getElementById("step-wrong");
  #confirm = document.getElementById("step-confirm");
  #csrf;
  #zoneS;
  #done;
  #alert = null;
  #step = null;

  // done(words) is called after a step was stored.
  constructor({ csrf, zoneS, done }) {
    this.#csrf = csrf;
    this.#zoneS = zoneS;
    this.#done = done;
    document.getElementById("step-cancel").addEventListener("click", () => this.#dialog.close());
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
  }

  open(alertId, name, step) {
    [this.#alert, this.#step] = [alertId, STEPS[step]];
    const { author, until, note } = this.#form.elements;
    document.getElementById("step-title").textContent = `${name} · ${this.#step.title}`;
    fill(document.getElementById("step-means"), this.#step);
    this.#wrong.textContent = note.value = "";
    author.value = localStorage.getItem(NAME_KEY) ?? "";
    const away = step === "away";
    document.getElementById("step-until").hidden = !away;
    until.required = away;
    until.min = away ? this.#officeTime(Date.now()) : "";
    until.value = away ? `${this.#officeTime(Date.now() + 86400_000).slice(0, 10)}T20:00` : "";
    this.#dialog.showModal();
    (author.value ? this.#confirm : author).focus();
  }

  async #send() {
    const { author, until, note } = this.#form.elements;
    const name = author.value.trim();
    if (!name) {
      this.#wrong.textContent = "请写下您的姓名。Please give your name.";
      author.focus();
      return;
    }
    const body = { ...this.#step.body, author: name, note: note.value.trim() };
    if (until.value) body.until = this.#rfc3339(until.value);
    this.#confirm.disabled = true;
    try {
      this.#wrong.textContent = await this.#patch(body);
    } finally {
      this.#confirm.disabled = false;
    }
    if (this.#wrong.textContent) return;
    localStorage.setItem(NAME_KEY, name);
    this.#dialog.close();
    this.#done(`已记录：${this.#step.title}`);
  }

  // What went wrong, in words; empty when it is stored.
  async #patch(body) {
    let response;
    try {
      response = await fetch(`/api/v1/alerts/${this.#alert}`, {
        method: "PATCH",
        headers: { "Content-Type": "application/json", "X-CSRF-Token": this.#csrf },
        body: JSON.stringify(body),
      });
    } catch {
      return "没有保存：连不上。Not saved: no connection.";
    }
    if (response.ok) return "";
    if (response.status === 401) return "没有保存：请重新登录。Not saved: please log in again.";
    if (response.status === 409) return "没有保存：情况已变，请看最新状态。Not saved: somebody was faster.";
    const problem = await response.json().catch(() => ({}));
    if (problem.errors?.until) return "没有保存：时间要在将来一年以内。Not saved: a time within the year ahead.";
    return `没有保存。Not saved: ${problem.detail ?? response.status}`;
  }

  #officeTime(ms) { return new Date(ms + this.#zoneS * 1000).toISOString().slice(0, 16); }
  #rfc3339(officeTime) { return new Date(Date.parse(`${officeTime}:00Z`) - this.#zoneS * 1000).toISOString(); }
}
