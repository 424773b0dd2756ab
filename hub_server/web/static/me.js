// Large type and language: kept in this browser at once, and with the account when there is one.
import { send } from "./send.js";

const form = document.getElementById("comfort");
const root = document.documentElement;
for (const name of ["type", "words"]) {
  for (const choice of form.elements[name]) choice.checked = choice.value === root.dataset[name];
}
form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("change", async (event) => {
  const { name, value } = event.target;
  root.dataset[name] = value;
  try { localStorage.setItem(`shouwang.${name}`, value); } catch { /* a browser that keeps nothing */ }
  if (form.dataset.saved === "account") {
    await send("PATCH", "/api/v1/me", { settings: { type: root.dataset.type, words: root.dataset.words } });
  }
});

// The new password is typed twice; only the first of the two is sent.
const again = document.getElementById("f-again");
const password = document.querySelector("[name=password]");
document.getElementById("password-form")?.addEventListener("submit", (event) => {
  const differs = again.value !== password.value;
  document.getElementById("again-wrong").textContent = differs ? "两次输入的密码不一样。The two passwords differ." : "";
  if (!differs) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  again.focus();
});
