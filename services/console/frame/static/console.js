// Keys, by the table of keys.py.
"use strict";
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const by = (id) => document.getElementById(id);
(() => {
  let waitsForDigit = false;
  const isField = (e) => e.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(e.tagName);
  const act = (e) => { if (e) isField(e) ? e.focus() : e.click(); return Boolean(e); };
  // In a dialog its keys count alone, in a form or row its own before others.
  const byKey = (key) => {
    const found = all("[data-key]", document.querySelector("dialog[open]") || document)
      .filter((e) => e.dataset.key.split(" ").includes(key) && !e.disabled && !e.closest("[inert]") && e.checkVisibility());
    const own = document.activeElement.closest("form, [data-row]");
    return found.find((e) => own?.contains(e)) || found[0];
  };
  const byDigit = (digit) => all("[data-rail]").find((e) => e.dataset.rail === digit);
  const step = (row, way) => {
    const rows = all("[data-row]"), next = rows[row ? rows.indexOf(row) + way : 0];
    next?.focus();
    return Boolean(next);
  };

  const pressed = (event) => {
    const key = event.key, at = document.activeElement, row = at.closest("[data-row]");
    // AltGr writes letters on many keyboards.
    if (event.metaKey || (event.ctrlKey && event.altKey) || event.getModifierState("AltGraph")) return false;
    if (event.altKey) return act(byDigit(key) || byKey("Alt+" + key.toUpperCase()));
    if (event.ctrlKey) return act(byKey("Ctrl+" + key));
    if (/^F\d/.test(key)) return act(byKey(key));
    if (key === "Escape") {
      const open = !document.querySelector("dialog[open]") && document.querySelector(".menu[open]");
      if (!open) return act(byKey("Esc"));
      open.open = false;
      open.querySelector("summary").focus();
      return true;
    }
    if (isField(at)) return false;
    // Where nothing has the focus yet a list is entered at its first row.
    if (/^Arrow(Down|Up)$/.test(key) && (row || /^(BODY|MAIN)$/.test(at.tagName))) return step(row, key === "ArrowDown" ? 1 : -1);
    if (key === "Enter" && row === at) return act(row.querySelector("a"));
    if (key.length > 1 || document.documentElement.dataset.singleKeys === "off") return false;
    const digit = waitsForDigit && byDigit(key);
    waitsForDigit = key === "g";
    if (key === "j") return step(row, 1);
    if (key === "k") return step(row, -1);
    return waitsForDigit || act(digit || byKey(key));
  };

  document.addEventListener("keydown", (event) => {
    // What an input method composes is its own, also on the key that ends it.
    if (event.isComposing || event.keyCode === 229 || event.defaultPrevented) return;
    if (pressed(event)) event.preventDefault();
  });
})();
