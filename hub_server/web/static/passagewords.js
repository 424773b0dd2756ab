// What the page says about a passage, from an event of the stream, and whether it is wanted. traffic_words.py says the same.
import * as words from "./words.js";

export function kind(row) {
  if (row.type === "passage") return row.person === null ? "stranger" : "known";
  return row.body.reading?.listed ? "vehicle_known" : "vehicle_unknown";
}

// One text for each slot of a row. The server's link leads to the vehicle, which the stream does not know.
export function texts(row, nowS) {
  if (row.type === "passage") {
    const known = words.sighting(row, nowS);
    return { ...known, link: row.person_name ? `/people/${row.person}` : "" };
  }
  const said = words.plate(row, nowS), { reading } = row.body;
  const [unread, unreadEn] = reading ? ["", ""] : [said.verdict, said.verdict_en];
  return {
    ...said, who: said.plate || unread, who_en: unreadEn,
    sure: reading ? said.verdict : "", sure_en: reading ? said.verdict_en : "",
    link: reading ? `/passages?plate=${encodeURIComponent(reading.text)}` : "",
  };
}

export function fits(row, wanted) {
  if (row.type !== "passage" && row.type !== "plate_read") return false;
  if (wanted.devices && !wanted.devices.includes(row.device)) return false;
  if (wanted.person && row.person !== wanted.person) return false;
  const reading = row.body?.reading;
  if (wanted.plate) {
    const plate = wanted.plate.replace(/[\s·・.]/g, "").toUpperCase();
    if (row.type === "passage" || (reading?.text !== plate && reading?.listed !== plate)) return false;
  }
  const its = kind(row);
  if (!wanted.kind || wanted.kind === its) return true;
  return wanted.kind === (row.type === "passage" ? "person" : "vehicle");
}
