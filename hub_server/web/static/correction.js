// "Not this person": the form behind a sighting's button.
import { ask, author as me, send } from "./send.js";

const PEOPLE_PAGE = 500, PEOPLE_MAX = 5000;

export class CorrectionForm {
  #dialog = document.getElementById("correction");
  #form = this.#dialog.querySelector("form");
  #wrong = document.getElementById("correction-wrong");
  #confirm = document.getElementById("correction-confirm");
  #done;
  #row = null;
  #people = null;

  // done(words) is called after it was stored.
  constructor({ done }) {
    this.#done = done;
    document.getElementById("correction-cancel").addEventListener("click", () => this.#dialog.close());
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
  }

  // row: the element of the sighting.
  async open(row) {
    this.#row = row;
    document.getElementById("correction-name").textContent = row.querySelector("[data-slot=who]").textContent;
    const { author, note } = this.#form.elements;
    this.#wrong.textContent = note.value = "";
    author.value = me.get();
    this.#dialog.showModal();
    (author.value ? this.#confirm : author).focus();
    await this.#offer();
  }

  async #offer() {
    const { other } = this.#form.elements;
    other.value = "";
    this.#people ??= await everybody();
    while (other.options.length > 1) other.remove(1);
    for (const { id, name, address } of this.#people) other.add(new Option(address ? `${name} · ${address}` : name, id));
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

async function everybody() {
  const people = [];
  let after = null;
  do {
    const page = await ask(`/api/v1/people?limit=${PEOPLE_PAGE}${after ? `&after=${encodeURIComponent(after)}` : ""}`);
    if (!page) break;
    people.push(...page.items);
    after = page.next;
  } while (after && people.length < PEOPLE_MAX);
  return people.sort((one, another) => one.name.localeCompare(another.name, "zh"));
}
