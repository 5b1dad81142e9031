// The desk's form: asks what a call would become while somebody types, and registers it once,
// whatever happens to the line meanwhile. Nothing here empties a field before the server has it.
"use strict";
(() => {
  const form = document.getElementById("desk");
  if (!form) return;
  const by = (id) => document.getElementById(id);
  const field = (name) => form.elements[name];
  const panel = by("panel"), save = by("save"), sending = by("sending"), faults = by("faults");
  const INTENT = ["emergency", "kind", "joins", "incident", "split"];
  const OF_ONE_MATTER = ["type", "area", "answer", "visit_day", "visit_from", "visit_to"];
  const SLOW = 2000, ASKED = 15000, SECOND = 1000, AGAIN = 5000;
  let isSending = false, isSaved = false, asked = "", spoken = 0, speaking, slow;

  // Letters alone: digits might be somebody's number.
  const letters = () => [...crypto.getRandomValues(new Uint8Array(24))]
    .map((byte) => String.fromCharCode(97 + (byte % 26))).join("");
  const pause = (time) => new Promise((done) => setTimeout(done, time));
  const changed = () => field("key").dispatchEvent(new Event("input", { bubbles: true }));

  // ---- What it would become

  let composing = false;
  const look = () => { if (!composing) htmx.trigger(form, "desk-look"); };
  form.addEventListener("compositionstart", () => { composing = true; });
  form.addEventListener("compositionend", () => { composing = false; look(); });
  form.addEventListener("input", (event) => {
    if (event.isComposing || event.target.type === "hidden") return;
    if (event.target.name === "text") intend({ split: "" });
    keys();
    look();
  });
  form.addEventListener("change", (event) => {
    if (event.target.type !== "hidden") look();
    if (["phone", "estate", "flat"].includes(event.target.name)) lookUp();
  });
  field("phone").addEventListener("input", () => {
    if (/^(\+?86)?1\d{10}$/.test(field("phone").value.replace(/[\s-]/g, ""))) lookUp();
  });
  // Each look-up is on record, so the same is not asked twice.
  function lookUp() {
    const who = ["phone", "estate", "flat"].map((name) => field(name).value.trim()).join("\n");
    const isWhole = field("phone").value.trim() || (field("estate").value.trim() && field("flat").value.trim());
    if (who === asked || !isWhole) return;
    asked = who;
    htmx.trigger(by("caller"), "desk-caller");
  }

  form.addEventListener("htmx:beforeRequest", (event) => {
    if (event.target !== form) return;
    if (composing || isSending) { event.preventDefault(); return; }
    clearTimeout(slow);
    slow = setTimeout(() => { by("slow").hidden = false; }, SLOW);
  });
  form.addEventListener("htmx:afterRequest", (event) => {
    if (event.target !== form) return;
    clearTimeout(slow);
    by("slow").hidden = true;
    // Asked too often: once more, or the last words would stay unjudged.
    if (event.detail.xhr?.status === 204) setTimeout(look, SECOND);
  });
  let held = "";
  document.body.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target !== panel) return;
    // What was registered gives way to the next words, not to an answer that came late.
    if (isSaved && event.detail.requestConfig.elt === form && !field("text").value.trim()) event.detail.shouldSwap = false;
    held = panel.contains(document.activeElement) ? document.activeElement.id : "";
  });
  document.body.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target === panel) {
      if (event.detail.requestConfig.elt === form) isSaved = false;
      if (held) by(held)?.focus();
      if (panel.querySelector("[data-again]")) setTimeout(look, AGAIN);
      speak();
    }
    keys();
  });
  // One sentence for who listens, at most once a second.
  function speak() {
    clearTimeout(speaking);
    speaking = setTimeout(() => {
      spoken = Date.now();
      const words = by("said")?.dataset.said ?? by("saved")?.textContent.replace(/\s+/g, " ").trim() ?? "";
      if (by("verdict").textContent !== words) by("verdict").textContent = words;
    }, Math.max(0, spoken + SECOND - Date.now()));
  }
  // Ctrl+Enter registers; once registered it says that the caller was told.
  function keys() {
    const told = by("tell") && !field("text").value.trim();
    save.dataset.key = told ? "" : "Ctrl+Enter";
    save.querySelector("kbd").hidden = Boolean(told);
  }

  // ---- What is meant by it, beside the words

  function intend(what) {
    for (const name of INTENT) if (name in what) field(name).value = what[name];
    const said = by("intent-said"), count = field("split").value ? JSON.parse(field("split").value).length : 0;
    const words = field("joins").value || field("incident").value ? said.dataset.joins
      : field("emergency").value ? said.dataset.emergency
        : count ? said.dataset.split + " " + count : "";
    said.textContent = words;
    by("intent").hidden = !words;
  }
  const plain = () => intend({ emergency: "", kind: "", joins: "", incident: "", split: "" });
  by("intent-not").addEventListener("click", () => { plain(); changed(); field("text").focus(); });

  panel.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.id === "split") {
      intend({ split: button.dataset.split, emergency: "", kind: "", joins: "", incident: "" });
      changed();
      field("text").focus();
    } else if (button.id === "take-place") {
      field("estate").value = button.dataset.estate;
      field("estate").dispatchEvent(new Event("input", { bubbles: true }));
      lookUp();
      field("text").focus();
    } else if (button.dataset.joins) {
      intend({ emergency: "yes", kind: button.dataset.kind, joins: button.dataset.joins, incident: "", split: "" });
      register();
    } else if (button.dataset.incident) {
      intend({ emergency: "", kind: "", joins: "", incident: button.dataset.incident, split: "" });
      register();
    }
  });
  panel.addEventListener("click", (event) => {
    if (event.target.id === "likely") event.target.querySelector("button")?.focus();
  });
  panel.addEventListener("keydown", (event) => {
    if (event.isComposing || event.ctrlKey || event.altKey || event.metaKey) return;
    const button = event.target.closest("#likely")?.querySelector('[data-digit="' + event.key + '"]');
    if (button) { event.preventDefault(); button.click(); }
  });

  by("emergency-ask").addEventListener("click", () => {
    const likely = by("said")?.dataset.kind;
    if (by("emergency-row").hidden && likely) by("likely-kind").value = likely;
    by("emergency-row").hidden = false;
    by("emergency-ask").setAttribute("aria-expanded", "true");
    by("emergency-go").focus();
  });
  by("emergency-go").addEventListener("click", () => {
    intend({ emergency: "yes", kind: by("likely-kind").value, joins: "", incident: "", split: "" });
    register();
  });
  by("likely-kind").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.isComposing) { event.preventDefault(); by("emergency-go").click(); }
  });
  save.addEventListener("click", register);
  form.addEventListener("submit", (event) => { event.preventDefault(); });
  form.addEventListener("keydown", (event) => {
    // Enter in a line sends nothing: a call is registered on purpose.
    if (event.key === "Enter" && event.target.tagName === "INPUT" && !event.ctrlKey) event.preventDefault();
  });

  // ---- Registering, once

  function busy(is) {
    isSending = is;
    for (const button of [save, by("emergency-go"), by("next"), by("end")]) button.disabled = is;
    if (!is) sending.textContent = "";
  }

  async function register() {
    if (isSending) return;
    busy(true);
    clear();
    changed(); // So that a draft knows what was meant, too.
    htmx.trigger(form, "htmx:abort");
    const sent = new URLSearchParams(new FormData(form)), words = field("text").value;
    sending.textContent = sending.dataset.sending;
    let answer;
    try {
      answer = await ask(sent.toString());
    } finally {
      busy(false);
    }
    if (answer.panel) taken(answer, words);
    if (answer.faults.length || answer.summary.length) fault(answer);
  }

  // Asks until there is an answer; the key makes the same of it however often it is sent.
  async function ask(body) {
    for (let wait = 1000; ; wait = Math.min(wait * 2, 8000)) {
      let answer = null, told = null;
      try {
        answer = await fetch("/desk/save", {
          method: "POST", body: body, redirect: "manual", signal: AbortSignal.timeout(ASKED),
          headers: { "HX-Request": "true", "Content-Type": "application/x-www-form-urlencoded" },
        });
        told = await answer.text();
      } catch { /* Nobody answered: it may be registered all the same. */ }
      const json = answer && (answer.headers.get("Content-Type") || "").includes("json") ? JSON.parse(told) : null;
      if (json && answer.status < 500) return json;
      if (answer && (answer.status === 401 || answer.type === "opaqueredirect")) {
        if (told) notice(told);
        sending.textContent = sending.dataset.over;
        await Promise.race([pause(wait), new Promise((back) => addEventListener("focus", back, { once: true }))]);
        continue;
      }
      if (answer && told !== null && answer.status < 500 && ![408, 429].includes(answer.status)) {
        notice(told);
        return { panel: null, faults: [], summary: [] };
      }
      sending.textContent = json ? json.summary.join(" ") : sending.dataset.unsure;
      await pause(Math.max(wait, 1000 * Number(answer?.headers.get("Retry-After") || 0)));
    }
  }
  function notice(html) { by("notice").innerHTML = html; }

  function taken(answer, words) {
    notice("");
    panel.innerHTML = answer.panel;
    htmx.process(panel);
    isSaved = true;
    const text = field("text"), isSame = text.value === words;
    if (isSame) text.value = answer.left;
    else sending.textContent = sending.dataset.kept;
    if (!answer.left) for (const name of OF_ONE_MATTER) field(name).value = "";
    afresh();
    if (!text.value) form.dispatchEvent(new Event("hotline:taken", { bubbles: true }));
    htmx.trigger(document.body, "desk-now");
    speak();
    keys();
    if (text.value) look();
    text.focus();
  }
  // What is typed from now on is another request.
  function afresh() {
    field("key").value = letters();
    plain();
    by("emergency-row").hidden = true;
    by("emergency-ask").setAttribute("aria-expanded", "false");
    changed();
  }
  document.body.addEventListener("desk-taken", () => {
    field("text").value = "";
    isSaved = true;
    afresh();
    form.dispatchEvent(new Event("hotline:taken", { bubbles: true }));
    htmx.trigger(document.body, "desk-now");
    field("text").focus();
  });

  function clear() {
    faults.hidden = true;
    faults.replaceChildren();
    for (const each of form.querySelectorAll(".fault[id]")) { each.hidden = true; each.textContent = ""; }
    for (const each of form.querySelectorAll("[aria-invalid]")) each.removeAttribute("aria-invalid");
  }
  function fault(answer) {
    let first = null;
    for (const each of answer.faults) {
      const place = by("fault-" + each.field), input = field(each.field);
      place.textContent = each.said;
      place.hidden = false;
      input.setAttribute("aria-invalid", "true");
      const folded = input.closest("details");
      if (folded) folded.open = true;
      if (!first || input.compareDocumentPosition(first) & Node.DOCUMENT_POSITION_FOLLOWING) first = input;
    }
    for (const each of answer.summary) {
      const line = document.createElement("p");
      line.textContent = each;
      faults.append(line);
    }
    faults.hidden = !answer.summary.length;
    (first || faults).focus();
  }

  // ---- The next matter, the end of the call

  by("next").addEventListener("click", () => {
    clear();
    afresh();
    if (isSaved) { panel.replaceChildren(); isSaved = false; }
    keys();
    look();
    field("text").focus();
  });
  const isUnsaved = () => ["text", "answer"].some((name) => field(name).value.trim()) ||
    (!isSaved && ["phone", "name", "flat", "location"].some((name) => field(name).value.trim()));
  function end() {
    form.reset();
    clear();
    field("call").value = letters();
    afresh();
    asked = "";
    isSaved = false;
    by("caller").replaceChildren();
    panel.replaceChildren();
    notice("");
    keys();
    for (const each of form.querySelectorAll("details")) each.open = false;
    form.dispatchEvent(new Event("hotline:taken", { bubbles: true }));
    field("phone").focus();
  }
  by("end").addEventListener("click", () => { if (isUnsaved()) by("end-asked").showModal(); else end(); });
  by("end-not").addEventListener("click", () => { by("end-asked").close(); field("text").focus(); });
  by("end-yes").addEventListener("click", () => { by("end-asked").close(); end(); });

  form.addEventListener("hotline:restored", () => {
    intend({});
    for (const each of form.querySelectorAll("details")) {
      each.open = [...each.querySelectorAll("input, textarea, select")].some((one) => one.type === "checkbox" ? one.checked : one.value);
    }
    look();
    lookUp();
  });
  form.addEventListener("hotline:dropped", end);

  setInterval(() => {
    if (!document.hidden && document.documentElement.dataset.live !== "live") htmx.trigger(document.body, "desk-now");
  }, 60000);
})();
