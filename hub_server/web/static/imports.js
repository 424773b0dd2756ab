// Brings a table: the file goes up as it is, with its progress, and what was read of it is shown on a page of its own.

const form = document.querySelector("[data-bring]");
const bar = form.querySelector("progress");
const state = form.querySelector(".state");
const wrong = form.querySelector(".wrong");
const input = form.querySelector("input[type=file]");
const button = form.querySelector("button");

function said(text, bad = "") {
  state.textContent = text;
  wrong.textContent = bad;
  input.toggleAttribute("aria-invalid", false);
  if (bad) input.setAttribute("aria-invalid", "true");
}

function ended(request) {
  bar.hidden = true;
  button.disabled = false;
  const told = request.response ?? {};
  if (request.status === 201) {
    location.assign(`/imports/${told.id}`);
    return;
  }
  if (request.status === 401) said("", "请重新登录。Please log in again.");
  else said("", Object.values(told.errors ?? {}).join("；") || told.detail || "没有传上去：连不上。Not sent: no connection.");
}

function bring(file) {
  const kind = new FormData(form).get("kind");
  const request = new XMLHttpRequest();
  request.open("POST", `/api/v1/imports?${new URLSearchParams({ kind, name: file.name.slice(0, 200) })}`);
  request.responseType = "json";
  request.setRequestHeader("Content-Type", "application/octet-stream");
  request.setRequestHeader("X-CSRF-Token", document.body.dataset.csrf);
  request.upload.addEventListener("progress", (event) => {
    if (event.lengthComputable) bar.value = (100 * event.loaded) / event.total;
  });
  request.upload.addEventListener("load", () => said("传好了，正在检查每一行…… Sent; each row is being checked…"));
  request.addEventListener("loadend", () => ended(request));
  bar.hidden = false;
  bar.value = 0;
  button.disabled = true;
  said("正在上传…… Sending…");
  request.send(file);
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const [file] = input.files;
  if (file && file.size > 10 * 1024 * 1024) said("", "文件超过 10 MB，请分几次导入。Over 10 MB: bring it in parts.");
  else if (file) bring(file);
});
form.addEventListener("change", () => {
  for (const one of form.querySelectorAll("[data-template]")) one.hidden = one.dataset.template !== form.elements.kind.value;
});
// A file may also be dropped anywhere on the form.
form.addEventListener("dragover", (event) => {
  event.preventDefault();
  form.classList.add("over");
});
form.addEventListener("dragleave", () => form.classList.remove("over"));
form.addEventListener("drop", (event) => {
  event.preventDefault();
  form.classList.remove("over");
  if (event.dataTransfer.files.length === 1) input.files = event.dataTransfer.files;
});
