"use strict";
/* Keys, by the table of keys.py. What it needs stands in attributes: `data-key` what is
   pressed for an element, `data-rail` its digit, `data-list` and `data-row` lists. */
(() => {
  let waitsForDigit = false;

  const isField = e => e && (e.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(e.tagName));
  const act = e => { if (!e) return false; isField(e) ? e.focus() : e.click(); return true; };
  // What is folded away has boxes all the same in newer browsers.
  const isShown = e => e.checkVisibility ? e.checkVisibility() : e.getClientRects().length > 0;
  const isSeen = e => !e.disabled && !e.closest("[inert]") && isShown(e);
  // Of what is pressed by one key that of an open dialog counts, and nothing of the page below it.
  // So does that of the form or row one is in, before the others that bear the same key.
  const byKey = key => {
    const dialog = document.querySelector("dialog[open]");
    const found = [...(dialog || document).querySelectorAll("[data-key]")]
      .filter(e => e.dataset.key.split(" ").includes(key) && isSeen(e));
    const own = document.activeElement.closest("form, [data-row]");
    return found.find(e => own && own.contains(e)) || found[0];
  };
  const byDigit = digit => document.querySelector(`[data-rail="${digit}"]`);

  const step = (row, by) => {
    const rows = [...document.querySelectorAll("[data-row]")];
    const at = rows.indexOf(row);
    const next = at < 0 ? rows[0] : rows[at + by];
    if (next) next.focus();
    return Boolean(next);
  };

  const pressed = event => {
    const key = event.key, field = isField(document.activeElement);
    // AltGr writes letters on many keyboards.
    if (event.metaKey || (event.ctrlKey && event.altKey) || event.getModifierState("AltGraph")) return false;
    if (event.altKey && /^[1-9]$/.test(key)) return act(byDigit(key));
    if (event.altKey) return act(byKey(`Alt+${key.toUpperCase()}`));
    if (event.ctrlKey) return key === "Enter" && act(byKey("Ctrl+Enter"));
    if (/^F\d+$/.test(key)) return act(byKey(key));
    if (key === "Escape") {
      const open = document.querySelector("details.menu[open]");
      if (open) { open.open = false; open.querySelector("summary").focus(); }
      return Boolean(open) || act(byKey("Esc"));
    }
    if (field) return false;
    const row = document.activeElement.closest("[data-row]");
    if (key === "ArrowDown" && row) return step(row, 1);
    if (key === "ArrowUp" && row) return step(row, -1);
    if (key === "Enter" && row === document.activeElement && row) return act(row.querySelector("a"));
    if (document.documentElement.dataset.singleKeys === "off") return false;
    const afterG = waitsForDigit;
    waitsForDigit = false;
    if (afterG && /^[1-9]$/.test(key)) return act(byDigit(key));
    if (key === "g") { waitsForDigit = true; return true; }
    if (key === "j") return step(row, 1);
    if (key === "k") return step(row, -1);
    return key.length === 1 && act(byKey(key));
  };

  document.addEventListener("keydown", event => {
    // What an input method composes is its own, also on the key that ends it.
    if (event.isComposing || event.keyCode === 229 || event.defaultPrevented) return;
    if (pressed(event)) event.preventDefault();
  });
})();
