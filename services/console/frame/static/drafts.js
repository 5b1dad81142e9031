// Keeps what somebody types in this browser, sealed, until the server has it. One draft a form and
// tab: two tabs never share one. A reveal is never in a form, so it is never in a draft.
"use strict";
(function () {
  const AFTER = 300; // ms without a key
  const KEPT = 12 * 3600 * 1000;
  const session = document.documentElement.dataset.person; // Whose drafts these are: signing in again finds them.
  if (!session || !window.indexedDB || !crypto.subtle) return;
  const tab = sessionStorage.getItem("tab") || crypto.randomUUID();
  sessionStorage.setItem("tab", tab);

  const asked = (request) => new Promise((done, fail) => {
    request.onsuccess = () => done(request.result);
    request.onerror = () => fail(request.error);
  });

  const opened = new Promise((done, fail) => {
    const request = indexedDB.open("hotline-drafts", 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore("keys");
      request.result.createObjectStore("drafts");
    };
    request.onsuccess = () => done(request.result);
    request.onerror = () => fail(request.error);
  });

  async function store(name, mode) {
    return (await opened).transaction(name, mode).objectStore(name);
  }

  // The key cannot be taken out of the browser; who signs out takes it away, and all drafts with it.
  async function key() {
    const known = await asked((await store("keys", "readonly")).get(session));
    if (known) return known;
    const made = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, [
      "encrypt",
      "decrypt",
    ]);
    const keys = await store("keys", "readwrite");
    // Two tabs may begin at once: the first key counts.
    try {
      await asked(keys.add(made, session));
      return made;
    } catch {
      return asked((await store("keys", "readonly")).get(session));
    }
  }

  const name = (form) => session + " " + form.dataset.draft + " " + tab;

  function typed(form) {
    const found = {};
    for (const field of form.elements) {
      if (!field.name || field.type === "password" || field.dataset.noDraft !== undefined) continue;
      if (field.tagName === "BUTTON" || field.tagName === "FIELDSET") continue;
      if (field.type === "radio" || field.type === "checkbox") {
        if (field.checked !== field.defaultChecked) found[field.name + "=" + field.value] = field.checked;
      } else if (field.tagName === "SELECT") {
        const chosen = [...field.options].find((option) => option.defaultSelected) || field.options[0];
        if (chosen && field.value !== chosen.value) found[field.name] = field.value;
      } else if (field.value !== field.defaultValue && field.type !== "hidden") {
        found[field.name] = field.value;
      } else if (field.dataset.draftKey !== undefined) {
        found[field.name] = field.value;
      }
    }
    return found;
  }

  const isEmpty = (form, found) =>
    Object.keys(found).every((each) => form.elements[each]?.dataset?.draftKey !== undefined);

  async function save(form) {
    const found = typed(form);
    if (isEmpty(form, found)) return forget(form);
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const sealed = await crypto.subtle.encrypt(
      { name: "AES-GCM", iv: iv },
      await key(),
      new TextEncoder().encode(JSON.stringify(found)),
    );
    await asked((await store("drafts", "readwrite")).put({ iv: iv, sealed: sealed, at: Date.now() }, name(form)));
  }

  async function forget(form) {
    await asked((await store("drafts", "readwrite")).delete(name(form)));
    const bar = note(form);
    if (bar) bar.hidden = true;
  }

  const note = (form) => document.querySelector('[data-restored="' + form.dataset.draft + '"]');

  async function restore(form) {
    const draft = await asked((await store("drafts", "readonly")).get(name(form)));
    if (!draft || Date.now() - draft.at > KEPT) return draft && forget(form);
    let found;
    try {
      const open = await crypto.subtle.decrypt({ name: "AES-GCM", iv: draft.iv }, await key(), draft.sealed);
      found = JSON.parse(new TextDecoder().decode(open));
    } catch {
      return forget(form); // Sealed with a key that is gone.
    }
    for (const [each, value] of Object.entries(found)) {
      const field = form.elements[each];
      if (field && typeof value === "string") field.value = value;
      const [box, of] = each.split("=");
      if (typeof value === "boolean") {
        for (const choice of form.querySelectorAll('[name="' + box + '"]')) {
          if (choice.value === of) choice.checked = value;
        }
      }
    }
    const bar = note(form);
    if (bar) {
      bar.hidden = false;
      bar.querySelector("time").textContent = new Date(draft.at).toTimeString().slice(0, 5);
      bar.querySelector("button").onclick = () => {
        form.reset();
        forget(form);
        form.dispatchEvent(new Event("hotline:dropped"));
      };
    }
    form.dispatchEvent(new Event("hotline:restored"));
  }

  const timers = new WeakMap();
  function soon(form) {
    clearTimeout(timers.get(form));
    timers.set(form, setTimeout(() => save(form), AFTER));
  }

  const forms = () => document.querySelectorAll("form[data-draft]");
  document.addEventListener("input", (event) => {
    const form = event.target.form;
    if (form?.dataset.draft) soon(form);
  });
  const now = () => { for (const form of forms()) save(form); };
  document.addEventListener("visibilitychange", () => document.hidden && now());
  addEventListener("pagehide", now);
  // What the server has taken is no draft any more; whoever takes the answer says so.
  document.addEventListener("hotline:taken", (event) => {
    const form = event.target.closest("form[data-draft]");
    if (form) {
      clearTimeout(timers.get(form));
      forget(form);
    }
  });

  async function sweep() {
    const keys = await store("keys", "readwrite");
    for (const other of await asked(keys.getAllKeys())) if (other !== session) keys.delete(other);
    const drafts = await store("drafts", "readwrite");
    for (const each of await asked(drafts.getAllKeys())) {
      if (!String(each).startsWith(session + " ")) drafts.delete(each);
    }
  }

  document.addEventListener("submit", (event) => {
    // Signing out takes the key, and so every draft.
    if (event.target.dataset.signOut !== undefined) opened.then((db) => {
      db.close();
      indexedDB.deleteDatabase("hotline-drafts");
    });
  });

  const restored = new WeakSet();
  function begin() {
    for (const form of forms()) {
      if (restored.has(form)) continue;
      restored.add(form);
      restore(form);
    }
  }

  begin();
  // A form that comes later than the page, opened beside a list, has its draft as well.
  document.body.addEventListener("htmx:afterSettle", begin);
  sweep();
})();
