// Photographs from this browser: made small enough, sent as base64, and what is wrong is said photograph by photograph.
//   <form data-photos="/api/v1/people/p-li/face" data-max="5"> with a file input and <ul class="photos-list">
// A form with data-place="/api/v1/…/door/" puts the chosen device at the end of that path.
import { complain, fields } from "./form.js";
import { send } from "./send.js";

const SIDE_PX = 1600; // a face of 80 pixels is enough; telephones make 4000
const BYTES_MAX = 3_000_000;

async function shrunk(file) {
  const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
  const scale = Math.min(1, SIDE_PX / Math.max(picture.width, picture.height));
  if (scale === 1 && file.size <= BYTES_MAX && ["image/jpeg", "image/png"].includes(file.type)) return file;
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(picture.width * scale);
  canvas.height = Math.round(picture.height * scale);
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  return new Promise((done) => { canvas.toBlob(done, "image/jpeg", 0.92); });
}

async function base64(blob) {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  let text = "";
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(text);
}

function line(file, wrong = "") {
  const item = document.createElement("li");
  const name = document.createElement("span");
  const size = document.createElement("span");
  name.textContent = file.name;
  size.textContent = `${Math.max(1, Math.round(file.size / 1024))} KB`;
  size.className = "quiet";
  item.append(name, size);
  if (wrong) {
    const told = document.createElement("p");
    told.className = "wrong";
    told.textContent = wrong;
    item.append(told);
  }
  return item;
}

function show(form, files, wrongs = []) {
  form.querySelector(".photos-list").replaceChildren(...files.map((file, n) => line(file, wrongs[n] ?? "")));
}

const PHOTO = /^photos\[(\d+)\]$/;

function split(errors = {}) {
  const photos = [], others = {};
  for (const [name, text] of Object.entries(errors)) {
    const found = PHOTO.exec(name);
    if (found) photos[Number(found[1])] = text;
    else others[name] = text;
  }
  return { photos, others };
}

async function enrol(form) {
  const files = [...form.querySelector("input[type=file]").files];
  const most = Number(form.dataset.max);
  if (!files.length || files.length > most) {
    complain(form, "", { photos: files.length ? `最多 ${most} 张 at most ${most}` : "请先选照片 choose photographs first" });
    return;
  }
  const button = form.querySelector("button");
  button.disabled = true;
  const photos = [], wrongs = [];
  for (const [n, file] of files.entries()) {
    try { photos.push(await base64(await shrunk(file))); } catch { wrongs[n] = "打不开，不是照片 cannot be opened"; }
  }
  if (wrongs.length) {
    show(form, files, wrongs);
    button.disabled = false;
    return;
  }
  const { wrong, errors } = await send("POST", form.dataset.photos, { ...fields(form), photos });
  button.disabled = false;
  if (!wrong) {
    location.reload();
    return;
  }
  const told = split(errors);
  show(form, files, told.photos);
  complain(form, told.photos.length ? "没有录入：请换掉标红的照片。Nothing was stored: take others for those." : wrong, told.others);
}

for (const form of document.querySelectorAll("form[data-photos]")) {
  form.addEventListener("submit", (event) => { event.preventDefault(); enrol(form); });
  form.querySelector("input[type=file]").addEventListener("change", (event) => { show(form, [...event.target.files]); });
}

for (const form of document.querySelectorAll("form[data-place]")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const { wrong, errors } = await send("PUT", form.dataset.place + encodeURIComponent(form.elements.device.value));
    if (wrong) complain(form, wrong, errors);
    else location.reload();
  });
}
