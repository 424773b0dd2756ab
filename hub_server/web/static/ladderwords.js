// What the page says of alerts that ended, hints and alarms. ladder_words.py says the same; a test compares the two.
import { ago, clock, utc } from "./words.js";

export const OUTCOMES = { well: ["平安", "well"], helped: ["已救助", "helped"], away: ["外出", "away"], retracted: ["已见到，自动撤销", "seen, retracted"] };
const ALARMS = {
  observer: ["没有在看", "does not watch"], clock: ["主机时钟跳变", "the hub's clock has stepped"], delivery: ["通知送不出去", "notices do not get out"],
  card: ["设备的卡有两份，可能被人复制：请作废后重新制卡", "there are two of this card: revoke it and make a new one"],
  certificate: ["设备证书需要处理", "the devices' certificates need a look"],
  rollout: ["设备更新已停下", "an update of devices has stopped"],
};
const UNSTAFFED = ["没有可通知的网格员", "no worker can be told"];
const EYES = {
  silent: ["没有消息", "silent"], blind: ["看不清", "could not see"], covered: ["被遮住", "covered"], frozen: ["画面停住", "frozen"],
  no_inference: ["没有识别", "not looking"],
};

export function closed(row, nowS) {
  const [outcome, outcomeEn] = OUTCOMES[row.outcome];
  const own = row.outcome !== "retracted";
  return {
    name: row.person_name, page: `/alerts/${row.id}`, outcome, outcome_en: outcomeEn, by: own ? row.taken.author : "", said: own ? row.taken.note : "",
    time: clock(row.taken.at, nowS), time_utc: utc(row.taken.at),
  };
}

export function hint(row, nowS) {
  return { name: row.person_name, usual: row.zh, usual_en: row.en, seen: clock(row.last_seen_at, nowS), seen_utc: utc(row.last_seen_at) };
}

export function alarm(row, nowS) {
  let [what, whatEn] = ALARMS[row.kind], place = row.place || row.subject, detail = row.detail, detailEn = "";
  const [since, sinceEn] = ago(row.since, nowS);
  if (row.kind === "observer") [detail, detailEn] = EYES[row.detail.split(":")[0]] ?? [row.detail, ""];
  else if (row.subject.startsWith("area/")) {
    [what, whatEn] = UNSTAFFED;
    place = row.subject.slice("area/".length);
    detail = "";
  } else if (row.kind === "clock") place = "";
  else if (row.kind === "card") detail = "";
  else if (["certificate", "rollout"].includes(row.kind)) {
    place = "";
    const [zh, ...en] = row.detail.split("；");
    [detail, detailEn] = [zh, en.join("；")];
  }
  return { place, since, since_en: sinceEn, detail, detail_en: detailEn, what, what_en: whatEn, since_utc: utc(row.since) };
}
