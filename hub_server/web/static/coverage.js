// Who was watching while a person was not seen: asked for each card on the page, and again every minute.
import { fill } from "./rows.js";

const AGAIN_MS = 60_000;
const STATES = {
  blind: ["看不清", "could not see"], covered: ["被遮住", "covered"], frozen: ["画面停住", "frozen"], no_inference: ["没有识别", "not looking"],
};

// The words of a coverage: what it means, and what each camera that usually sees the person did.
export function words(found) {
  const sure = found.verdict === "watched";
  const cameras = found.cameras.map(camera);
  const cannot = found.cameras.length ? ["说不准：没有摄像头在看", "Cannot tell: nobody was looking"]
    : ["说不准：没有常见到此人的摄像头", "Cannot tell: no camera usually sees them"];
  const [zh, en] = sure ? ["摄像头在看", "cameras were watching"] : cannot;
  return { verdict: zh, verdict_en: en, cameras: cameras.map(([zh]) => zh).join("；"), cameras_en: cameras.map(([, en]) => en).join("; ") };
}

function camera(row) {
  const parts = [["看了", "watched", row.watching]];
  for (const { state, share } of row.missing) parts.push([...(STATES[state] ?? [state, state]), share]);
  parts.push(["没有报告", "not told", row.unknown]);
  const told = parts.filter(([, , share]) => share >= 0.005);
  const name = row.place || row.device;
  return [
    `${name} ${told.map(([zh, , share]) => `${zh} ${percent(share)}`).join("，")}`,
    told.map(([, en, share]) => `${percent(share)} ${en}`).join(", "),
  ];
}

const percent = (share) => `${Math.round(share * 100)}%`;

export class Coverage {
  #list;
  #asked = new Map();

  constructor(list) { this.#list = list; }

  // Fills what is new or old; whatever goes wrong, the card stays without it.
  refresh() {
    const keys = new Set([...this.#list.children].map((card) => card.dataset?.key));
    for (const key of this.#asked.keys()) if (!keys.has(key)) this.#asked.delete(key);
    for (const key of keys) {
      if (!key || Date.now() - (this.#asked.get(key) ?? 0) < AGAIN_MS) continue;
      this.#asked.set(key, Date.now());
      this.#ask(key);
    }
  }

  async #ask(key) {
    const response = await fetch(`/api/v1/alerts/${key}/coverage`).catch(() => null);
    if (!response?.ok) return;
    const found = await response.json();
    const element = this.#list.querySelector(`[data-key="${key}"] .coverage`);
    if (!element) return;
    fill(element, words(found));
    element.dataset.verdict = found.verdict;
    element.hidden = false;
  }
}
