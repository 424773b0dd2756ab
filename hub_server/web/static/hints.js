// Who is usually seen by now and was not yet today: a quiet list, asked for again every five minutes. Never an alarm.
import * as ladder from "./ladderwords.js";
import { Rows } from "./rows.js";
import { ask } from "./send.js";

const AGAIN_MS = 300_000;

export class Hints {
  #box = document.getElementById("hints");
  #list = new Rows(document.getElementById("hint-rows"), "hint-row");
  #max;
  #nowS;

  constructor(max, nowS) {
    [this.#max, this.#nowS] = [max, nowS];
    setInterval(() => this.#refresh(), AGAIN_MS);
  }

  async #refresh() {
    const found = await ask("/api/v1/hints");
    if (!found) return; // what is shown stays
    this.#list.show(found.items.slice(0, this.#max).map((row) => [row.person, ladder.hint(row, this.#nowS()), {}]));
    this.#box.hidden = found.items.length === 0;
  }
}
