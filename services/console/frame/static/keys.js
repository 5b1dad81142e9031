// The keys of the page: whatever bears data-key does what a click on it does, or takes the focus.
// While a word is being composed no key of ours does anything.
"use strict";
(function () {
  const root = document.documentElement;
  const isField = (node) => node && (node.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(node.tagName));
  const isSeen = (node) => !node.disabled && !node.closest("[inert]") && node.getClientRects().length > 0;

  function named(event) {
    const name = event.key === " " ? "Space" : event.key.length === 1 ? event.key.toLowerCase() : event.key;
    return (event.ctrlKey ? "Ctrl+" : "") + (event.altKey ? "Alt+" : "")
      + (event.shiftKey && event.key.length > 1 ? "Shift+" : "") + name;
  }

  // The one of an open dialog before that of the page below it.
  function of(key) {
    const found = [...document.querySelectorAll('[data-key~="' + CSS.escape(key) + '"]')].filter(isSeen);
    const dialog = document.querySelector("dialog[open]");
    return found.find((node) => dialog?.contains(node)) || (dialog ? undefined : found[0]);
  }

  function step(down) {
    const rows = [...document.querySelectorAll("[data-rows] > *")].filter(isSeen);
    if (!rows.length) return false;
    const here = rows.findIndex((row) => row.contains(document.activeElement));
    const next = rows[Math.max(0, Math.min(rows.length - 1, here + (down ? 1 : here < 0 ? 1 : -1)))];
    (next.querySelector("a, button") || next).focus();
    return true;
  }

  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.keyCode === 229 || event.defaultPrevented) return;
    if (event.getModifierState("AltGraph") || (event.ctrlKey && event.altKey) || event.metaKey) return;
    const key = named(event);
    const isLetter = event.key.length === 1 && !event.ctrlKey && !event.altKey;
    if (isLetter && (isField(event.target) || root.dataset.singleKeys === "off")) return;
    const isArrow = event.key === "ArrowDown" || event.key === "ArrowUp";
    if (isArrow && (isField(event.target) || event.ctrlKey || event.altKey)) return;
    const node = of(key);
    if (node) {
      event.preventDefault();
      if (isField(node)) node.focus();
      else node.click();
    } else if ((isArrow || key === "j" || key === "k") && step(key === "j" || event.key === "ArrowDown")) {
      event.preventDefault();
    }
  });
})();
