// One alert on a phone: one tap takes it, two say how it ended. What cannot be sent waits in this browser.
import { next, step as line } from "./history.js";
import { OUTCOMES } from "./ladderwords.js";
import { fill, fromTemplate } from "./rows.js";
import { author as me, officeTime, rfc3339 } from "./send.js";
import { Queue } from "./visit_queue.js";
import * as words from "./words.js";

const STEPS = {
  acknowledged: { title: "已知晓", body: { state: "acknowledged" } },
  on_the_way: { title: "出发", body: { state: "on_the_way" } },
  well: { title: "平安", body: { state: "closed", outcome: "well" }, zh: "记为刚刚见到本人，警报结束。", en: "Counts as seen just now, and ends the alert." },
  helped: { title: "已救助", body: { state: "closed", outcome: "helped" }, zh: "记为刚刚见到本人，警报结束。", en: "Counts as seen just now, and ends the alert." },
  away: { title: "外出", body: { state: "closed", outcome: "away" }, zh: "守望暂停到那时，之后自动继续。", en: "The watch rests until then, and goes on by itself." },
  not_found: { title: "没找到", report: "not_found", zh: "警报不结束，马上通知上一级。", en: "It stays open; the next on the ladder are told at once." },
  emergency: { title: "紧急", report: "emergency", zh: "警报不结束，马上通知所有人。", en: "It stays open; everybody is told at once." },
  open: { title: "重新打开", body: { state: "open" }, zh: "警报重新开始，之前的经过都保留。", en: "The alert needs somebody again; its history stays." },
};
const AT_ONCE = new Set(["acknowledged", "on_the_way"]);
const TROUBLES = {
  "": ["还没送到，正在重试", "not yet sent, trying again"],
  login: ["还没送到：请重新登录，这条会留着", "not yet sent: log in again, it is kept here"],
  changed: ["没有保存：情况已变，请看最新状态", "not saved: somebody was faster, see how it stands now"],
  refused: ["没有保存", "not saved"],
};
const ASK_MS = 20_000, SEND_MS_MAX = 20_000;
const at = (id) => document.getElementById(id);
const page = document.body.dataset, zoneS = Number(page.zoneS);
const aheadMs = Date.parse(page.now) - Date.now();
const nowS = () => Math.floor((Date.now() + aheadMs) / 1000);
const box = at("case"), alertId = box.dataset.alert;
const dialog = at("visit"), form = at("visit-form"), note = at("visit-note"), own = at("visit-author");
const KEPT = `shouwang.kept.visit-${alertId}`;
let chosen = null, etag = "";

words.setZone(zoneS);

async function call(path, options = {}) {
  try {
    const response = await fetch(path, { signal: AbortSignal.timeout(SEND_MS_MAX), ...options });
    return { status: response.status, told: await response.json().catch(() => ({})), etag: response.headers.get("ETag") ?? "" };
  } catch {
    return { status: 0, told: {} };
  }
}

async function send(entry, body) {
  const path = `/api/v1/alerts/${entry.alert}`;
  const { status, told } = await call(body.report ? `${path}/report` : path, {
    method: body.report ? "POST" : "PATCH",
    headers: { "Content-Type": "application/json", "X-CSRF-Token": page.csrf },
    body: JSON.stringify(body),
  });
  return { status, told, wrong: Object.values(told.errors ?? {}).join("；") || told.detail || "" };
}

function done(text) {
  at("toast").textContent = text;
  setTimeout(() => { at("toast").textContent = ""; }, 4000);
}

// The page as the hub has it now.
function show(whole) {
  const texts = words.alert(whole, new Map(), nowS()), [outcome, outcomeEn] = OUTCOMES[whole.outcome] ?? ["", ""];
  if (texts.seen === box.querySelector("[data-slot=seen]")?.textContent) {
    delete texts.where; // the place is known by name already, unless somebody was seen meanwhile
    delete texts.where_en;
  }
  const slots = { ...texts, ...next(whole), outcome, outcome_en: outcomeEn };
  for (const slot of box.querySelectorAll("[data-slot]")) {
    if (slot.closest(".history, #unsent") || !(slot.dataset.slot in slots)) continue;
    slot.textContent = slots[slot.dataset.slot];
  }
  for (const part of box.querySelectorAll("[data-when]")) part.hidden = !part.dataset.when.split(" ").includes(whole.state);
  if (box.dataset.state !== whole.state) at("why").hidden = true; // it told of the state before; the page loaded again tells anew
  box.dataset.state = whole.state;
  box.dataset.steps = whole.history.length;
  at("history").replaceChildren(...whole.history.map((row) => {
    const element = fromTemplate("step-row");
    fill(element, line(row, nowS()));
    return element;
  }).reverse());
}

