// Areas are picked by ticking them; a link that sets a password is shown this once.

for (const picks of document.querySelectorAll("[data-picks]")) {
  const told = picks.querySelector(`textarea[name="${picks.dataset.picks}"]`);
  picks.addEventListener("change", () => {
    const chosen = [...picks.querySelectorAll("input[type=checkbox]:checked")].map((box) => box.value);
    told.value = chosen.join("\n");
  });
}

const dialog = document.getElementById("link");
const address = document.getElementById("link-url");
let then = "";

document.addEventListener("sent", (event) => {
  const { url, name } = event.detail ?? {};
  if (!url || !dialog) return;
  event.target.closest("dialog")?.close();
  address.value = url;
  then = name ? `/accounts/${encodeURIComponent(name)}` : location.pathname;
  dialog.showModal();
  address.select();
});
dialog?.querySelector("#link-copy").addEventListener("click", async () => {
  address.select();
  try { await navigator.clipboard.writeText(address.value); } catch { document.execCommand("copy"); }
});
dialog?.querySelector("#link-done").addEventListener("click", () => location.assign(then));
