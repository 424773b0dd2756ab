// The live list of sightings: newest on top, held still while somebody reads or points at it.
import { fill, fromTemplate, trim } from "./rows.js";
import * as words from "./words.js";

export class Sightings {
  #list = document.getElementById("sighting-rows");
  #scroll = document.getElementById("sighting-scroll");
  #note = document.getElementById("held");
  #waiting = [];
  #pointed = false;
  #max;
  #nowS;

  constructor(max, nowS) {
    this.#max = max;
    this.#nowS = nowS;
    trim(this.#list);
    this.#scroll.addEventListener("pointerenter", (event) => this.#point(event.pointerType === "mouse"));
    this.#scroll.addEventListener("pointerleave", () => this.#point(false));
    this.#scroll.addEventListener("scroll", () => this.#release(), { passive: true });
  }

  add(row) {
    this.#waiting.push(row);
    if (this.#waiting.length > this.#max) this.#waiting.shift();
    this.#release();
  }

  #point(pointed) {
    this.#pointed = pointed;
    this.#release();
  }

  #release() {
    const held = this.#pointed || this.#scroll.scrollTop > 8;
    if (!held) {
      for (const row of this.#waiting) this.#show(row);
      this.#waiting = [];
    }
    this.#note.hidden = !held || this.#waiting.length === 0;
    document.getElementById("held-count").textContent = String(this.#waiting.length);
  }

  #show(row) {
    const element = fromTemplate("sighting-row");
    element.dataset.key = row.id;
    element.dataset.kind = words.kind(row);
    element.dataset.corrected = row.corrected ? "yes" : "no";
    element.classList.add("new");
    fill(element, words.sighting(row, this.#nowS()));
    this.#list.prepend(element);
    while (this.#list.children.length > this.#max) this.#list.lastElementChild.remove();
  }
}
