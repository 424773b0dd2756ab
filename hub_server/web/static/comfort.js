// What the reader likes, kept in this browser, else with the account: large type, and which language comes
// first. Runs before the page is drawn.
(() => {
  const root = document.documentElement;
  for (const [name, fallback] of [["type", "normal"], ["words", "both"]]) {
    let kept = null;
    try { kept = localStorage.getItem(`shouwang.${name}`); } catch { /* a browser that keeps nothing */ }
    root.dataset[name] = kept ?? document.currentScript.dataset[name] ?? fallback;
  }
})();
