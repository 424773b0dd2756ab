// What the page says about a row: one text for each slot. words.py says the same; a test compares the two.
// nowS is whole seconds since 1970 UTC; times are as the API writes them.

const MINUTE_S = 60, HOUR_S = 3600, DAY_S = 86400;
let zoneS = 0;

const ALERT_STATES = { open: ["待处理", "open"], acknowledged: ["已知晓", "acknowledged"], on_the_way: ["在路上", "on the way"], closed: ["已结束", "closed"] };
export const RUNGS = { worker: ["网格员", "grid worker"], community: ["社区", "community"], office: ["街道办", "office"], family: ["家属", "family"] };
const REPORTS = { not_found: ["没找到", "not found"], emergency: ["紧急！", "emergency!"] };
const VOUCHED = {
  visit: ["走访", "visit"], phone: ["通话", "phone"], clinic: ["卫生站", "clinic"], card: ["刷卡", "card"], vehicle: ["本人的车", "own vehicle"],
};
const TROUBLES = { conflicts: "冲突 conflicts", quarantined: "读不懂 unreadable", lost: "丢失 lost", refused: "被拒 refused" };

const VERDICTS = { known: ["登记车辆", "known"], unsure: ["请核对", "please check"], unknown: ["未登记", "not listed"] };
const UNREAD = ["看不清", "not readable"];
const DIRECTIONS = { in: ["进", "in"], out: ["出", "out"], unknown: ["方向不明", "which way?"] };

// The office's offset from UTC, seconds. It has no summer time.
export function setZone(offsetS) { zoneS = offsetS; }

export function seconds(iso) { return Math.floor(Date.parse(iso) / 1000); }

export function span(durationS) {
  const minutes = Math.floor(durationS / MINUTE_S), hours = Math.floor(durationS / HOUR_S), days = Math.floor(durationS / DAY_S);
  if (minutes < 1) return ["不到 1 分钟", "under 1 min"];
  if (hours < 1) return [`${minutes} 分钟`, `${minutes} min`];
  if (days < 1) {
    const rest = minutes % 60;
    return rest ? [`${hours} 小时 ${rest} 分`, `${hours} h ${rest} min`] : [`${hours} 小时`, `${hours} h`];
  }
  const rest = hours % 24;
  return rest ? [`${days} 天 ${rest} 小时`, `${days} d ${rest} h`] : [`${days} 天`, `${days} d`];
}

export function ago(iso, nowS) {
  const passedS = nowS - seconds(iso);
  if (passedS < MINUTE_S) return ["刚刚", "just now"];
  const [zh, en] = span(passedS);
  return [`${zh}前`, `${en} ago`];
}

export function clock(iso, nowS) {
  const at = office(seconds(iso)), today = office(nowS);
  const hour = `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}`;
  const days = dayOf(at) - dayOf(today);
  if (days === 0) return hour;
  if (days === -1) return `昨天 ${hour}`;
  if (days === 1) return `明天 ${hour}`;
  const day = `${at.getUTCMonth() + 1}月${at.getUTCDate()}日 ${hour}`;
  return at.getUTCFullYear() === today.getUTCFullYear() ? day : `${at.getUTCFullYear()}年${day}`;
}

