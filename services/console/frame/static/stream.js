// One stream for a whole browser. The shared worker runs this; where there is none, the one tab
// that holds the lock does, and tells the others.
"use strict";
// eslint-disable-next-line no-unused-vars
class HotlineStream {
  constructor(tell) {
    this.tell = tell; // (message) => all tabs
    this.tabs = new Map(); // tab -> its topics
    this.id = null;
    this.fresh = 0;
    this.over = false;
    this.lang = "zh";
    this.open();
    setInterval(() => this.look(), 1000);
  }

  open() {
    if (this.over) return;
    const source = new EventSource("/live?lang=" + this.lang);
    this.source = source;
    this.began = Date.now();
    source.addEventListener("hello", (event) => {
      const hello = JSON.parse(event.data);
      this.fresh = Date.now();
      const isNew = hello.stream !== this.id;
      this.id = hello.stream;
      this.ahead = Date.parse(hello.now) - Date.now();
      this.greet();
      if (isNew) this.follow(this.topics(), []);
    });
    for (const kind of ["list", "cards", "away", "paused"]) {
      source.addEventListener(kind, (event) => {
        this.fresh = Date.now();
        this.tell({ kind: kind, ...JSON.parse(event.data) });
      });
    }
    source.addEventListener("bye", (event) => {
      const said = JSON.parse(event.data);
      // The console is started again: nobody's session is over, and nobody's page is covered.
      if (said.why === "stopping") return source.onerror();
      this.over = said.why;
      source.close();
      this.tell({ kind: "bye", why: said.why });
    });
    source.onerror = () => {
      // Waits of our own, each of another length: a restart must not be met by all at once.
      source.close();
      this.id = null;
      setTimeout(() => this.open(), 1000 + Math.random() * 4000);
    };
  }

  greet() {
    this.tell({ kind: "hello", ahead: this.ahead });
  }

  look() {
    // Twenty seconds without a sign of life: a line that swallows everything says nothing of it.
    if (this.id && Date.now() - this.fresh > 20000) this.source.onerror();
    if (!this.id && !this.over && Date.now() - Math.max(this.fresh, this.began - 60000) > 3000) {
      this.tell({ kind: "lost", since: this.fresh });
    }
  }

  topics() {
    return [...new Set([...this.tabs.values()].flat())];
  }

  // A tab shows these now; none when it has gone.
  show(tab, topics, lang) {
    const before = this.topics();
    if (topics.length) this.tabs.set(tab, topics);
    else this.tabs.delete(tab);
    if (lang && lang !== this.lang) {
      this.lang = lang;
      this.source.onerror();
      return;
    }
    const now = this.topics();
    if (this.over) this.tell({ kind: "bye", why: this.over });
    else if (this.id) {
      this.greet(); // The next sign of life may be ten seconds away.
      this.follow(topics, before.filter((topic) => !now.includes(topic)));
    }
  }

  follow(add, drop) {
    if (!add.length && !drop.length) return;
    fetch("/live/" + this.id + "/topics", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ add: add, drop: drop }),
    }).catch(() => {});
  }
}