function unsent(entries) {
  const mine = entries.filter((one) => one.alert === alertId), others = entries.length - mine.length;
  at("unsent").replaceChildren(...mine.filter((one, n) => n > 0 || one.tries > 0 || one.trouble).map((one) => {
    const element = fromTemplate("unsent-row"), [zh, en] = TROUBLES[one.trouble];
    const why = one.trouble === "refused" && one.wrong ? `：${one.wrong}` : "";
    element.dataset.key = one.key;
    element.dataset.trouble = one.trouble;
    fill(element, { zh: `“${one.words}” ${zh}${why}`, en, said: one.body.note });
    return element;
  }));
  if (others) {
    const rest = document.createElement("p");
    rest.className = "quiet";
    rest.textContent = `别的警报还有 ${others} 条没送到 ${others} more of other alerts`;
    at("unsent").append(rest);
  }
}

const queue = new Queue({
  storage: localStorage,
  send,
  ask: (alert) => call(`/api/v1/alerts/${alert}`),
  on: {
    changed: unsent,
    stored(entry, whole) {
      done(`已记录：${entry.words}`);
      if (entry.alert === alertId) show(whole);
    },
    seen(whole) { if (String(whole.id) === alertId) show(whole); },
  },
  clock: () => Date.now() + aheadMs,
  later: (job, ms) => setTimeout(job, ms),
  cancel: (timer) => clearTimeout(timer),
  alone: (job) => (navigator.locks ? navigator.locks.request("shouwang.visits", job) : job()),
});

function take(step, said = {}) {
  const { title, body, report } = STEPS[step];
  const name = (own ? own.value.trim() : "") || box.dataset.author;
  const sent = { ...(report ? { report } : body), note: "", ...said, author: name };
  done(`正在记下：${title}`);
  return queue.add({ alert: alertId, steps: Number(box.dataset.steps), words: title, body: sent });
}

function open(step) {
  chosen = step;
  const { title, zh, en } = STEPS[step], away = step === "away", why = step === "open";
  at("visit-title").textContent = title;
  fill(at("visit-means"), { zh, en });
  at("visit-120").hidden = step !== "emergency";
  at("visit-until").hidden = !away;
  at("visit-if-any").hidden = why;
  at("visit-why").hidden = !why;
  at("visit-wrong").textContent = "";
  form.elements.until.min = officeTime(nowS() * 1000, zoneS);
  dialog.dataset.step = step;
  if (!note.value) note.value = draft();
  dialog.showModal();
  (why ? note : at("visit-confirm")).focus();
}

// The office's time of the choice: until the evening of that day, or what was typed.
function until() {
  const days = form.elements.days.value;
  if (!days) return form.elements.until.value ? rfc3339(form.elements.until.value, zoneS) : "";
  const day = officeTime((nowS() + Number(days) * 86400) * 1000, zoneS).slice(0, 10);
  return rfc3339(`${day}T20:00`, zoneS);
}

function draft() { try { return localStorage.getItem(KEPT) ?? ""; } catch { return ""; } }
function keep(text) { try { if (text) localStorage.setItem(KEPT, text); else localStorage.removeItem(KEPT); } catch { /* not kept */ } }

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const said = { note: note.value.trim() };
  if (chosen === "open" && !said.note) {
    at("visit-wrong").textContent = "请写下原因。Please say why.";
    note.focus();
    return;
  }
  if (chosen === "away" && !(said.until = until())) {
    at("visit-wrong").textContent = "请选一个时间。Please choose a time.";
    return;
  }
  if (own?.value.trim()) me.keep(own.value.trim());
  dialog.close();
  // The text is in the queue before it is sent: from here on that keeps it.
  take(chosen, said);
  note.value = "";
  keep("");
});
form.addEventListener("change", () => { form.elements.until.hidden = form.elements.days.value !== ""; });
note.addEventListener("input", () => keep(note.value));
at("visit-cancel").addEventListener("click", () => dialog.close());
at("thumb").addEventListener("click", (event) => {
  const step = event.target.closest("[data-step]")?.dataset.step;
  if (step) AT_ONCE.has(step) ? take(step) : open(step);
});
at("unsent").addEventListener("click", (event) => {
  const row = event.target.closest(".unsent");
  if (event.target.closest("[data-again]")) queue.again(row.dataset.key);
  else if (event.target.closest("[data-drop]")) {
    const entry = queue.entries.find((one) => one.key === row.dataset.key);
    if (entry?.body.note) keep(entry.body.note); // what was written is offered again
    queue.drop(row.dataset.key);
  }
});

// How it stands now, without a stream: asked while somebody looks, and answered only when it has changed.
async function look() {
  if (document.hidden) return;
  const { status, told, etag: tag } = await call(`/api/v1/alerts/${alertId}`, etag ? { headers: { "If-None-Match": etag } } : {});
  if (status !== 200) return;
  if (told.state === "closed" && box.dataset.state !== "closed" && told.outcome === "retracted") done("已见到，警报解除，可以返回。Seen: the alert is over.");
  etag = tag;
  show(told);
}

if (own) own.value = me.get();
unsent(queue.entries);
queue.flush();
setInterval(look, ASK_MS);
window.addEventListener("online", () => queue.flush());
document.addEventListener("visibilitychange", () => { if (!document.hidden) { look(); queue.flush(); } });
