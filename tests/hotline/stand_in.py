"""A service reduced to what the supervisor sees of one: two answers, and an end on SIGTERM."""

import json
import os
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

NAME = sys.argv[1]
DATA = Path(os.environ["HOTLINE_DATA"])


class Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        unwell = self.path == "/healthz/consumers" and (DATA / f"{NAME}.unwell").exists()
        self.send_response(503 if unwell else 200)
        self.end_headers()


if (DATA / f"{NAME}.broken").exists():
    sys.exit("the stand-in is broken on purpose")
(DATA / f"{NAME}.env").write_text(json.dumps(dict(os.environ)), encoding="utf-8")
HTTPServer(("127.0.0.1", int(os.environ[f"HOTLINE_{NAME.upper()}_PORT"])), Answers).serve_forever()
