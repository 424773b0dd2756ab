// Rows on the page: an empty copy of the markup, filled with texts. Nothing here ever parses a text as markup.

// Fills every slot of `element`; a text is set only when it differs, so that selections and focus survive.
export function fill(element, texts) {
  for (const slot of element.querySelectorAll("[data-slot]")) {
    if (slot.closest("[data-apart]") !== element.closest("[data-apart]")) continue; // somebody else fills that part
    const text = texts[slot.dataset.slot] ?? "";
    if (slot.textContent !== text) slot.textContent = text;
  }
  for (const slot of element.querySelectorAll("[data-title]")) slot.title = texts[slot.dataset.title] ?? "";
  for (const slot of element.querySelectorAll("[data-value]")) slot.value = Number(texts[slot.dataset.value]);
  for (const slot of element.querySelectorAll("[data-link]")) {
    const link = texts[slot.dataset.link];
    if (link) slot.href = link;
    else slot.removeAttribute("href");
  }
}

export function fromTemplate(id) {
  return document.getElementById(id).content.firstElementChild.cloneNode(true);
}

// A list kept in step with rows by key: elements stay the same while their row lives, so that focus stays too.
export class Rows {
  #list;
  #template;
  #elements = new Map();

  constructor(list, template) {
    this.#list = list;
    this.#template = template;
    for (const element of [...list.children]) this.#elements.set(element.dataset.key, element);
    trim(list);
  }

  // rows: [key, texts, dataset] in the order wanted.
  show(rows) {
    const wanted = new Set(rows.map(([key]) => String(key)));
    for (const [key, element] of this.#elements) {
      if (!wanted.has(key)) {
        element.remove();
        this.#elements.delete(key);
      }
    }
    rows.forEach(([key, texts, dataset], place) => {
      const element = this.#element(String(key));
      fill(element, texts);
      Object.assign(element.dataset, dataset);
      if (this.#list.children[place] !== element) this.#list.insertBefore(element, this.#list.children[place] ?? null);
    });
    trim(this.#list);
  }

  #element(key) {
    let element = this.#elements.get(key);
    if (!element) {
      element = fromTemplate(this.#template);
      element.dataset.key = key;
      if (element.dataset.anchor) element.id = `${element.dataset.anchor}-${key}`; // what a link in a message names
      this.#elements.set(key, element);
    }
    return element;
  }
}

// A list without rows matches :empty, which shows the words for nothing.
export function trim(list) {
  if (!list.firstElementChild) list.textContent = "";
}
