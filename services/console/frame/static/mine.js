// What was opened of a person does not stay on the screen.
"use strict";
document.addEventListener("htmx:afterSettle", (event) => {
  const shown = event.target.querySelector("[data-gone-after]");
  if (shown) setTimeout(() => shown.replaceChildren(), shown.dataset.goneAfter * 1000);
});
