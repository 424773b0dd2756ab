// The newest vehicles, newest on top.
import { fill, fromTemplate, trim } from "./rows.js";
import * as words from "./words.js";

export class Plates {
  #list = document.getElementById("plate-rows");
  #max;
  #nowS;

  constructor(max, nowS) {
    this.#max = max;
    this.#nowS = nowS;
    trim(this.#list);
  }

  add(row) {
    const element = fromTemplate("plate-row");
    element.dataset.key = row.id;
    element.dataset.verdict = words.verdict(row);
    element.classList.add("new");
    fill(element, words.plate(row, this.#nowS()));
    this.#list.prepend(element);
    while (this.#list.children.length > this.#max) this.#list.lastElementChild.remove();
  }
}
