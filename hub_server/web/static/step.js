// The small form behind an alert's buttons: who, until when, a note.
import { fill } from "./rows.js";
import { author as me, officeTime, rfc3339, send } from "./send.js";

const STEPS = {
  acknowledged: { title: "已知晓", body: { state: "acknowledged" }, zh: "其他人会看到您已接手。", en: "Others see that you have taken it." },
  on_the_way: { title: "出发", body: { state: "on_the_way" }, zh: "其他人会看到您正赶过去。", en: "Others see that you are going there." },
  well: { title: "平安", body: { state: "closed", outcome: "well" }, zh: "记为刚刚见到本人，警报结束。", en: "Counts as seen just now, and ends the alert." },
  helped: { title: "已救助", body: { state: "closed", outcome: "helped" }, zh: "记为刚刚见到本人，警报结束。", en: "Counts as seen just now, and ends the alert." },
  away: { title: "外出", body: { state: "closed", outcome: "away" }, zh: "守望暂停到那时，之后自动继续。", en: "The watch rests until then, and goes on by itself." },
  not_found: { title: "没找到", report: "not_found", zh: "警报不结束，马上通知上一级。", en: "It stays open; the next on the ladder are told at once." },
  emergency: { title: "紧急", report: "emergency", zh: "警报不结束，马上通知所有人。人命关天时请先打 120。", en: "It stays open; everybody is told at once. Call 120 first." },
  open: { title: "重新打开", body: { state: "open" }, why: true, zh: "警报重新开始，之前的经过都保留。", en: "The alert needs somebody again; its history stays." },
};
const CHANGED = "情况已变，请看最新状态。Not saved: somebody was faster.";

export class StepForm {
  #dialog = document.getElementById("step");
  #form = this.#dialog.querySelector("form");
  #wrong = document.getElementById("step-wrong");
  #confirm = document.getElementById("step-confirm");
  #zoneS;
  #done;
  #alert = null;
  #step = null;

  // done(words) is called after a step was stored.
  constructor({ zoneS, done }) {
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
    author.value = me.get();
    const away = step === "away", why = Boolean(this.#step.why);
    document.getElementById("step-until").hidden = !away;
    document.getElementById("step-note-if-any").hidden = why;
    document.getElementById("step-note-why").hidden = !why;
    note.required = why;
    until.required = away;
    until.min = away ? officeTime(Date.now(), this.#zoneS) : "";
    until.value = away ? `${officeTime(Date.now() + 86400_000, this.#zoneS).slice(0, 10)}T20:00` : "";
    this.#dialog.dataset.step = step;
    this.#dialog.showModal();
    if (!author.value) author.focus();
    else if (why) note.focus();
    else this.#confirm.focus();
  }

  async #send() {
    const { author, until, note } = this.#form.elements;
    const name = author.value.trim();
    if (!name || (note.required && !note.value.trim())) {
      this.#wrong.textContent = name ? "请写下原因。Please say why." : "请写下您的姓名。Please give your name.";
      (name ? note : author).focus();
      return;
    }
    const said = { author: name, note: note.value.trim() };
    if (until.value) said.until = rfc3339(until.value, this.#zoneS);
    this.#confirm.disabled = true;
    try {
      this.#wrong.textContent = await this.#store(said);
    } finally {
      this.#confirm.disabled = false;
    }
    if (this.#wrong.textContent) return;
    me.keep(name);
    this.#dialog.close();
    this.#done(`已记录：${this.#step.title}`);
  }

  // What went wrong, in words; empty when it is stored.
  async #store(said) {
    const path = `/api/v1/alerts/${this.#alert}`, { report, body } = this.#step;
    const { wrong, errors } = report
      ? await send("POST", `${path}/report`, { report, ...said }, { 409: CHANGED })
      : await send("PATCH", path, { ...body, ...said }, { 409: CHANGED });
    return errors?.until ? "没有保存：时间要在将来一年以内。Not saved: a time within the year ahead." : wrong;
  }
}
