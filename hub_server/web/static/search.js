// Search as one types: the field in the header, and every field with data-suggest (a kind, or nothing for all kinds).
// Without data-into a choice goes to its page; with it the choice's id is put into the field of that name.
import { ask } from "./send.js";

const WAIT_MS = 160;
const KINDS = {
  person: ["居民", "People"],
  household: ["家庭", "Households"],
  vehicle: ["车辆", "Vehicles"],
  place: ["地点", "Places"],
  device: ["设备", "Devices"],
};

function line(hit, id) {
  const row = document.createElement("li");
  row.role = "option";
  row.id = id;
  const title = document.createElement("b");
  title.textContent = hit.title;
  const detail = document.createElement("span");
  detail.className = "quiet";
  detail.textContent = hit.detail;
  row.append(title, " ", detail);
  return row;
}

function heading(kind) {
  const row = document.createElement("li");
  row.className = "found-kind";
  row.role = "presentation";
  row.textContent = KINDS[kind].join(" ");
  return row;
}

class Suggestions {
  constructor(input) {
    this.input = input;
    this.kind = input.dataset.suggest ?? "";
    this.into = input.dataset.into ? input.form.elements[input.dataset.into] : null;
    this.list = document.createElement("ul");
    this.list.className = "found";
    this.list.role = "listbox";
    this.list.id = `found-${input.id || input.name}`;
    this.list.setAttribute("aria-label", "找到的 Found");
    this.list.hidden = true;
    input.after(this.list);
    input.role = "combobox";
    input.setAttribute("aria-autocomplete", "list");
    input.setAttribute("aria-controls", this.list.id);
    input.setAttribute("aria-expanded", "false");
    this.hits = [];
    this.at = -1;
    this.asked = 0;
    input.addEventListener("input", () => this.typed());
    input.addEventListener("keydown", (event) => this.pressed(event));
    input.addEventListener("blur", () => setTimeout(() => this.close(), 150));
    this.list.addEventListener("pointerdown", (event) => event.preventDefault());
    this.list.addEventListener("click", (event) => {
      const row = event.target.closest("[role=option]");
      if (row) this.choose(this.hits[Number(row.dataset.n)]);
    });
  }

  typed() {
    if (this.into) this.into.value = "";
    clearTimeout(this.timer);
    const text = this.input.value.trim();
    if (!text) this.close();
    else this.timer = setTimeout(() => this.look(text), WAIT_MS);
  }

  async look(text) {
    const mine = ++this.asked;
    const told = await ask(`/api/v1/search?q=${encodeURIComponent(text.slice(0, 60))}`);
    if (mine !== this.asked || !told) return; // another letter came meanwhile
    this.hits = told.items.filter((hit) => !this.kind || hit.kind === this.kind);
    this.show();
  }

  show() {
    const rows = [];
    let kind = null;
    for (const [n, hit] of this.hits.entries()) {
      if (!this.kind && hit.kind !== kind) rows.push(heading(hit.kind));
      kind = hit.kind;
      const row = line(hit, `${this.list.id}-${n}`);
      row.dataset.n = n;
      rows.push(row);
    }
    if (!rows.length) {
      const none = document.createElement("li");
      none.className = "found-none";
      none.textContent = "没有找到 Nothing found";
      rows.push(none);
    }
    this.list.replaceChildren(...rows);
    this.list.hidden = false;
    this.input.setAttribute("aria-expanded", "true");
    this.mark(-1);
  }

  mark(at) {
    this.at = at;
    for (const row of this.list.querySelectorAll("[role=option]")) {
      const here = Number(row.dataset.n) === at;
      row.setAttribute("aria-selected", String(here));
      if (here) row.scrollIntoView({ block: "nearest" });
    }
    if (at < 0) this.input.removeAttribute("aria-activedescendant");
    else this.input.setAttribute("aria-activedescendant", `${this.list.id}-${at}`);
  }

  pressed(event) {
    if (this.list.hidden) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && this.hits.length) {
      event.preventDefault();
      this.mark((this.at + step + this.hits.length) % this.hits.length);
    } else if (event.key === "Enter" && this.at >= 0) {
      event.preventDefault();
      this.choose(this.hits[this.at]);
    } else if (event.key === "Enter" && this.into) event.preventDefault();
    else if (event.key === "Escape") this.close();
  }

  choose(hit) {
    this.close();
    if (!this.into) {
      location.assign(hit.path);
      return;
    }
    this.into.value = hit.id;
    this.input.value = hit.title;
  }

  close() {
    this.asked += 1; // what is still on its way comes too late
    clearTimeout(this.timer);
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    this.mark(-1);
  }
}

for (const input of document.querySelectorAll("#find, [data-suggest]")) new Suggestions(input);
