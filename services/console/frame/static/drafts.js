// Keeps what is typed, sealed, until the server has it.
"use strict";
(() => {
  const KEPT = 12 * 3600 * 1000, AES = "AES-GCM", { person, ahead = 0 } = document.documentElement.dataset;
  const timers = new WeakMap(); // form -> when it is kept
  let isLeaving = false;
  const name = (form) => "draft " + form.dataset.draft;
  const forms = () => all("form[data-draft]");
  const bars = (form) => all(`[data-restored="${form.dataset.draft}"]`);

  const asked = (request) => new Promise((done, fail) => {
    request.onsuccess = () => done(request.result);
    request.onerror = fail;
  });
  const request = indexedDB.open("hotline", 1);
  request.onupgradeneeded = () => request.result.createObjectStore("keys");
  const opened = asked(request);
  const keys = async () => (await opened).transaction("keys", "readwrite").objectStore("keys");
  const known = async () => asked((await keys()).get(person));
  // It cannot leave the browser.
  async function key() {
    if (!await known()) {
      const made = await crypto.subtle.generateKey({ name: AES, length: 256 }, false, ["encrypt", "decrypt"]);
      await asked((await keys()).add(made, person)).catch(() => {}); // Of two tabs the first counts.
    }
    return known();
  }

  const isBox = (field) => /radio|checkbox/.test(field.type);
  const value = (field) => isBox(field) ? "checked" : "value";
  const first = (field) => isBox(field) ? field.defaultChecked : field.defaultValue
    ?? ([...field.options].find((each) => each.defaultSelected) || field.options[0])?.value;
  const named = (field) => isBox(field) ? field.name + "=" + field.value : field.name;
  const fields = (form) => [...form.elements].filter((each) => each.name && !/password|submit|button|fieldset/.test(each.type));

  const typedIn = (form) => fields(form).filter((each) => each.type !== "hidden" && each[value(each)] !== first(each));
  async function keep(form) {
    const typed = typedIn(form);
    if (!typed.length || isLeaving) return forget(form);
    typed.push(...fields(form).filter((each) => "draftKey" in each.dataset));
    const found = JSON.stringify(Object.fromEntries(typed.map((each) => [named(each), each[value(each)]])));
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const sealed = await crypto.subtle.encrypt({ name: AES, iv }, await key(), new TextEncoder().encode(found));
    await hold(); // Before it is there: who signs out knows of it.
    sessionStorage[name(form)] = JSON.stringify([Date.now(), [...iv], [...new Uint8Array(sealed)]]);
    show();
  }

  function forget(form) {
    clearTimeout(timers.get(form));
    delete sessionStorage[name(form)];
    show();
    for (const bar of bars(form)) bar.hidden = true;
  }

  // What was kept and when; null where it is too old, or sealed with a key that is gone.
  async function unsealed(kept) {
    const [at, iv, sealed] = JSON.parse(kept ?? "[0]");
    if (Date.now() - at > KEPT) return null;
    try {
      const open = await crypto.subtle.decrypt({ name: AES, iv: new Uint8Array(iv) }, await known(), new Uint8Array(sealed));
      return { at, found: JSON.parse(new TextDecoder().decode(open)) };
    } catch {
      return null;
    }
  }

  // A tab that keeps a draft holds a lock, which ends with it: so each tab of the browser knows of all.
  const DRAFTS = "drafts " + person, stored = () => Object.keys(sessionStorage).filter((each) => each.startsWith("draft "));
  let held;
  const hold = () => held ??= new Promise((begun) => {
    navigator.locks.request(DRAFTS, { mode: "shared" }, () => new Promise(begun));
  });
  function show() {
    if (stored().length) return hold();
    held?.then((free) => free());
    held = null;
  }
  async function review() {
    for (const each of stored()) if (!await unsealed(sessionStorage[each])) delete sessionStorage[each];
    show();
  }

  async function restore(form) {
    const kept = await unsealed(sessionStorage[name(form)]);
    if (!kept) return forget(form);
    const { at, found } = kept;
    for (const each of fields(form)) if (named(each) in found) each[value(each)] = found[named(each)];
    for (const bar of bars(form)) {
      bar.hidden = false;
      bar.querySelector("time").textContent = new Date(at + +ahead).toTimeString().slice(0, 5);
      bar.querySelector("button").onclick = () => {
        form.reset();
        forget(form);
        htmx.trigger(form, "hotline:dropped");
      };
    }
    htmx.trigger(form, "hotline:restored");
  }

  const begin = () => forms().filter((form) => !timers.has(form)).forEach((form) => { timers.set(form, 0); restore(form); });
  document.addEventListener("input", ({ target: { form } }) => {
    if (!timers.has(form)) return;
    clearTimeout(timers.get(form));
    timers.set(form, setTimeout(keep, 300, form));
  });
  addEventListener("pagehide", () => forms().forEach(keep));
  document.addEventListener("hotline:taken", ({ target }) => { if (timers.has(target.closest("form"))) forget(target.closest("form")); });
  // Signing out takes the key of all tabs' drafts away: it asks first, where there are any.
  document.addEventListener("submit", async (event) => {
    const form = event.target, sure = by("out-asked");
    if (!("signsOut" in form.dataset)) return;
    event.preventDefault();
    const { held } = await navigator.locks.query();
    if (!held.some((each) => each.name === DRAFTS) && !forms().some((each) => typedIn(each)[0])) return leave(form);
    sure.onclose = () => { if (sure.returnValue) leave(form); };
    sure.returnValue = "";
    sure.showModal();
  });
  async function leave(form) {
    isLeaving = true;
    await asked((await keys()).clear());
    form.submit();
  }
  // Who signs out elsewhere takes the key away.
  document.addEventListener("hotline:bye", async () => {
    isLeaving = !await known();
    by(isLeaving ? "bye-gone" : "bye-kept").hidden = false;
    if (isLeaving) by("bye-words").textContent = all("form[data-draft] textarea").map((each) => each.value).join("\n").trim();
    review();
  });
  keys().then((kept) => { // Nobody else's stays.
    for (const others of [IDBKeyRange.upperBound(person, true), IDBKeyRange.lowerBound(person, true)]) kept.delete(others);
  });
  show();
  review().then(begin);
  document.body.addEventListener("htmx:afterSettle", begin); // Forms come later, too.
})();
