// The one stream of a browser.
"use strict";
(() => {
  const channel = new BroadcastChannel(self.document?.currentScript.dataset.channel ?? name);
  const tabs = new Map(); // tab -> its topics
  const topics = () => [...new Set([...tabs.values()].flat())];
  const tell = (kind, said) => channel.postMessage({ ...said, kind });
  let source, lang, id, hello, over, again, began, tag = "", asked = 0, fresh = Date.now();

  function open() {
    began = Date.now();
    source = new EventSource("/live?lang=" + lang);
    for (const kind of ["hello", "list", "cards", "away", "paused", "bye"]) {
      source.addEventListener(kind, (event) => heed(kind, JSON.parse(event.data)));
    }
    source.onerror = later;
  }
  function close() {
    source?.close();
    clearTimeout(again);
    id = null;
  }
  // A restart must not be met by all at once.
  function later() {
    close();
    again = setTimeout(open, 1000 + Math.random() * 4000);
  }

  function heed(kind, said) {
    fresh = Date.now();
    if (said.why === "stopping") return later(); // Nobody's session is over.
    if (kind === "hello") hello = { ...said, ahead: Date.parse(said.now) - fresh };
    tell(kind, kind === "hello" ? hello : said);
    if (kind === "bye") {
      close();
      over = true;
    } else if (said.stream && id !== said.stream) {
      id = said.stream;
      follow(topics(), []);
    }
  }

  // Where a proxy holds the stream back.
  async function poll() {
    asked = Date.now();
    const answer = await fetch(`/live/poll?lang=${lang}&topics=${topics()}`, {
      headers: { "HX-Request": "true", "If-None-Match": tag },
    }).catch(() => null);
    if (id || over || !answer) return;
    if (answer.status === 401) heed("bye", { why: "over" });
    if (answer.status === 304) heed("hello", { ...hello, now: new Date(Date.now() + hello.ahead) });
    if (!answer.ok) return;
    tag = answer.headers.get("ETag");
    for (const [kind, said] of await answer.json()) heed(kind, said);
  }
  function follow(add, drop) {
    fetch(`/live/${id}/topics`, {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ add, drop }),
    }).catch(() => {});
  }

  channel.onmessage = ({ data: { tab, topics: shown, gone, lang: spoken } }) => {
    if (!tab) return;
    const before = topics(), isNew = !tabs.has(tab);
    tag = "";
    if (gone) tabs.delete(tab);
    else tabs.set(tab, shown);
    // A page that is opened after the end is of a session that counts.
    if (!gone && (spoken !== lang || (over && isNew))) {
      close();
      lang = spoken;
      over = false;
      open();
    } else if (id) {
      tell("hello", hello); // The next sign of life may be ten seconds away.
      follow(shown, before.filter((topic) => !topics().includes(topic)));
    } else if (hello?.polled && isNew) poll();
  };

  setInterval(() => {
    const now = Date.now(), silent = now - fresh;
    if (id && silent > 20000) later(); // A line that swallows everything says nothing of it.
    if (id || over || !source) return;
    if (silent > (hello?.polled ? 15000 : 3000)) tell("lost");
    const isHeld = hello?.polled || (source.readyState !== EventSource.CLOSED && now - began > 5000);
    if (isHeld && now - asked > 4900) poll();
  }, 1000);
  tell("who");
})();
