// The live connection. The browser resumes by itself after a break; when the hub refuses, we ask again, slower each time.

const WAIT_MS_MIN = 2000, WAIT_MS_MAX = 30000;
const NAMES = ["event", "alerts", "alarms", "devices", "watches", "gates", "office"];

export class Stream {
  #lastId;
  #on;
  #waitMs = WAIT_MS_MIN;

  // on: {event, alerts, alarms, devices, watches, gates, office, up, down, stranger}
  constructor(after, on) {
    this.#lastId = after;
    this.#on = on;
    this.#open();
  }

  #open() {
    const source = new EventSource(`/api/v1/stream?after=${encodeURIComponent(this.#lastId)}`);
    source.addEventListener("open", () => {
      this.#waitMs = WAIT_MS_MIN;
      this.#on.up();
    });
    for (const name of NAMES) {
      source.addEventListener(name, (message) => {
        if (message.lastEventId) this.#lastId = message.lastEventId;
        this.#on[name](JSON.parse(message.data));
      });
    }
    source.addEventListener("error", () => {
      this.#on.down();
      if (source.readyState === EventSource.CLOSED) this.#later();
    });
  }

  #later() {
    setTimeout(async () => {
      const status = await fetch("/api/v1/alerts?limit=1").then((response) => response.status, () => 0);
      if (status === 401) this.#on.stranger();
      else this.#open();
    }, this.#waitMs);
    this.#waitMs = Math.min(this.#waitMs * 2, WAIT_MS_MAX);
  }
}
