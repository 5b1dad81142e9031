// Keeps what is typed, sealed, until the server has it.
"use strict";
(() => {
  const KEPT = 12 * 3600 * 1000, AES = "AES-GCM", { person } = document.documentElement.dataset;
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
  // It cannot be taken out of the browser.
  async function key() {
    const known = async () => asked((await keys()).get(person));
    if (!await known()) {
      const made = await crypto.subtle.generateKey({ name: AES, length: 256 }, false, ["encrypt", "decrypt"]);
      await asked((await keys()).add(made, person)).catch(() => {}); // Two tabs may begin at once: the first counts.
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
    sessionStorage[name(form)] = JSON.stringify([Date.now(), [...iv], [...new Uint8Array(sealed)]]);
  }

  function forget(form) {
    clearTimeout(timers.get(form));
    delete sessionStorage[name(form)];
    for (const bar of bars(form)) bar.hidden = true;
  }

  async function restore(form) {
    const [at, iv, sealed] = JSON.parse(sessionStorage[name(form)] ?? "[0]");
    let open;
    try {
      if (Date.now() - at > KEPT) throw at;
      open = await crypto.subtle.decrypt({ name: AES, iv: new Uint8Array(iv) }, await key(), new Uint8Array(sealed));
    } catch {
      return forget(form); // None, too old, or sealed with a key that is gone.
    }
    const found = JSON.parse(new TextDecoder().decode(open));
    for (const each of fields(form)) if (named(each) in found) each[value(each)] = found[named(each)];
    for (const bar of bars(form)) {
      bar.hidden = false;
      bar.querySelector("time").textContent = new Date(at).toTimeString().slice(0, 5);
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
  document.addEventListener("submit", async (event) => {
    const { typed } = event.target.dataset;
    if (!typed) return;
    const isKept = /"draft /.test(JSON.stringify(sessionStorage));
    if ((isKept || forms().some((form) => typedIn(form)[0])) && !confirm(typed)) return event.preventDefault();
    isLeaving = true;
    (await keys()).clear();
  });
  keys().then((kept) => { // Nobody else's stays.
    for (const others of [IDBKeyRange.upperBound(person, true), IDBKeyRange.lowerBound(person, true)]) kept.delete(others);
  });
  begin();
  document.body.addEventListener("htmx:afterSettle", begin); // Forms come later than the page, too.
})();
