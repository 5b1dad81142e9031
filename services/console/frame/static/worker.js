// The browser's one stream, shared by its tabs.
"use strict";
importScripts(self.location.hash.slice(1));
const ports = new Set();
const stream = new HotlineStream((message) => {
  for (const port of ports) port.postMessage(message);
});
self.onconnect = (event) => {
  const port = event.ports[0];
  ports.add(port);
  port.onmessage = (message) => {
    if (message.data.gone) ports.delete(port);
    stream.show(port, message.data.topics || [], message.data.lang);
  };
};
