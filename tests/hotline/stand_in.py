"""A service reduced to what the supervisor sees of one: two answers, and an end on SIGTERM.

Files in the data folder make it misbehave: NAME.unwell, NAME.broken, NAME.stubborn,
NAME.slow (three seconds until it listens, with lines in its log), NAME.asleep (it never does).
"""

import json
import os
import signal
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

NAME = sys.argv[1]
DATA = Path(os.environ["HOTLINE_DATA"])


def is_told_to_be(word: str) -> bool:
    return (DATA / f"{NAME}.{word}").exists()


class Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        unwell = self.path == "/healthz/consumers" and is_told_to_be("unwell")
        self.send_response(503 if unwell else 200)
        self.end_headers()


if is_told_to_be("broken"):
    sys.exit("the stand-in is broken on purpose")
if is_told_to_be("slow"):
    for _ in range(6):
        sys.stdout.write("the stand-in gets on\n")
        sys.stdout.flush()
        time.sleep(0.5)
if is_told_to_be("asleep"):
    time.sleep(60)
if is_told_to_be("stubborn"):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
(DATA / f"{NAME}.env").write_text(json.dumps(dict(os.environ)), encoding="utf-8")
HTTPServer(("127.0.0.1", int(os.environ[f"HOTLINE_{NAME.upper()}_PORT"])), Answers).serve_forever()
