// The page of a ticket: which acts count now, forms that were taken, persons shown for a minute, and what is copied.
"use strict";
(() => {
  // ---- Which acts count: the page is pushed what may be done, and no form
  const counts = () => {
    if (!by("part-can")) return;
    const now = by("part-can").dataset.can.split(" ");
    let any = false, lost = false;
    for (const act of all("details[data-act]")) {
      const is = act.dataset.act.split(" ").some(each => now.includes(each));
      any = any || is;
      // What somebody has open stays: a colleague's act takes no word from them.
      const had = !act.hidden && act.contains(document.activeElement);
      act.hidden = !is && !act.open;
      lost = lost || (had && act.hidden);
    }
    if (lost) by("acts-title").focus();
    if (by("no-acts")) by("no-acts").hidden = any;
  };
  if (by("parts")) new MutationObserver(counts).observe(by("parts"), {childList: true, subtree: true, attributes: true, attributeFilter: ["data-can"]});

  // ---- Forms
  let told = null;
  const rekey = (form, key) => {
    const field = form?.elements.key;
    if (field && key) field.value = field.defaultValue = key;
  };
  document.addEventListener("hotline:taken", event => {
    const form = event.target.closest("form");
    if (!form) return;
    form.reset();
    rekey(form, event.detail.key);
    fold(form.closest("details"));
  });
  const fold = act => {
    if (!act) return;
    act.open = false;
    act.querySelector("summary").focus();
  };
  document.addEventListener("toggle", ({target: act}) => {
    if (act.matches("details.act[open]")) act.querySelector("input:not([type=hidden]), select, textarea")?.focus();
    else counts();
  }, true);
  // What may be done instead is offered by its own button.
  const offer = place => {
    for (const line of all("[data-possible]", place)) {
      for (const act of line.dataset.possible.split(" ")) {
        const found = all("details[data-act]").find(each => each.dataset.act.split(" ").includes(act));
        if (!found || found.contains(line)) continue;
        const name = found.querySelector("summary").firstChild.textContent.trim();
        if (all("button", line).some(each => each.textContent === name)) continue;
        const button = document.createElement("button");
        button.type = "button";
        button.textContent = name;
        button.onclick = () => { found.hidden = false; found.open = true; };
        line.append(" ", button);
      }
    }
  };
  document.addEventListener("htmx:afterSwap", event => {
    const place = event.detail.target;
    offer(place);
    const act = place.closest("details.act");
    const fault = act && all(".fault", act).find(each => each.textContent.trim());
    if (fault) by(fault.id.replace("fault-", ""))?.focus();
    all("[data-closes]", place).forEach(shut);
    // It is said on top of the page.
    const done = document.querySelector("#notice .done");
    if (done !== told) done?.scrollIntoView({block: "nearest"});
    told = done;
    const left = place.querySelector("[data-left-hour]");
    if (left) for (const of of ["hour", "day"]) {
      const said = by("left-" + of);
      if (said) said.textContent = left.getAttribute("data-left-" + of);
    }
  });

  // ---- Persons
  const shut = open => {
    const until = Date.now() + open.dataset.closes * 1000;
    const said = open.querySelector("[data-left]");
    const tick = setInterval(() => {
      const left = Math.max(0, Math.ceil((until - Date.now()) / 1000));
      if (said) said.textContent = left;
      if (!left || !open.isConnected) { clearInterval(tick); open.remove(); }
    }, 1000);
  };
  const shutAll = () => { for (const open of all("[data-closes]")) open.remove(); };
  document.addEventListener("hotline:opened", event => rekey(event.target.closest("form"), event.detail.key));
  document.addEventListener("hotline:bye", shutAll);
  addEventListener("pagehide", shutAll);
  all("[data-closes]").forEach(shut);

  // ---- Copying, printing, closing
  const copy = text => navigator.clipboard.writeText(text).then(() => {
    const said = by("copied");
    if (said) said.textContent = said.dataset.words;
  });
  document.addEventListener("click", event => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.dataset.copy) copy(button.dataset.copy);
    if (button.dataset.copyLink) copy(location.origin + button.dataset.copyLink);
    if (button.dataset.print !== undefined) { shutAll(); print(); }
    if (button.dataset.close) fold(by(button.dataset.close));
  });

  counts();
  // Elsewhere a form is named by its address.
  const asked = by(location.hash.slice(1));
  if (asked?.matches("details.act") && !asked.hidden) asked.open = true;
})();
