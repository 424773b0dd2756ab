// A device's settings, shown this once after it was added or got a new secret.
import { fill } from "./rows.js";

const dialog = document.getElementById("once");
let then = "";

document.addEventListener("sent", (event) => {
  if (!event.target.dataset.once) return;
  const { id, mqtt } = event.detail;
  document.getElementById("new-device")?.close();
  fill(dialog, { ...mqtt, port: String(mqtt.port) });
  then = `/devices/${encodeURIComponent(id)}`;
  dialog.showModal();
});
document.getElementById("once-copy").addEventListener("click", async (event) => {
  const lines = [...dialog.querySelectorAll("dl > div")].map((row) => `${row.querySelector("dt .en").textContent}: ${row.querySelector("dd").textContent}`);
  await navigator.clipboard?.writeText(lines.join("\n"));
  event.target.closest("button").textContent = "已复制 Copied";
});
document.getElementById("once-done").addEventListener("click", () => location.assign(then));
// Closed by accident, the password is gone: Escape does not close it.
dialog.addEventListener("cancel", (event) => event.preventDefault());
