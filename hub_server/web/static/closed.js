// The alerts that have ended, the newest; asked for again whenever one leaves or joins the open ones.
import * as ladder from "./ladderwords.js";
import { Rows } from "./rows.js";
import { ask } from "./send.js";

export class Closed {
  #box = document.getElementById("closed");
  #list = new Rows(document.getElementById("closed-rows"), "closed-row");
  #max;
  #nowS;
  #open = null;

  constructor(max, nowS) { [this.#max, this.#nowS] = [max, nowS]; }

  // alerts: those that are open now.
  follow(alerts) {
    const open = alerts.map((row) => row.id).join();
    if (open !== this.#open) this.#refresh();
    this.#open = open;
  }

  async #refresh() {
    const found = await ask(`/api/v1/alerts?state=closed&limit=${this.#max}`);
    if (!found) return; // what is shown stays
    this.#list.show(found.items.map((row) => [row.id, ladder.closed(row, this.#nowS()), { outcome: row.outcome }]));
    this.#box.hidden = found.items.length === 0;
  }
}
