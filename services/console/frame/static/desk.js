// The desk's form. Nothing here empties a field before the server has it.
"use strict";
(() => {
  const form = by("desk"), panel = by("panel"), save = by("save"), sending = by("sending"), faults = by("faults");
  const field = (name) => form.elements[name];
  const has = (name) => field(name).value.trim();
  const WHO = ["phone", "estate", "flat"];
  const OF_ONE_MATTER = ["type", "area", "answer", "visit_day", "visit_from", "visit_to"];
  let composing = false, isSending = false, isSaved = false, asked = "", parted = "", added = "", speaking;

  // Letters alone: digits might be somebody's number.
  const letters = () => crypto.randomUUID().replace(/[\d-]/g, (each) => "ghijklmnop"[each] ?? "q");

  const look = () => htmx.trigger(form, "desk-look");
  form.addEventListener("compositionstart", () => { composing = true; });
  form.addEventListener("compositionend", () => {
    composing = false;
    parts();
    look();
  });
  // Several requests are cut where the words were: other words are not cut. What an input method
  // composes is no word yet, and may be given up.
  function parts() {
    if (field("text").value !== parted) field("split").value = "";
    show();
  }
  form.addEventListener("htmx:beforeRequest", (event) => {
    if (event.target === form && (composing || isSending)) event.preventDefault();
  });
  form.addEventListener("input", ({ target: { name, type } }) => {
    if (type === "hidden") return;
    if (name === "text" && !composing) parts();
    if (name === "phone" && /^(\+?86)?1\d{10}$/.test(field("phone").value.replace(/[\s-]/g, ""))) lookUp();
    show();
    look();
  });
  form.addEventListener("change", (event) => { if (WHO.includes(event.target.name)) lookUp(); });
  // Each look-up is on record, so the same is not asked twice.
  const ofExchange = () => /^c[a-p]{20}$/.test(field("call").value);
  function lookUp() {
    const who = [...WHO, "call"].map((name) => field(name).value.trim()).join("\n");
    if (who === asked || !(has("phone") || ofExchange() || has("estate") && has("flat"))) return;
    asked = who;
    htmx.trigger("#caller", "desk-caller");
  }

  document.body.addEventListener("htmx:beforeSwap", ({ detail }) => {
    // What was registered gives way to the next words, not to an answer that came late.
    if (detail.target !== panel || detail.requestConfig.elt !== form) return;
    if (isSaved && !has("text")) detail.shouldSwap = false;
    else isSaved = false;
  });
  document.body.addEventListener("htmx:afterSwap", ({ detail }) => {
    if (detail.target === panel) speak();
    show();
  });
  // One sentence for who listens, when it has been so for a second.
  function speak() {
    clearTimeout(speaking);
    speaking = setTimeout(() => {
      by("verdict").textContent = by("said")?.dataset.said ?? by("saved")?.textContent.replace(/\s+/g, " ") ?? "";
    }, 1000);
  }

  function intend(what) {
    for (const name of ["emergency", "kind", "joins", "incident", "split"]) field(name).value = what[name] ?? "";
    parted = field("text").value;
    show();
    htmx.trigger(field("key"), "input"); // So that a draft knows it, too.
  }
  function show() {
    const { joins, emergency, split } = by("intent-said").dataset;
    by("intent-said").textContent = has("joins") || has("incident") ? joins : has("emergency") ? emergency
      : has("split") ? split + " " + JSON.parse(field("split").value).length : "";
    // Ctrl+Enter registers; once registered it says that the caller was told.
    save.dataset.key = by("tell") && !has("text") ? "" : "Ctrl+Enter";
  }
  const write = () => field("text").focus();
  by("intent-not").onclick = () => { intend({}); write(); };

  // Who joins is at the same place: it stands in the form first. Another that was typed there is
  // replaced for all to see, and joined at the next press.
  function stands(place) {
    const was = has("estate");
    if (was === place) return true;
    field("estate").value = place;
    lookUp();
    if (!was) return true;
    htmx.trigger(field("estate"), "input");
    return false;
  }
  // Keys that found nothing to act on say so; the digit after it is no word.
  let awaits = false;
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || event.ctrlKey || document.querySelector("dialog[open]")) return;
    if (awaits && !event.altKey && /^[1-4]$/.test(event.key)) event.preventDefault();
    const unlike = has("estate") || by("take-place") ? "unlike" : "nowhere";
    const missing = event.altKey && event.key.toUpperCase() === "S" ? "single" : event.key === "F4" && !event.altKey ? unlike : "";
    awaits = missing === unlike;
    if (!missing) return;
    event.preventDefault();
    sending.textContent = sending.dataset[missing];
  });
  for (const beside of [panel, by("caller")]) beside.addEventListener("click", ({ target }) => {
    const button = target.closest("button"), { split, estate, building, kind, joins, incident, place } = button?.dataset ?? {};
    if (target.id === "likely") (target.querySelector("button") || target).focus();
    if (place && !stands(place)) return;
    if (joins || incident) register({ emergency: joins && "yes", kind, joins, incident });
    if (split) intend({ split });
    if (estate) {
      field("estate").value = estate;
      if (building && !has("location")) field("location").value = building;
      htmx.trigger(field("estate"), "input");
      lookUp();
    }
    if (split || estate) write();
  });
  panel.addEventListener("keydown", (event) => {
    if (event.isComposing || event.ctrlKey || event.altKey || event.metaKey) return;
    const button = event.target.closest("#likely") && all("#likely [data-digit]").find((each) => each.dataset.digit === event.key);
    if (!button) return;
    event.preventDefault();
    button.click();
  });

  // A call at one's telephone: one press takes its id into the form, and nothing that was typed goes.
  const calls = by("calls"), take = by("take-call"), saidOfCall = by("call-taken");
  const ringing = () => calls.querySelector("[data-call]");
  function showCall() {
    const taken = calls.querySelector(`[data-call="${field("call").value}"]`);
    take.hidden = !ringing() || ringing() === taken;
    if (taken) saidOfCall.textContent = taken.dataset.taken;
    else if (!ofExchange()) saidOfCall.textContent = "";
  }
  take.onclick = () => {
    if (!ringing()) return;
    field("call").value = ringing().dataset.call;
    htmx.trigger(field("call"), "input"); // So that a draft knows it, too.
    showCall();
    lookUp();
    write();
  };
  new MutationObserver(showCall).observe(calls, { childList: true });

  const ask = (is) => {
    by("emergency-row").hidden = !is;
    by("emergency-ask").setAttribute("aria-expanded", is);
  };
  by("emergency-ask").onclick = () => {
    const likely = by("said")?.dataset.kind;
    if (by("emergency-row").hidden && likely) by("likely-kind").value = likely;
    ask(true);
    by("emergency-go").focus();
  };
  by("emergency-go").onclick = () => register({ emergency: "yes", kind: by("likely-kind").value });
  by("likely-kind").onkeydown = (event) => {
    if (event.key === "Enter" && !event.isComposing) { event.preventDefault(); by("emergency-go").click(); }
  };
  save.onclick = () => register();

  async function register(meant) {
    if (isSending) return;
    if (meant) intend(meant);
    clear();
    htmx.trigger(form, "htmx:abort");
    const sent = new URLSearchParams(new FormData(form)), words = field("text").value;
    busy(true);
    const answer = await answered(sent);
    busy(false);
    if (answer.panel) taken(answer, words);
    if (answer.faults.length || answer.summary.length) fault(answer);
  }
  function busy(is) {
    isSending = is;
    for (const button of [save, by("emergency-go"), by("next"), by("end")]) button.disabled = is;
    sending.textContent = is ? sending.dataset.sending : "";
  }

  // Asks until there is an answer: the key makes the same of it.
  async function answered(body) {
    for (let wait = 1000; ; wait = Math.min(wait * 2, 8000)) {
      let answer = new Response(), told = "";
      try {
        answer = await fetch("/desk/save", {
          method: "POST", body, redirect: "manual", signal: AbortSignal.timeout(15000), headers: { "HX-Request": "true" },
        });
        told = await answer.text();
      } catch { /* Nobody answered: it may be registered all the same. */ }
      const status = answer.status, isOver = status === 401 || answer.type === "opaqueredirect";
      const json = answer.headers.get("Content-Type")?.includes("json") && told && JSON.parse(told);
      if (json && status < 500) return json;
      const isFinal = told && status < 500 && ![401, 408, 429].includes(status);
      if (isOver || isFinal) notice(told);
      if (isFinal) return { faults: [], summary: [] };
      sending.textContent = isOver ? sending.dataset.over : json ? json.summary.join(" ") : sending.dataset.unsure;
      await new Promise((done) => {
        setTimeout(done, Math.max(wait, 1000 * answer.headers.get("Retry-After")));
        if (isOver) addEventListener("focus", done, { once: true });
      });
    }
  }
  const notice = (html) => { by("notice").innerHTML = html; };

  function taken(answer, words) {
    notice("");
    panel.innerHTML = answer.panel;
    htmx.process(panel);
    isSaved = true;
    const text = field("text");
    if (text.value === words) text.value = answer.left;
    else sending.textContent = sending.dataset.kept;
    justSaved(answer.numbers);
    if (!answer.left) for (const name of OF_ONE_MATTER) field(name).value = "";
    kept();
    if (text.value) look();
    speak();
    // On a small screen it stands far below.
    if (by("saved").getBoundingClientRect().top > innerHeight) by("saved").focus();
  }
  // Whoever calls is not looked up again for it: each look-up is on record.
  function justSaved(numbers) {
    const strip = by("caller").querySelector(".strip");
    if (!strip || !numbers.length) return;
    const line = document.createElement("p");
    line.className = "just-saved";
    line.textContent = sending.dataset.just + " " + numbers.map((each) => each.slice(0, 4) + " " + each.slice(4)).join(" · ");
    strip.append(line);
  }
  // The server has it: what is typed from now on is another request.
  function kept() {
    afresh();
    if (!has("text")) htmx.trigger(form, "hotline:taken");
    htmx.trigger(document.body, "desk-now");
    write();
  }
  function afresh() {
    field("key").value = letters();
    intend({});
    ask(false);
  }
  document.body.addEventListener("htmx:configRequest", ({ detail }) => { if (detail.path === "/desk/supplement") added = field("text").value; });
  document.body.addEventListener("desk-taken", () => {
    const text = field("text");
    if (text.value.startsWith(added)) text.value = text.value.slice(added.length).trimStart();
    else sending.textContent = sending.dataset.kept;
    isSaved = true;
    kept();
  });

  function clear() {
    faults.replaceChildren();
    for (const each of all(".fault[id]", form)) each.textContent = "";
    for (const each of all("[aria-invalid]", form)) each.removeAttribute("aria-invalid");
  }
  function fault(answer) {
    for (const each of answer.faults) {
      by("fault-" + each.field).textContent = each.said;
      field(each.field).setAttribute("aria-invalid", "true");
    }
    faults.textContent = answer.summary.join("\n");
    for (const each of all("details:has([aria-invalid])", form)) each.open = true;
    (form.querySelector("[aria-invalid]") || faults).focus();
  }

  by("next").onclick = () => {
    clear();
    if (isSaved) panel.replaceChildren();
    isSaved = false;
    afresh();
    sending.textContent = has("text") ? sending.dataset.unsaved : "";
    look();
    write();
  };
  function end() {
    form.reset();
    clear();
    field("call").value = letters();
    showCall();
    panel.replaceChildren();
    by("caller").replaceChildren();
    notice("");
    asked = "";
    isSaved = false;
    afresh();
    for (const each of all("details", form)) each.open = false;
    htmx.trigger(form, "hotline:taken");
    field("phone").focus();
  }
  by("end").onclick = () => {
    const isUnsaved = ["text", "answer"].some(has) || (!isSaved && ["phone", "name", "flat", "location"].some(has));
    if (!isUnsaved) return end();
    sure.returnValue = "";
    sure.showModal();
  };
  const sure = by("end-asked");
  sure.onclose = () => sure.returnValue ? end() : write();

  form.addEventListener("hotline:restored", () => {
    parted = field("text").value;
    for (const each of all("details", form)) {
      each.open = all("input, textarea, select", each).some((one) => one.type === "checkbox" ? one.checked : one.value);
    }
    show();
    showCall();
    look();
    lookUp();
  });
  showCall();
  form.addEventListener("hotline:dropped", end);
})();
