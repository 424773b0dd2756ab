// Every form with data-api sends its fields as JSON to the API, and shows what the API says, field by field.
//   <form data-api="PATCH /api/v1/people/p-li" data-then="/people/p-li" data-done="已保存 Saved">
// data-then: where to go afterwards; "reload"; or nothing: stay. {id} in it is the answer's id. data-confirm: asked first.
// A field's data-kind: "number", "list" (lines or commas), "truth" (a checkbox), "moment" (the office's time), "optional"
// (left out when empty), "null" (null when empty), "set" (checkboxes of one name: the list of the values that are ticked); data-keep on the form: its text waits in this browser until it is sent.
import { rfc3339, send } from "./send.js";

const KEPT = "shouwang.kept.";
let numbered = 0;

function read(control) {
  const kind = control.dataset.kind ?? "";
  if (kind === "truth" || control.type === "checkbox") return control.checked;
  const text = control.value.trim();
  if (text === "" && kind.includes("null")) return null;
  if (text === "" && kind.includes("optional")) return undefined;
  if (kind.includes("number")) return Number(text);
  if (kind.includes("list")) return text.split(/[\n,，]/).map((one) => one.trim()).filter(Boolean);
  if (kind.includes("moment")) return rfc3339(text, Number(document.body.dataset.zoneS));
  return text;
}

export function fields(form) {
  const body = {};
  for (const control of form.elements) {
    if (!control.name || control.disabled || (control.type === "radio" && !control.checked)) continue;
    if (control.dataset.kind === "set") {
      body[control.name] = [...(body[control.name] ?? []), ...(control.checked ? [control.value] : [])];
      continue;
    }
    const value = read(control);
    if (value !== undefined) body[control.name] = value;
  }
  return body;
}

export function complain(form, wrong, errors = {}) {
  for (const place of form.querySelectorAll("[data-field] .wrong")) place.textContent = "";
  const left = [];
  for (const [name, text] of Object.entries(errors)) {
    const field = form.querySelector(`[data-field="${CSS.escape(name)}"]`);
    if (!field) left.push(`${name}: ${text}`);
    else {
      const told = field.querySelector(".wrong"), control = field.querySelector("input, select, textarea");
      told.textContent = text;
      told.id ||= `wrong-${(numbered += 1)}`;
      control?.setAttribute("aria-invalid", "true");
      control?.setAttribute("aria-describedby", told.id); // heard again whenever somebody comes back to the field
    }
  }
  const place = form.querySelector(".form-wrong");
  if (place) place.textContent = [Object.keys(errors).length && !left.length ? "" : wrong, ...left].filter(Boolean).join(" ");
  form.querySelector("[aria-invalid]")?.focus();
}

export function toast(text) {
  const place = document.getElementById("toast");
  place.textContent = text;
  setTimeout(() => { place.textContent = ""; }, 4000);
}

async function submit(form) {
  if (form.dataset.confirm && !window.confirm(form.dataset.confirm)) return;
  const [method, wanted] = form.dataset.api.split(" ");
  const path = wanted.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(form.elements[name].value)); // {device}
  const button = form.querySelector("button:not([type=button])");
  for (const control of form.querySelectorAll("[aria-invalid]")) control.removeAttribute("aria-invalid");
  if (button) button.disabled = true;
  const body = method === "DELETE" ? undefined : fields(form);
  const { wrong, errors, told: answer } = await send(method, path, body);
  if (button) button.disabled = false;
  complain(form, wrong, errors);
  if (wrong) return;
  forget(form);
  form.dispatchEvent(new CustomEvent("sent", { bubbles: true, detail: answer }));
  const then = form.dataset.then;
  if (then === "reload") location.reload();
  else if (then) location.assign(then.replace("{id}", encodeURIComponent(answer?.id ?? answer?.name ?? "")));
  else if (form.dataset.done) toast(form.dataset.done);
}

const kept = (form) => `${KEPT}${form.dataset.keep}`;
function forget(form) {
  if (form.dataset.keep) localStorage.removeItem(kept(form));
}
function keep(form) {
  try { localStorage.setItem(kept(form), JSON.stringify(fields(form))); } catch { /* full, or not allowed */ }
}
function restore(form) {
  try {
    for (const [name, value] of Object.entries(JSON.parse(localStorage.getItem(kept(form)) ?? "{}"))) {
      const control = form.elements[name];
      if (control && typeof value === "string" && !control.value) control.value = value;
    }
  } catch { /* what cannot be read is not restored */ }
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.dataset.api) return;
  event.preventDefault();
  submit(form);
});
for (const form of document.querySelectorAll("form[data-keep]")) {
  restore(form);
  form.addEventListener("input", () => keep(form));
}
// A button that shows a dialog by its id, and one that closes the dialog it stands in.
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog]");
  if (opener) document.getElementById(opener.dataset.dialog)?.showModal();
  if (event.target.closest("[data-close]")) event.target.closest("dialog")?.close();
});
