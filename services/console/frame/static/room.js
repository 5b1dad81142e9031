// The room of a running emergency is looked at again whenever something happens in any, and each few
// seconds besides: what others tick off and write down is no event. What is typed is not touched.
"use strict";
(() => {
  const room = document.querySelector("[data-room][data-runs]");
  if (!room) return;
  let asking = false;

  const put = (id, fresh) => {
    const old = by(id);
    if (!fresh || !old || old.innerHTML === fresh.innerHTML) return;
    // Nothing is taken from under a hand that is about to choose.
    if (old.querySelector("details[open]") || old.querySelector("select:focus")) return;
    const held = old.contains(document.activeElement) ? document.activeElement.id : null;
    old.innerHTML = fresh.innerHTML;
    htmx.process(old);
    if (held) by(held)?.focus({preventScroll: true});
  };

  const look = async () => {
    if (asking || document.hidden) return;
    asking = true;
    try {
      const answer = await fetch(room.dataset.room, {cache: "no-store", redirect: "error"});
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const id of ["room-parts", "room-story"]) put(id, page.getElementById(id));
      if (!page.querySelector("[data-room][data-runs]")) location.reload();
    } catch {
      // The band of the frame says that there is no connection.
    } finally {
      asking = false;
    }
  };

  if (by("pulse")) new MutationObserver(look).observe(by("pulse"), {childList: true, subtree: true, characterData: true});
  setInterval(look, 5000);
})();
