// Keeps what a page shows as it is now.
"use strict";
(() => {
  const root = document.documentElement, words = document.body.dataset;
  const waiting = new Map(); // list -> what is not done to it yet
  const shown = new WeakMap(); // card -> its HTML, before its clocks ticked
  let ahead, heard = Date.now();
  const of = (kind, topic) => all(`[data-${kind}="${topic}"]`);

  function put(list, id, html, after, isOld) {
    let card = by(id);
    const made = document.createElement("template"), at = document.activeElement;
    made.innerHTML = html;
    const fresh = made.content.firstElementChild, isHeld = card?.contains(at);
    if (!card || (shown.get(card) !== html && !card.isEqualNode(fresh))) {
      shown.set(fresh, html);
      fresh.classList.toggle("changed", !isOld);
      card?.replaceWith(fresh);
      card = fresh;
    }
    const before = by(after), next = before ? before.nextElementSibling : after === null ? list.firstElementChild : null;
    if (next !== card && (before || after === null || !card.isConnected)) list.insertBefore(card, next);
    if (isHeld && !card.contains(document.activeElement)) (by(at.id) || card).focus({ preventScroll: true });
  }

  // Under a pointer or a focus nothing moves: it waits, and a bar says so.
  const isInUse = (list) => list.matches(":hover") || list.contains(document.activeElement);

  function patch(list, ops) {
    const later = waiting.get(list) || [];
    waiting.set(list, later);
    for (const op of ops) {
      const card = by(op.put);
      if (card) put(list, op.put, op.html, undefined, op.isOld);
      if (later.length || !card || (by(op.put).previousElementSibling?.id ?? null) !== op.after) later.push(op);
    }
    if (!isInUse(list)) release(list);
    else bar(list);
  }

  function release(list) {
    for (const op of waiting.get(list)) {
      if (op.drop) by(op.drop)?.remove();
      else put(list, op.put, op.html, op.after, op.isOld);
    }
    waiting.delete(list);
    bar(list);
  }
  const releaseIdle = () => {
    for (const list of [...waiting.keys()]) {
      if (!list.isConnected) waiting.delete(list);
      else if (!isInUse(list)) release(list);
    }
  };

  function bar(list) {
    const count = new Set(waiting.get(list)?.map((op) => op.put || op.drop)).size;
    for (const button of of("waits", list.dataset.topic)) {
      button.hidden = !count;
      button.textContent = button.dataset.words.replace("{}", count);
      button.onclick = () => release(list);
    }
  }

  function show({ topic, counts, total }, ops) {
    for (const list of of("topic", topic)) patch(list, ops(list));
    for (const place of of("count", topic)) place.textContent = counts || "";
    for (const empty of of("empty", topic)) empty.hidden = total > 0;
    away(topic);
  }

  function away(topic, part) {
    for (const band of of("away", topic)) band.hidden = !part;
  }

  const on = {
    who: () => send(),
    hello(said) {
      ahead = said.ahead;
      tick();
      state(said.paused ? "paused" : said.polled ? "polled" : "live");
    },
    list(said) {
      show(said, (list) => {
        waiting.delete(list);
        const kept = said.cards.map((card) => card.id);
        const gone = [...list.children].filter((card) => !kept.includes(card.id));
        return [...gone.map((card) => ({ drop: card.id })),
          ...said.cards.map(({ id, html }, at) => ({ put: id, html, after: at ? kept[at - 1] : null, isOld: true }))];
      });
    },
    cards: (said) => show(said, () => said.ops),
    away: (said) => away(said.topic, said.part),
    paused: (said) => state(said.paused ? "paused" : "live"),
    lost: () => state("lost"),
    bye(said) {
      state("bye");
      document.querySelector("main").inert = true;
      for (const why of all("#bye [data-why]")) why.hidden = why.dataset.why !== said.why;
      document.dispatchEvent(new Event("hotline:bye"));
      if (!by("bye").open) by("bye").showModal();
    },
  };

  function state(name) {
    const isFresh = name === "live" || name === "polled";
    if (isFresh) heard = Date.now();
    if (root.dataset.live === name) return;
    root.dataset.live = name;
    const line = by("line"), is = { live: "on", bye: "off", lost: "off" }[name] || name;
    const at = isFresh ? "" : " " + line.dataset.asOf + new Date(heard + (ahead ?? 0)).toTimeString().slice(0, 8);
    line.dataset.is = is;
    line.querySelector(".line-said").textContent = line.dataset[is] + at;
  }

  function tick() {
    if (ahead === undefined) return; // The page has the times themselves until then.
    const now = Date.now() + ahead;
    for (const time of all("time[data-due], time[data-since]")) {
      const { due, since } = time.dataset;
      const left = Math.round((Date.parse(due ?? since) - now) / 1000), isLate = left < 0;
      if (due) {
        time.classList.toggle("late", isLate);
        time.classList.toggle("soon", !isLate && left < 300);
      }
      time.textContent = (due ? words[isLate ? "late" : "left"] : "") + span(Math.abs(left));
    }
  }

  function span(seconds) {
    const minutes = Math.floor(seconds / 60), hours = Math.floor(minutes / 60);
    if (!minutes) return seconds + words.seconds;
    if (minutes < 120) return minutes + words.minutes;
    return hours < 48 ? hours + words.hours : Math.floor(hours / 24) + words.days;
  }

  const tab = crypto.randomUUID(), { stream } = document.currentScript.dataset;
  // Not that of somebody else, nor of an older console.
  const name = stream + " " + root.dataset.person, channel = new BroadcastChannel(name);
  function send(gone) {
    const topics = all("[data-topic]").map((list) => list.dataset.topic);
    channel.postMessage({ tab, topics: gone ? [] : topics, gone, lang: root.lang.slice(0, 2) });
  }
  channel.onmessage = ({ data }) => on[data.kind]?.(data);
  if (window.SharedWorker) new SharedWorker(stream, name);
  else navigator.locks.request(name, () => {
    const script = document.createElement("script");
    script.dataset.channel = name;
    script.src = stream;
    document.head.append(script);
    return new Promise(() => {});
  });
  send();
  addEventListener("pagehide", () => send(true));
  addEventListener("pageshow", (event) => event.persisted && send());
  document.body.addEventListener("htmx:afterSettle", () => send());

  document.addEventListener("pointerout", releaseIdle);
  document.addEventListener("focusout", () => setTimeout(releaseIdle));
  tick();
  setInterval(tick, 1000);
})();
