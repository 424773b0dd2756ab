// On a phone a table's row becomes a card, its headings out of sight: each cell then says itself what it is of.
export function label(table) {
  const names = [...table.querySelectorAll("thead th")].map((th) => (th.querySelector(".zh") ?? th).textContent.trim());
  for (const row of table.tBodies[0]?.rows ?? []) {
    if (row.cells.length !== names.length) continue; // cells that span have no one name
    [...row.cells].forEach((cell, at) => { if (cell.tagName === "TD" && names[at]) cell.dataset.label = names[at]; });
  }
}

for (const table of document.querySelectorAll(".table table")) label(table);
