// A device's new card: its token is shown this once, with the file that goes onto the card.
import { fill } from "./rows.js";
import { clock } from "./words.js";

const dialog = document.getElementById("card-once");
let file = "";

document.addEventListener("sent", (event) => {
  if (!event.target.dataset.card) return;
  const { device, token, site, page, expires_at } = event.detail;
  document.getElementById("new-card").close();
  fill(dialog, { device, token, page, expires: clock(expires_at, Math.floor(Date.now() / 1000)) });
  file = `${JSON.stringify({ token, device, site, page }, null, 2)}\n`;
  dialog.showModal();
});
document.getElementById("card-copy")?.addEventListener("click", async (event) => {
  const button = event.target.closest("button");
  await navigator.clipboard?.writeText(file);
  button.textContent = "已复制 Copied";
});
document.getElementById("card-done")?.addEventListener("click", () => location.reload());
// Closed by accident, the token is gone: Escape does not close it.
dialog?.addEventListener("cancel", (event) => event.preventDefault());
