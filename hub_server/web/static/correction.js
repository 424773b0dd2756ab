// "Not this person": the form behind a sighting's button.
import { ask, author as me, send } from "./send.js";

const PAUSE_MS = 250; // after the last key

export class CorrectionForm {
  #dialog = document.getElementById("correction");
  #form = this.#dialog.querySelector("form");
  #wrong = document.getElementById("correction-wrong");
  #confirm = document.getElementById("correction-confirm");
  #done;
  #row = null;
  #find = document.getElementById("correction-find");
  #asked = 0;

  // done(words) is called after it was stored.
  constructor({ done }) {
    this.#done = done;
    document.getElementById("correction-cancel").addEventListener("click", () => this.#dialog.close());
    this.#find.addEventListener("input", () => this.#offer());
    this.#find.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
  }

  // row: the element of the sighting.
  open(row) {
    this.#row = row;
    document.getElementById("correction-name").textContent = row.querySelector("[data-slot=who]").textContent;
    const { author, note } = this.#form.elements;
    this.#wrong.textContent = note.value = this.#find.value = "";
    this.#fill([]);
    author.value = me.get();
    this.#dialog.showModal();
    (author.value ? this.#confirm : author).focus();
  }

  // A large office has too many people for one list: those whom the typed text finds; one alone is chosen.
  async #offer() {
    const asked = ++this.#asked, typed = this.#find.value.trim();
    await new Promise((resolve) => { setTimeout(resolve, PAUSE_MS); });
    if (asked !== this.#asked) return;
    const found = typed ? await ask(`/api/v1/search?q=${encodeURIComponent(typed)}`) : null;
    if (asked === this.#asked) this.#fill((found?.items ?? []).filter((one) => one.kind === "person"));
  }

  #fill(people) {
    const { other } = this.#form.elements;
    while (other.options.length > 1) other.remove(1);
    for (const { id, title, detail } of people) other.add(new Option([title, detail].filter(Boolean).join(" · "), id));
    other.selectedIndex = people.length === 1 ? 1 : 0;
  }

  async #send() {
    const { author, note, other } = this.#form.elements;
    const name = author.value.trim();
    if (!name) {
      this.#wrong.textContent = "请写下您的姓名。Please give your name.";
      author.focus();
      return;
    }
    this.#confirm.disabled = true;
    const body = { by: name, note: note.value.trim(), other: other.value || null };
    const { wrong } = await send("POST", `/api/v1/events/${this.#row.dataset.key}/not-this-person`, body, {
      409: "已经更正过了。Not saved: it was corrected before.",
    });
    this.#confirm.disabled = false;
    this.#wrong.textContent = wrong;
    if (wrong) return;
    me.keep(name);
    this.#dialog.close();
    this.#row.dataset.corrected = "yes";
    this.#row.querySelector("[data-slot=counts]").textContent = "不是此人";
    this.#row.querySelector("[data-slot=counts_en]").textContent = "not them";
    this.#done("已更正：不是此人");
  }
}
