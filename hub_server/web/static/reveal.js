// What is masked is shown for a minute, when somebody asks for it; the hub notes who looked.
import { toast } from "./form.js";
import { ask } from "./send.js";

const SHOWN_MS = 60_000;

function places(told) {
  const values = { address: told.address, phone: told.phone, note: told.note, born: told.born };
  for (const one of told.contacts ?? []) values[`contact-${one.id}`] = one.phone;
  return Object.entries(values)
    .map(([name, text]) => [document.querySelector(`[data-private="${CSS.escape(name)}"]`), text])
    .filter(([place, text]) => place && text);
}

function link(place, text) {
  const number = text.replace(/[^+0-9]/g, "");
  if (place.localName === "a" && number.length >= 3) place.href = `tel:${number}`;
}

for (const button of document.querySelectorAll("[data-reveal]")) {
  let masked = [];
  let timer = 0;
  const state = (shown) => {
    button.setAttribute("aria-pressed", String(shown));
    button.querySelector("[data-hidden]").hidden = shown;
    button.querySelector("[data-shown]").hidden = !shown;
  };
  const hide = () => {
    clearTimeout(timer);
    for (const [place, text] of masked) {
      place.textContent = text;
      place.classList.remove("clear");
      place.removeAttribute("href");
    }
    masked = [];
    state(false);
  };
  button.addEventListener("click", async () => {
    if (masked.length) { hide(); return; }
    button.disabled = true;
    const told = await ask(button.dataset.reveal);
    button.disabled = false;
    if (!told) { toast("没有拿到，请再试 Not given, please try again"); return; }
    for (const [place, text] of places(told)) {
      masked.push([place, place.textContent]);
      place.textContent = text;
      place.classList.add("clear");
      link(place, text);
    }
    state(true);
    timer = setTimeout(hide, SHOWN_MS);
  });
}
