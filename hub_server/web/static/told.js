// Who was told of an alert, and who is told next: asked for each card on the page, and again every half minute.
import { fill } from "./rows.js";
import { ask } from "./send.js";
import { clock, RUNGS } from "./words.js";

const AGAIN_MS = 30_000;
const CARDS_MAX = 60; // in a storm of alerts those that are longest overdue; the dialog of each has its history

// The words of the notices of an alert: for each who was told, the best that can be said.
export function words(found, nowS) {
  const people = new Map();
  for (const notice of found.items) {
    if (notice.state === "settled" || !notice.name) continue;
    const known = people.get(notice.addressee);
    if (known?.state !== "sent" || notice.state === "sent") people.set(notice.addressee, notice);
  }
  const said = [...people.values()].map((notice) => one(notice, nowS));
  const names = found.upcoming?.names ?? [];
  return {
    told: said.map(([zh]) => zh).join("，"), told_en: [...new Set(said.map(([, en]) => en))].join(", "),
    upcoming: names.length ? `${RUNGS[found.upcoming.rung][0]} ${names.join("、")}` : "",
  };
}

function one({ name, state, sent_at: sentAt }, nowS) {
  if (state === "sent") return [`${name} ${clock(sentAt, nowS)} 已送达`, "sent"];
  return state === "failing" ? [`${name} 还没送到，正在重试`, "not through yet, trying again"] : [`${name} 正在发送`, "being sent"];
}

export class Told {
  #list;
  #nowS;
  #asked = new Map();

  constructor(list, nowS) { [this.#list, this.#nowS] = [list, nowS]; }

  // rows: the alerts on the page. Fills what is new, changed or old; whatever goes wrong, the card stays without it.
  refresh(rows) {
    const keys = new Set(rows.map((row) => String(row.id)));
    for (const key of this.#asked.keys()) if (!keys.has(key)) this.#asked.delete(key);
    for (const row of rows.slice(0, CARDS_MAX)) {
      const key = String(row.id), asked = this.#asked.get(key);
      if (asked?.step === row.latest.at && Date.now() - asked.at < AGAIN_MS) continue;
      this.#asked.set(key, { at: Date.now(), step: row.latest.at });
      this.#ask(key);
    }
  }

  async #ask(key) {
    const found = await ask(`/api/v1/alerts/${key}/notices`);
    const card = this.#list.querySelector(`[data-key="${key}"]`);
    if (!found || !card) return;
    const texts = words(found, this.#nowS());
    const told = card.querySelector(".told"), upcoming = card.querySelector(".upcoming");
    fill(told, texts);
    upcoming.textContent = texts.upcoming ? `（${texts.upcoming}）` : "";
    [told.hidden, upcoming.hidden] = [!texts.told, !texts.upcoming];
  }
}
