// What the server has taken is no draft any more. Loaded by pages whose forms are sent by htmx.
"use strict";
document.addEventListener("htmx:beforeOnLoad", (event) => {
  const form = event.detail.elt.closest("form[data-draft]");
  const status = event.detail.xhr.status;
  if (!form || status < 200 || status >= 300) return;
  form.reset();
  form.dispatchEvent(new Event("hotline:taken", { bubbles: true }));
});
