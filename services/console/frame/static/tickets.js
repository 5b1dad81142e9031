"use strict";
/* The page of a ticket: which acts count now, forms that were taken, persons who are shown for a minute, and what is copied. */
(() => {
  // ---- Which acts count: the page is pushed what may be done, and no form
  const counts = () => {
    const can = document.getElementById("part-can");
    if (!can) return;
    const now = new Set(can.dataset.can.split(" "));
    let any = false, lost = false;
    for (const act of document.querySelectorAll("details[data-act]")) {
      const is = act.dataset.act.split(" ").some(each => now.has(each));
      any = any || is;
      // What somebody has open stays: a colleague's act takes no word from them.
      const had = !act.hidden && act.contains(document.activeElement);
      act.hidden = !is && !act.open;
      lost = lost || (had && act.hidden);
    }
    if (lost) document.getElementById("acts-title").focus();
    const none = document.getElementById("no-acts");
    if (none) none.hidden = any;
  };
  const parts = document.getElementById("parts");
  if (parts) new MutationObserver(counts).observe(parts, {childList: true, subtree: true, attributes: true, attributeFilter: ["data-can"]});

  // ---- Forms
  const rekey = (form, key) => {
    const field = form && form.elements.key;
    if (field && key) { field.value = key; field.defaultValue = key; }
  };
  document.addEventListener("hotline:taken", event => {
    const form = event.target.closest("form");
    if (!form) return;
    form.reset();
    rekey(form, event.detail.key);
    const act = form.closest("details");
    if (act) { act.open = false; act.querySelector("summary").focus(); }
  });
  document.addEventListener("toggle", event => {
    const act = event.target;
    if (!act.matches || !act.matches("details.act") || !act.open) { counts(); return; }
    const field = act.querySelector("input:not([type=hidden]), select, textarea");
    if (field) field.focus();
  }, true);
  // What may be done instead is offered by its own button.
  const offer = place => {
    for (const line of place.querySelectorAll("[data-possible]")) {
      for (const act of line.dataset.possible.split(" ")) {
        const found = [...document.querySelectorAll("details[data-act]")].find(each => each.dataset.act.split(" ").includes(act));
        if (!found || found.contains(line)) continue;
        const name = found.querySelector("summary").firstChild.textContent.trim();
        if ([...line.querySelectorAll("button")].some(each => each.textContent === name)) continue;
        const button = document.createElement("button");
        button.type = "button";
        button.textContent = name;
        button.addEventListener("click", () => { found.hidden = false; found.open = true; });
        line.append(" ", button);
      }
    }
  };
  document.addEventListener("htmx:afterSwap", event => {
    const place = event.detail.target;
    if (!place || !place.closest) return;
    offer(place);
    const act = place.closest("details.act");
    if (act) {
      const fault = [...act.querySelectorAll(".fault")].find(each => each.textContent.trim());
      const field = fault && document.getElementById(fault.id.replace(/^fault-/, ""));
      if (field) field.focus();
    }
    for (const open of place.querySelectorAll("[data-closes]")) shut(open);
    const left = place.querySelector("[data-left-hour]");
    if (left) for (const of of ["hour", "day"]) {
      const said = document.getElementById("left-" + of);
      if (said) said.textContent = left.getAttribute("data-left-" + of);
    }
  });

  // ---- Persons
  const shut = open => {
    const seconds = Number(open.dataset.closes), until = Date.now() + seconds * 1000;
    const said = open.querySelector("[data-left]");
    const tick = setInterval(() => {
      const left = Math.max(0, Math.ceil((until - Date.now()) / 1000));
      if (said) said.textContent = left;
      if (!left || !open.isConnected) { clearInterval(tick); open.remove(); }
    }, 1000);
  };
  const shutAll = () => { for (const open of document.querySelectorAll("[data-closes]")) open.remove(); };
  document.addEventListener("hotline:opened", event => rekey(event.target.closest("form"), event.detail.key));
  document.addEventListener("hotline:bye", shutAll);
  addEventListener("pagehide", shutAll);
  for (const open of document.querySelectorAll("[data-closes]")) shut(open);

  // ---- Copying, printing, closing
  const copy = text => navigator.clipboard.writeText(text).then(() => {
    const said = document.getElementById("copied");
    if (said) said.textContent = said.dataset.words;
  });
  document.addEventListener("click", event => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.dataset.copy) copy(button.dataset.copy);
    if (button.dataset.copyLink) copy(location.origin + button.dataset.copyLink);
    if (button.dataset.print !== undefined) { shutAll(); print(); }
    if (button.dataset.close) {
      const act = document.getElementById(button.dataset.close);
      if (act) { act.open = false; act.querySelector("summary").focus(); }
    }
  });

  // A telephone number or a flat stands in no address: it goes to the search by caller.
  const PERSONAL = /^\s*(\+?[\d\s()-]{7,20}|\d{1,3}\s*[-－栋幢座号]\s*\d{1,3}\s*[-－单元]{1,3}\s*\d{2,5}室?)\s*$/;
  document.addEventListener("submit", event => {
    const q = event.target.elements.q;
    if (!q || !PERSONAL.test(q.value)) return;
    event.preventDefault();
    const by = document.getElementById("by-caller");
    if (!by) { q.value = ""; location.assign("/tickets?by=caller"); return; }
    by.open = true;
    const field = document.getElementById(/^\s*\+?[\d\s()]{7,}/.test(q.value) ? "phone" : "flat");
    field.value = q.value.trim();
    q.value = "";
    field.focus();
  });
  counts();
})();