export function utc(iso) {
  return `${new Date(seconds(iso) * 1000).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

export function where(seenBy, places) {
  if (seenBy === "") return ["", ""];
  if (seenBy === "given") return ["登记时告知", "as told"];
  const [, kind, by] = /^([a-z]+): (.*)$/s.exec(seenBy) ?? [];
  if (kind in VOUCHED) return [`${places.get(by.split("/")[0]) || by} ${VOUCHED[kind][0]}`, VOUCHED[kind][1]];
  return [places.get(seenBy.split("/")[0]) || seenBy, ""];
}

export function alert(row, places, nowS) {
  const [state, stateEn] = ALERT_STATES[row.state];
  const [late, lateEn] = span(nowS - seconds(row.due_at));
  const [by, byEn] = where(row.last_seen_by, places);
  const taken = row.state === "open" || row.outcome === "retracted" ? null : row.taken;
  return {
    name: row.person_name, page: `/alerts/${row.id}`, state, state_en: stateEn, late: `超时 ${late}`, late_en: `${lateEn} overdue`, where: by, where_en: byEn,
    address: row.contact.address, phone: row.contact.phone, phone_link: telephone(row.contact.phone), note: row.contact.note,
    taken: taken ? `${taken.author} · ${clock(taken.at, nowS)}` : "", said: taken ? taken.note : "",
    ...doubt(row), ...reported(row.reported, nowS), ...climb(row, nowS),
    ...seen(row.last_seen_at, nowS, ["从未见过", "never seen"]),
  };
}

// Nobody was looking: said plainly, and as urgent.
function doubt(row) {
  if (row.verdict !== "cannot_tell") return { doubt: "", doubt_en: "" };
  return { doubt: "说不准：报警时没有摄像头在看。同样紧急，请上门。", doubt_en: "Cannot tell: no camera was looking. Just as urgent, please visit." };
}

function reported(report, nowS) {
  if (report === null) return { report: "", report_en: "", reporter: "", report_said: "" };
  const [zh, en] = REPORTS[report.report];
  return { report: zh, report_en: en, reporter: `${report.author} · ${clock(report.at, nowS)}`, report_said: report.note };
}

// Who has it now, and who is told next when it is not closed by then.
function climb(row, nowS) {
  const [rung, rungEn] = RUNGS[row.rung], texts = { rung, rung_en: rungEn, climb: "", climb_en: "" };
  if (row.climb_at === null) return texts;
  const at = clock(row.climb_at, nowS);
  if (row.rung === "family") return { ...texts, climb: `${at} 还没有结束，就再通知所有人`, climb_en: `all again at ${at}` };
  return { ...texts, climb: `${at} 还没有结束，就往上通知`, climb_en: `goes up at ${at}` };
}

export function sighting(row, nowS) {
  const [counts, countsEn] = row.corrected ? ["不是此人", "not them"] : row.counts ? ["计入守望", "counts"] : ["", ""];
  return {
    score: row.score === null ? "" : row.score.toFixed(2),
    counts, counts_en: countsEn,
    ...when(row, nowS, row.type === "passage" && !row.clock_trusted), ...who(row),
  };
}

export function watch(row, places, nowS) {
  const [by, byEn] = where(row.last_seen_by, places);
  const [leftZh, leftEn] = left(row, nowS);
  return {
    name: row.person_name, where: by, where_en: byEn, left: leftZh, left_en: leftEn, used: used(row, nowS).toFixed(3),
    due_utc: utc(row.due_at), due: clock(row.due_at, nowS),
    ...seen(row.last_seen_at, nowS, ["还没见过", "not yet seen"]),
  };
}

export function device(row, nowS) {
  const { sync } = row;
  const behind = sync.last - sync.high;
  const [heard, heardEn] = row.heard_at ? ago(row.heard_at, nowS) : ["从未联系", "never heard"];
  let behindWords = ["已同步", "in sync"];
  if (sync.epoch === null) behindWords = ["", ""];
  else if (behind > 0) behindWords = [`积压 ${behind} 条`, `${behind} behind`];
  return {
    place: row.place || row.id, id: row.id, online: row.online ? "在线" : "离线", online_en: row.online ? "online" : "offline",
    heard, heard_en: heardEn, heard_utc: row.heard_at ? utc(row.heard_at) : "", behind: behindWords[0], behind_en: behindWords[1],
    troubles: Object.entries(TROUBLES).filter(([name]) => sync[name] > 0).map(([name, words]) => `${words} ${sync[name]}`).join(" · "),
  };
}

// Of an event plate_read.
export function plate(row, nowS) {
  const { reading, direction } = row.body;
  const [said, saidEn] = reading ? VERDICTS[reading.verdict] : UNREAD;
  const [way, wayEn] = DIRECTIONS[direction];
  const meant = reading?.listed && reading.listed !== reading.text ? dotted(reading.listed) : "";
  return {
    plate: reading ? dotted(reading.text) : "", meant: meant ? `即 ${meant}` : "", meant_en: meant ? "is meant" : "",
    verdict: said, verdict_en: saidEn, way, way_en: wayEn, ...when(row, nowS, !row.clock_trusted),
  };
}

export function verdict(row) { return row.body.reading?.verdict ?? "unread"; }

export function gate(row) {
  const unsure = [], unsureEn = [];
  if (row.unknown) { unsure.push(`方向不明 ${row.unknown}`); unsureEn.push(`${row.unknown} either way`); }
  if (row.undated) { unsure.push(`时间不明 ${row.undated}`); unsureEn.push(`${row.undated} at an unknown time`); }
  return {
    place: row.place || row.id, into: `进 ${row.in}`, into_en: `${row.in} in`, out: `出 ${row.out}`, out_en: `${row.out} out`,
    unsure: unsure.join(" · "), unsure_en: unsureEn.join(", "),
  };
}

export function quarantined(row, nowS) {
  return { ...waiting(row, nowS), what: "读不懂", what_en: "not understood", reason: row.reason };
}

export function conflict(row, nowS) {
  return { ...waiting(row, nowS), what: "冲突", what_en: "conflict", reason: `${row.epoch.slice(0, 8)}/${row.seq}` };
}

export function dotted(plate) { return `${plate.slice(0, 2)}·${plate.slice(2)}`; }

export function kind(row) {
  if (row.type !== "passage") return "trouble";
  return row.person === null ? "stranger" : "known";
}

export function telephone(text) {
  if (text.includes("*")) return ""; // a masked one
  const number = text.replace(/[^+0-9]/g, "");
  return number.length >= 3 ? `tel:${number}` : "";
}

function waiting(row, nowS) {
  return { time: clock(row.received_at, nowS), time_utc: utc(row.received_at), place: row.place || row.device };
}

function when(row, nowS, doubtful) {
  const at = row.captured_at ?? row.received_at;
  const time = clock(at, nowS);
  return {
    time: time.length === "00:00".length ? `${time}:${two(office(seconds(at)).getUTCSeconds())}` : time, time_utc: utc(at),
    place: row.place || row.device, clock: doubtful ? "时钟未校准" : "", clock_en: doubtful ? "clock not set" : "",
  };
}

function who(row) {
  const texts = { who: "陌生人", who_en: "stranger", sure: "", sure_en: "" };
  if (row.type === "lost") return { ...texts, who: "有记录丢失", who_en: "events lost" };
  if (row.type !== "passage") return { ...texts, who: "读不懂的记录", who_en: row.type };
  if (row.person === null) return texts;
  const sure = row.strict ? { sure: "确认", sure_en: "sure" } : { sure: "疑似", sure_en: "maybe" };
  return { who: row.person_name || row.person, who_en: "", ...sure };
}

function seen(at, nowS, never) {
  if (at === null) return { seen: "", seen_utc: "", seen_ago: never[0], seen_ago_en: never[1] };
  const [zh, en] = ago(at, nowS);
  return { seen: clock(at, nowS), seen_utc: utc(at), seen_ago: zh, seen_ago_en: en };
}

function left(row, nowS) {
  if (row.state === "off") return ["已停", "off"];
  if (row.state === "paused") return [`外出至 ${clock(row.paused_until, nowS)}`, "away until then"];
  const leftS = seconds(row.due_at) - nowS;
  const [zh, en] = span(Math.abs(leftS));
  if (row.state === "late") return [`已晚，宽限还有 ${zh}`, `late, ${en} of grace left`];
  if (row.state === "alert" && leftS > 0) return ["有警报", "an alert is open"];
  return leftS > 0 ? [`还有 ${zh}`, `${en} left`] : [`超时 ${zh}`, `${en} overdue`];
}

function used(row, nowS) {
  if (row.state === "off" || row.state === "paused") return 0;
  return Math.min(1, Math.max(0, 1 - (seconds(row.due_at) - nowS) / (row.period_s + row.grace_s)));
}

// A Date whose UTC fields read as the office's wall clock.
function office(s) { return new Date((s + zoneS) * 1000); }
function dayOf(date) { return Math.floor(date.getTime() / (DAY_S * 1000)); }
function two(number) { return String(number).padStart(2, "0"); }
