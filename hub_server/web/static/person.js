// One person: why there is an alert or none, whom to call, what happened, when they are away; and two small forms.
import { fill, fromTemplate } from "./rows.js";
import { ask, author as me, officeTime, rfc3339, send } from "./send.js";
import * as words from "./words.js";
import { said as what } from "./history.js";

const at = (id) => document.getElementById(id);

export class PersonDialog {
  #dialog = at("person");
  #zoneS;
  #nowS;
  #done;
  #who = null;

  // done(words) is called after something was stored.
  constructor({ zoneS, nowS, done }) {
    [this.#zoneS, this.#nowS, this.#done] = [zoneS, nowS, done];
    at("person-close").addEventListener("click", () => this.#dialog.close());
    at("pause-rows").addEventListener("click", (event) => {
      const button = event.target.closest("[data-end]");
      if (button) this.#end(button);
    });
    this.#submit("observe-form", (form) => this.#observe(form));
    this.#submit("pause-form", (form) => this.#pause(form));
  }

  // who: {person, name, watch, alert}; watch and alert are ids, or null.
  open(who) {
    this.#who = who;
    at("person-title").textContent = who.name;
    at("person-wrong").textContent = "";
    for (const id of ["why-rows", "contact-rows", "history-rows", "pause-rows"]) at(id).textContent = "";
    at("observe").open = at("pause").open = false;
    at("pause").hidden = who.alert !== null || who.watch === null;
    for (const id of ["observe-form", "pause-form"]) {
      at(id).reset();
      at(id).elements.author.value = me.get();
      at(id).querySelector(".wrong").textContent = "";
    }
    at("observe-form").elements.at.value = at("observe-form").elements.at.max = officeTime(this.#nowS() * 1000, this.#zoneS);
    at("pause-form").elements.until.min = officeTime(this.#nowS() * 1000, this.#zoneS);
    if (!this.#dialog.open) this.#dialog.showModal();
    this.#load();
  }

  async #load() {
    const who = this.#who, path = `/api/v1/people/${encodeURIComponent(who.person)}`;
    const [why, contacts, pauses, alert] = await Promise.all([
      who.watch === null ? null : ask(`/api/v1/watches/${who.watch}/explain`),
      ask(`${path}/contacts`), ask(`${path}/pauses`),
      who.alert === null ? null : ask(`/api/v1/alerts/${who.alert}`),
    ]);
    if (who !== this.#who) return; // another one was opened meanwhile
    if (!why || !contacts || !pauses) at("person-wrong").textContent = "没能全部取到，请再打开一次。Not all of it could be fetched: open it again.";
    show("why-rows", "chain-row", why?.sentences ?? []);
    show("contact-rows", "contact-row", (contacts?.items ?? []).map(contact));
    show("history-rows", "chain-row", (alert?.history ?? []).map((step) => said(step, this.#nowS())));
    const away = (pauses?.items ?? []).filter((pause) => pause.state !== "over");
    show("pause-rows", "pause-row", away.map((pause) => span(pause, this.#nowS())));
    at("contacts").hidden = !contacts?.items.length;
    at("history").hidden = !alert;
    at("pauses").hidden = !away.length;
  }

  async #end(button) {
    const name = me.get();
    button.disabled = true;
    const { wrong } = await send("POST", `/api/v1/pauses/${button.closest("li").dataset.key}/end`, { by: name || undefined });
    button.disabled = false;
    at("person-wrong").textContent = wrong;
    if (!wrong) this.#stored("已记录：提前回来");
  }

  #observe({ kind, at: when, note }) {
    const body = { kind: kind.value, note: note.value.trim() };
    // The minute that is shown first is the present one: then it was now, to the second.
    if (when.value !== when.max) body.at = rfc3339(when.value, this.#zoneS);
    return [`observations`, body, "已记录：见到或联系到本人"];
  }

  #pause({ reason, from, until }) {
    const body = { reason: reason.value.trim(), until: rfc3339(until.value, this.#zoneS) };
    if (from.value) body.from = rfc3339(from.value, this.#zoneS);
    return ["pauses", body, "已登记外出"];
  }

  // The form's fields become [what is posted under the person, its body, words for when it is stored].
  #submit(id, read) {
    const form = at(id), wrong = form.querySelector(".wrong"), button = form.querySelector("button");
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const [noun, body, told] = read(form.elements);
      const name = form.elements.author.value.trim();
      if (!name) {
        wrong.textContent = "请写下您的姓名。Please give your name.";
        return;
      }
      button.disabled = true;
      const answer = await send("POST", `/api/v1/people/${encodeURIComponent(this.#who.person)}/${noun}`, { ...body, by: name });
      button.disabled = false;
      wrong.textContent = answer.wrong;
      if (answer.wrong) return;
      me.keep(name);
      this.#stored(told);
    });
  }

  #stored(told) {
    this.#done(told);
    this.open(this.#who);
  }
}

// Fills a list anew: rows that have an id keep it as their key.
function show(list, template, rows) {
  at(list).replaceChildren(...rows.map((row) => {
    const element = fromTemplate(template);
    if (row.id !== undefined) element.dataset.key = row.id;
    fill(element, row);
    return element;
  }));
}

function contact(row) {
  return { ...row, phone_link: words.telephone(row.phone), channels: row.channels.length ? "会收到通知 is told" : "" };
}

function span(pause, nowS) {
  const from = words.clock(pause.from, nowS), until = words.clock(pause.until, nowS);
  const when = pause.state === "on" ? `到 ${until}` : `${from} 到 ${until}`;
  return { id: pause.id, zh: `${when}${pause.reason ? `，${pause.reason}` : ""}`, author: pause.author };
}

// A step of an alert's history, in words.
function said(step, nowS) {
  const [zh, en] = what(step);
  const by = step.author === "watch" ? "" : ` · ${step.author}`;
  const note = step.note && step.author !== "watch" ? `：“${step.note}”` : "";
  return { zh: `${words.clock(step.at, nowS)} ${zh}${by}${note}`, en };
}
