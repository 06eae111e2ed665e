"use strict";
// Web push on the citizens' page. Without this script, or in a browser that cannot, nothing of it shows.
(async () => {
  const box = document.getElementById("push");
  if (!window.isSecureContext || !("serviceWorker" in navigator && "PushManager" in window && "Notification" in window)) return;
  const form = box.querySelector("form");
  const stop = form.querySelector("button[type=button]");
  const status = box.querySelector("[role=status]");
  const SCOPE = "/public"; // the desk's own pages have no worker
  const CHOICE = "kawamori-push"; // what this browser asked for, to show it again

  const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (sign) => sign.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");

  async function send(path, body) {
    const answer = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  }

  // A subscription under an older key of the city brings nothing: it counts as none.
  async function current() {
    const worker = await navigator.serviceWorker.getRegistration(SCOPE);
    const found = worker ? await worker.pushManager.getSubscription() : null;
    const key = found && found.options && found.options.applicationServerKey;
    if (!found || (key && text(key) !== box.dataset.key)) return null;
    return found;
  }

  async function subscribed() {
    const known = await current();
    if (known) return known;
    await navigator.serviceWorker.register("/push/worker.js", { scope: SCOPE });
    const worker = await ready();
    const old = await worker.pushManager.getSubscription();
    if (old) await old.unsubscribe();
    return worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes(box.dataset.key) });
  }

  // navigator.serviceWorker.ready waits for a worker of this very page; ours may just have been registered.
  async function ready() {
    const found = await navigator.serviceWorker.getRegistration(SCOPE);
    const worker = found.installing || found.waiting;
    if (worker && !found.active) {
      await new Promise((done) => worker.addEventListener("statechange", () => { if (found.active) done(); }));
    }
    return found;
  }

  async function start() {
    if (await Notification.requestPermission() !== "granted") return box.dataset.blocked;
    const found = await subscribed();
    const choice = Object.fromEntries(new FormData(form));
    const { endpoint, keys } = found.toJSON();
    await send("/push/subscribe", { ...choice, subscription: { endpoint, keys }, consent: true });
    localStorage.setItem(CHOICE, JSON.stringify(choice));
    stop.hidden = false;
    return box.dataset.on;
  }

  // First the city, then the browser: nobody is told that it stopped while the city still sends.
  async function end() {
    const found = await current();
    if (found) {
      const { endpoint, keys } = found.toJSON();
      await send("/push/unsubscribe", { endpoint, keys });
      await found.unsubscribe();
    }
    localStorage.removeItem(CHOICE);
    stop.hidden = true;
    return box.dataset.stopped;
  }

  async function act(work) {
    const buttons = form.querySelectorAll("button");
    buttons.forEach((button) => { button.disabled = true; });
    status.textContent = "";
    try {
      status.textContent = await work();
    } catch (error) {
      status.textContent = box.dataset.failed;
    }
    buttons.forEach((button) => { button.disabled = false; });
  }

  form.addEventListener("submit", (event) => { event.preventDefault(); act(start); });
  stop.addEventListener("click", () => act(end));
  const choice = JSON.parse(localStorage.getItem(CHOICE) || "null");
  if (choice && await current()) {
    for (const [name, value] of Object.entries(choice)) {
      const field = form.elements.namedItem(name);
      if (field && [...field.options].some((option) => option.value === value)) field.value = value;
    }
    stop.hidden = false;
    status.textContent = box.dataset.on;
  }
  box.hidden = false;
})();
