// Forms that htmx sends. What the server has taken is no draft any more; what it finds at fault is shown where it is, with
// all that was typed as it was.
"use strict";
(() => {
  const isDone = xhr => xhr.status >= 200 && xhr.status < 300;

  document.addEventListener("htmx:beforeOnLoad", event => {
    const form = event.detail.elt.closest("form");
    if (!form) return;
    for (const field of all("[aria-invalid]", form)) field.removeAttribute("aria-invalid");
    if (!isDone(event.detail.xhr) || form.dataset.draft === undefined) return;
    form.reset();
    form.dispatchEvent(new Event("hotline:taken", {bubbles: true}));
  });

  document.addEventListener("htmx:afterSettle", event => {
    const form = event.target.closest("form");
    if (!form) return;
    const faulty = all("[data-field]", event.target)
      .map(each => form.elements[each.dataset.field]).filter(each => each instanceof Element);
    for (const field of faulty) {
      field.setAttribute("aria-invalid", "true");
      field.setAttribute("aria-describedby", event.target.id);
    }
    for (const folded of all("details:has([aria-invalid])", form)) folded.open = true;
    faulty[0]?.focus();
  });

  // The row of what is open beside its list, also when the list was sent anew.
  const markHere = () => {
    for (const row of all("[data-row]")) row.classList.toggle("here", row.querySelector("a")?.pathname === location.pathname);
  };
  for (const list of all("[data-topic]")) new MutationObserver(markHere).observe(list, {childList: true});
  markHere();
})();
