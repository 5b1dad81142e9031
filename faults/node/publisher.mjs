// A publisher that is not Python: another vendor's system with the usual library of its language.
//
// Lines of JSON come in ({id, key, body} with the body in base64), lines of JSON go out
// ({confirmed: id} once the broker has it, {nacked: id} each time it refused). Whatever was not
// confirmed is published again under the same id, on a new connection where the old one is gone.
//
//   node publisher.mjs <folder of amqplib>     HOTLINE_AMQP_URL says where the broker is
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";

const amqp = createRequire(process.argv[2] + "/")("amqplib");
const url = process.env.HOTLINE_AMQP_URL;
const user = decodeURIComponent(new URL(url).username);
const EXCHANGE = "hotline.inbound";
const PAUSE_MS = 300;
const SILENCE_MS = 10_000;

const say = (line) => process.stdout.write(JSON.stringify(line) + "\n");
const waiting = new Map();
let channel = null;
let ended = false;

// Connects until it succeeds; a lost connection is noticed by both its events.
async function connect() {
  for (;;) {
    try {
      const connection = await amqp.connect(url, { heartbeat: 10, timeout: SILENCE_MS });
      const lost = () => { channel = null; };
      connection.on("error", lost).on("close", lost);
      const opened = await connection.createConfirmChannel();
      opened.on("error", lost).on("close", lost);
      return opened;
    } catch {
      await pause(PAUSE_MS);
    }
  }
}

// One try; settles when the broker confirms, refuses, goes away or stays silent.
function publish(on, message) {
  return new Promise((resolve) => {
    const late = setTimeout(() => resolve("silent"), SILENCE_MS);
    const settle = (outcome) => { clearTimeout(late); resolve(outcome); };
    const options = { messageId: message.id, persistent: true, mandatory: true, userId: user };
    const body = Buffer.from(message.body, "base64");
    try {
      on.publish(EXCHANGE, message.key, body, options, (error) => settle(error ? "refused" : "confirmed"));
    } catch {
      settle("lost");
    }
  });
}

// Half-open connections look well and confirm nothing.
function abandon(on) {
  if (channel === on) channel = null;
  on.connection.close().catch(() => {});
}

let connecting = null;
function ready() {
  if (channel !== null) return Promise.resolve(channel);
  connecting ??= connect().then((opened) => { channel = opened; connecting = null; return opened; });
  return connecting;
}

async function deliver(message) {
  waiting.set(message.id, message);
  for (;;) {
    const on = await ready();
    const outcome = await publish(on, message);
    if (outcome === "confirmed") break;
    await pause(PAUSE_MS);
    // A refusal on a channel that still stands is a nack; on one that is gone nobody said no.
    say(outcome === "refused" && channel === on ? { nacked: message.id } : { repeated: message.id });
    if (outcome === "silent") abandon(on);
  }
  waiting.delete(message.id);
  say({ confirmed: message.id });
  if (ended && waiting.size === 0) process.exit(0);
}

process.on("uncaughtException", (error) => say({ trouble: String(error) }));
createInterface({ input: process.stdin })
  .on("line", (line) => { deliver(JSON.parse(line)); })
  .on("close", () => { ended = true; if (waiting.size === 0) process.exit(0); });
say({ ready: true });
