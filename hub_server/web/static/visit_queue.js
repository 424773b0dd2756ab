// Steps on alerts that must reach the hub, whatever the network does: each waits in this browser until the hub has it.
// A step that is there already counts as done: an answer may have been lost on its way back.

const KEY = "shouwang.visits";
const WAIT_MS_MIN = 3000, WAIT_MS_MAX = 30_000;
const LATE_MS = 120_000; // after so long its note says when it was written down
const NOTE_CHARS_MAX = 2000;

// Whether the hub's history has this step behind those that were known when it was taken.
export function isThere(entry, whole) {
  const { body } = entry;
  return whole.history.slice(entry.steps).some((step) => {
    if (step.author !== body.author || !step.note.startsWith(body.note)) return false;
    if (body.report) return step.report === body.report;
    return !step.report && step.from !== step.to && step.to === body.state && (step.outcome ?? null) === (body.outcome ?? null);
  });
}

export class Queue {
  #storage;
  #send;
  #ask;
  #on;
  #clock;
  #later;
  #waitMs = WAIT_MS_MIN;
  #busy = false;
  #timer = null;
  #alone;
  #unkept = null; // the entries, in a browser that keeps nothing

  // send(entry, body) -> {status, told, wrong}; ask(alert) -> {status, told}; status 0: no connection.
  // on: changed(entries), stored(entry, whole). clock() in milliseconds; later(f, ms) -> a timer, cancel(timer).
  // alone(f): runs f while no other window of this browser does.
  constructor({ storage, send, ask, on, clock, later, cancel, alone = (f) => f() }) {
    this.#alone = alone;
    [this.#storage, this.#send, this.#ask, this.#on, this.#clock] = [storage, send, ask, on, clock];
    this.#later = { at: later, not: cancel };
  }

  get entries() {
    if (this.#unkept !== null) return this.#unkept;
    try {
      const kept = JSON.parse(this.#storage.getItem(KEY) ?? "[]");
      return Array.isArray(kept) ? kept : [];
    } catch {
      return [];
    }
  }

  // entry: {alert, steps, report, body, words}. It is kept before it is sent.
  add(entry) {
    const at = this.#clock();
    const key = `${at}-${Math.random().toString(36).slice(2)}`;
    this.#keep([...this.entries, { ...entry, key, at, tries: 0, trouble: "" }]);
    return this.flush();
  }

  drop(key) { this.#keep(this.entries.filter((one) => one.key !== key)); }

  again(key) {
    this.#change(key, { trouble: "" });
    this.#waitMs = WAIT_MS_MIN;
    return this.flush();
  }

  // Sends what waits, in order. One that the hub refuses stays, and holds up no other; without a connection all wait.
  async flush() {
    if (this.#busy) return;
    this.#busy = true;
    if (this.#timer !== null) this.#later.not(this.#timer);
    this.#timer = null;
    try {
      await this.#alone(() => this.#all());
    } finally {
      this.#busy = false;
    }
  }

  async #all() {
    for (let entry; (entry = this.entries.find((one) => !one.trouble)); ) {
      if (!(await this.#try(entry))) {
        this.#timer = this.#later.at(() => this.flush(), this.#waitMs);
        this.#waitMs = Math.min(this.#waitMs * 2, WAIT_MS_MAX);
        return;
      }
      this.#waitMs = WAIT_MS_MIN;
    }
  }

  // False: no connection, or the hub is busy; come again.
  async #try(entry) {
    // Whether an earlier try arrived is asked first: "not found" twice would climb the ladder twice.
    if (entry.tries > 0 && !(await this.#look(entry))) return false;
    if (!this.#has(entry)) return true;
    this.#change(entry.key, { tries: entry.tries + 1 });
    const { status, told, wrong } = await this.#send(entry, this.#body(entry));
    if (status >= 200 && status < 300) this.#stored(entry, told);
    else if (status === 0 || status === 408 || status === 429 || status >= 500) return false;
    else if (status === 409 || status === 412) return this.#look(entry, "changed");
    else this.#change(entry.key, { trouble: status === 401 || status === 403 ? "login" : "refused", wrong });
    return true;
  }

  // Asks how the alert stands: the step may be there. `trouble`: what it means when it is not. False: no connection.
  async #look(entry, trouble = "") {
    const { status, told } = await this.#ask(entry.alert);
    if (status >= 200 && status < 300) {
      if (isThere(entry, told)) this.#stored(entry, told);
      else if (trouble) {
        this.#on.seen?.(told);
        this.#change(entry.key, { trouble });
      }
      return true;
    }
    if (status === 401 || status === 403) this.#change(entry.key, { trouble: "login" });
    else if (status === 404) this.#change(entry.key, { trouble: "refused" });
    else return false;
    return true;
  }

  #body(entry) {
    const lateMs = this.#clock() - entry.at;
    if (lateMs < LATE_MS) return entry.body;
    const when = new Date(entry.at);
    const said = `（${when.getHours()}:${String(when.getMinutes()).padStart(2, "0")} 记下，当时没有网络）`;
    return { ...entry.body, note: `${entry.body.note}${said}`.slice(0, NOTE_CHARS_MAX) };
  }

  #stored(entry, whole) {
    this.drop(entry.key);
    this.#on.stored(entry, whole);
  }

  #has(entry) { return this.entries.some((one) => one.key === entry.key && !one.trouble); }

  #change(key, values) { this.#keep(this.entries.map((one) => (one.key === key ? { ...one, ...values } : one))); }

  #keep(entries) {
    try {
      this.#storage.setItem(KEY, JSON.stringify(entries));
      this.#unkept = null;
    } catch {
      this.#unkept = entries; // it is lost with the page; until then it is tried all the same
    }
    this.#on.changed(entries);
  }
}
