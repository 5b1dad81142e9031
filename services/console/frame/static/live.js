// Keeps what a page shows as it is now. A page works without it; it is only older then.
"use strict";
(function () {
  const lists = () => [...document.querySelectorAll("[data-topic]")];
  const topics = () => [...new Set(lists().map((list) => list.dataset.topic))];
  const root = document.documentElement;
  const waiting = new Map(); // list -> ops that wait until nobody points at it
  const shown = new WeakMap(); // card -> its HTML, before its clocks ticked
  let send = () => {};
  let ahead = null; // How far the hotline's time is before this machine's; a trial may be days ahead.
  let heard = Date.now();

  // ---- One list, card by card

  function card(html) {
    const made = document.createElement("template");
    made.innerHTML = html;
    return made.content.firstElementChild;
  }

  function put(list, id, html, after, isNews = true) {
    const fresh = card(html);
    const old = document.getElementById(id);
    const held = old && old.contains(document.activeElement) ? document.activeElement.id : null;
    if (old && (shown.get(old) === html || old.isEqualNode(fresh))) {
      place(list, old, after);
      return;
    }
    shown.set(fresh, html);
    if (old) old.replaceWith(fresh);
    if (isNews) fresh.classList.add("changed");
    place(list, fresh, after);
    if (held) (document.getElementById(held) || fresh).focus({ preventScroll: true });
  }

  function place(list, node, after) {
    if (after === undefined) return;
    const before = after === null ? null : document.getElementById(after);
    const next = before ? before.nextElementSibling : list.firstElementChild;
    if (next !== node && !(before === null && after !== null)) list.insertBefore(node, next);
    else if (!node.isConnected) list.append(node);
  }

  function apply(list, ops) {
    for (const op of ops) {
      if (op.drop) document.getElementById(op.drop)?.remove();
      else put(list, op.put, op.html, op.after);
    }
    bar(list);
  }

  // Under a pointer or a focus nothing moves: what would waits, and says so.
  function isInUse(list) {
    return list.matches(":hover") || list.contains(document.activeElement);
  }

  function patch(list, ops) {
    const later = waiting.get(list) || [];
    for (const op of ops) {
      const there = op.put && document.getElementById(op.put);
      if (there && !later.length) put(list, op.put, op.html, isInUse(list) ? undefined : op.after);
      else later.push(op);
    }
    waiting.set(list, later);
    if (!isInUse(list)) release(list);
    else bar(list);
  }

  function release(list) {
    const ops = waiting.get(list) || [];
    waiting.delete(list);
    apply(list, ops);
  }

  function bar(list) {
    const button = document.querySelector('[data-waits="' + list.dataset.topic + '"]');
    const count = (waiting.get(list) || []).length;
    if (!button) return;
    button.hidden = !count;
    button.textContent = (button.dataset.words || "{}").replace("{}", count);
    button.onclick = () => release(list);
  }

  function whole(list, cards) {
    waiting.delete(list);
    const kept = new Set(cards.map((each) => each.id));
    for (const node of [...list.children]) if (!kept.has(node.id)) node.remove();
    let before = null;
    for (const each of cards) {
      put(list, each.id, each.html, before, false);
      before = each.id;
    }
    bar(list);
  }

  // ---- What the stream says

  function count(message) {
    for (const place of document.querySelectorAll('[data-count="' + message.topic + '"]')) {
      place.textContent = message.counts || "";
      place.hidden = !message.counts;
    }
    for (const empty of document.querySelectorAll('[data-empty="' + message.topic + '"]')) {
      empty.hidden = message.total > 0;
    }
  }

  const on = {
    hello(message) {
      ahead = message.ahead;
      tick();
      state("live");
    },
    list(message) {
      each(message.topic, (list) => whole(list, message.cards));
      count(message);
      away(message.topic, null);
    },
    cards(message) {
      each(message.topic, (list) => patch(list, message.ops));
      count(message);
      away(message.topic, null);
    },
    away(message) {
      away(message.topic, message.part);
    },
    paused(message) {
      state(message.paused ? "paused" : "live");
    },
    lost() {
      state("lost");
    },
    bye(message) {
      state("bye");
      const page = document.getElementById("bye");
      if (!page) return;
      document.querySelector("main")?.setAttribute("inert", "");
      for (const why of page.querySelectorAll("[data-why]")) why.hidden = why.dataset.why !== message.why;
      document.dispatchEvent(new Event("hotline:bye"));
      if (!page.open) page.showModal();
    },
  };

  function each(topic, act) {
    for (const list of lists()) if (list.dataset.topic === topic) act(list);
  }

  function away(topic, part) {
    for (const band of document.querySelectorAll('[data-away="' + topic + '"]')) band.hidden = !part;
  }

  function state(name) {
    if (name === "live") heard = Date.now();
    if (root.dataset.live === name) return;
    root.dataset.live = name;
    const line = document.getElementById("line");
    if (!line) return;
    const is = { live: "on", paused: "paused" }[name] || "off";
    const at = name === "live" ? "" : " " + line.dataset.asOf + new Date(heard + (ahead || 0)).toTimeString().slice(0, 8);
    line.dataset.is = is;
    line.querySelector(".words").textContent = line.dataset[is] + at;
    document.dispatchEvent(new CustomEvent("hotline:line", { detail: name }));
  }

  function heed(message) {
    heard = message.kind === "lost" ? heard : Date.now();
    on[message.kind]?.(message);
  }

  // ---- Clocks: time passes without anybody sending it

  function tick() {
    if (ahead === null) return; // The page has the times themselves until then.
    const words = document.body.dataset;
    const now = Date.now() + ahead;
    for (const time of document.querySelectorAll("time[data-due]")) {
      const seconds = Math.round((Date.parse(time.dataset.due) - now) / 1000);
      const late = seconds < 0;
      time.classList.toggle("late", late);
      time.classList.toggle("soon", !late && seconds < 300);
      time.textContent = (late ? words.late : words.left) + span(Math.abs(seconds), words);
    }
    for (const time of document.querySelectorAll("time[data-since]")) {
      time.textContent = span(Math.max(0, Math.round((now - Date.parse(time.dataset.since)) / 1000)), words);
    }
  }

  function span(seconds, words) {
    const minutes = Math.floor(seconds / 60);
    if (minutes < 1) return seconds + words.seconds;
    if (minutes < 120) return minutes + words.minutes;
    const hours = Math.floor(minutes / 60);
    return hours < 48 ? hours + words.hours : Math.floor(hours / 24) + words.days;
  }

  // ---- One stream a browser, both ways

  function join() {
    const script = document.querySelector("script[data-worker]");
    if (!script) return;
    const lang = root.lang.startsWith("en") ? "en" : "zh";
    if (window.SharedWorker && !root.dataset.noWorker) {
      const worker = new SharedWorker(script.dataset.worker, { name: "hotline" });
      worker.port.onmessage = (event) => heed(event.data);
      send = (gone) => worker.port.postMessage({ topics: gone ? [] : topics(), lang: lang, gone: gone });
    } else {
      share(lang);
    }
    send(false);
    addEventListener("pagehide", () => send(true));
    addEventListener("pageshow", (event) => event.persisted && send(false));
    document.body.addEventListener("htmx:afterSettle", () => send(false));
  }

  // No shared worker: the tab that holds the lock has the stream.
  function share(lang) {
    const channel = new BroadcastChannel("hotline");
    const tab = crypto.randomUUID();
    let stream = null;
    channel.onmessage = (event) => {
      const said = event.data;
      if (said.kind === "show") stream?.show(said.tab, said.topics, said.lang);
      else if (said.kind === "who") send(false);
      else if (!stream) heed(said);
    };
    send = (gone) => {
      const shown = gone ? [] : topics();
      if (stream) stream.show(tab, shown, lang);
      else channel.postMessage({ kind: "show", tab: tab, topics: shown, lang: lang });
    };
    navigator.locks.request("hotline-stream", () => {
      stream = new HotlineStream((message) => {
        heed(message);
        channel.postMessage(message);
      });
      send(false);
      channel.postMessage({ kind: "who" });
      return new Promise(() => {});
    });
  }

  document.addEventListener("pointerout", () => {
    for (const list of [...waiting.keys()]) if (!isInUse(list)) release(list);
  });
  document.addEventListener("focusout", () => setTimeout(() => {
    for (const list of [...waiting.keys()]) if (!isInUse(list)) release(list);
  }));
  document.addEventListener("hotline:release", () => {
    for (const list of [...waiting.keys()]) release(list);
  });
  tick();
  setInterval(tick, 1000);
  join();
})();
