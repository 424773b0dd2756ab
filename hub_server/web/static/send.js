// Every change that the page makes, and the name of who makes it, remembered on this machine.

const NAME_KEY = "shouwang.author";

export const author = {
  // Of an account: its own, and nobody is asked. Of the owner of the data: as last given on this machine.
  get: () => document.body.dataset.author || (localStorage.getItem(NAME_KEY) ?? ""),
  keep: (name) => { if (!document.body.dataset.author) localStorage.setItem(NAME_KEY, name); },
};

// wrong: what went wrong, in words; empty when it is stored, and then told is the answer. said: words for a status.
export async function send(method, path, body, said = {}) {
  let response;
  try {
    response = await fetch(path, {
      method,
      headers: { "Content-Type": "application/json", "X-CSRF-Token": document.body.dataset.csrf },
      body: JSON.stringify(body),
    });
  } catch {
    return { wrong: "没有保存：连不上。Not saved: no connection." };
  }
  const told = await response.json().catch(() => ({}));
  if (response.ok) return { wrong: "", told };
  if (response.status === 401) return { wrong: "没有保存：请重新登录。Not saved: please log in again." };
  if (said[response.status]) return { wrong: `没有保存：${said[response.status]}` };
  const fields = Object.values(told.errors ?? {}).join("；");
  return { wrong: `没有保存。Not saved: ${fields || told.detail || response.status}`, errors: told.errors };
}

export async function ask(path) {
  const response = await fetch(path).catch(() => null);
  return response?.ok ? response.json() : null;
}

// The office's wall clock, as an input of the type datetime-local has it. Zones in seconds.
export function officeTime(ms, zoneS) { return new Date(ms + zoneS * 1000).toISOString().slice(0, 16); }
export function rfc3339(officeTime, zoneS) { return new Date(Date.parse(`${officeTime}:00Z`) - zoneS * 1000).toISOString(); }
