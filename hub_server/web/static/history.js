// What to do next about an alert, and each line of its history, in words. alert_words.py says the same; a test compares the two.
import { OUTCOMES } from "./ladderwords.js";
import { clock, RUNGS, utc } from "./words.js";

const STATES = { acknowledged: ["已知晓", "acknowledged"], on_the_way: ["出发", "on the way"] };
const REPORTS = { not_found: ["没找到", "not found"], emergency: ["紧急！", "emergency!"] };
const NEXT = {
  open: ["还没有人接手：先打个电话；没人接就点“出发”，上门看看。", "Nobody has taken it: call first; no answer, tap On my way and go."],
  acknowledged: ["有人接手了，还没有出发：打电话问问，需要时点“出发”。", "Somebody has taken it and has not left yet: call, and go when needed."],
  on_the_way: ["有人在路上：见到人以后，登记结果。", "Somebody is on the way: once they are met, note how it ended."],
  closed: ["已经结束；要是弄错了，可以重新打开。", "It has ended; if that was a mistake, open it again."],
};
const AFTER = {
  not_found: ["上门没有找到：问家人和邻居，换个地方再找。", "Not found at the visit: ask family and neighbours, look elsewhere."],
  emergency: ["紧急：先打 120，再去帮忙；人平安后登记结果。", "Emergency: call 120, then help; note the outcome once they are safe."],
};
const WATCH = "watch"; // the author of what no person did

export function next(row) {
  const plain = row.reported === null || row.state === "on_the_way" || row.state === "closed";
  const [zh, en] = plain ? NEXT[row.state] : AFTER[row.reported.report];
  return { next: zh, next_en: en };
}

export function step(row, nowS) {
  const [what, whatEn] = said(row), own = row.author !== WATCH;
  return { at: clock(row.at, nowS), at_utc: utc(row.at), what, what_en: whatEn, by: own ? row.author : "", said: own ? row.note : "" };
}

export function said(row) {
  if (row.from === null) return ["报警", "raised"];
  if (row.report) return REPORTS[row.report];
  if (row.to === "closed") return OUTCOMES[row.outcome];
  if (row.to === "open" && row.from === "closed") return ["重新打开", "reopened"];
  if (row.from === row.to && row.rung) return [`通知${RUNGS[row.rung][0]}`, `${RUNGS[row.rung][1]} told`];
  return STATES[row.to] ?? [row.to, row.to];
}
