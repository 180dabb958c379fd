"""A service whose answers follow the flags: curl its address, and switch features of the demo meanwhile."""
import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import togglecast

client = togglecast.Client(os.environ["TOGGLECAST_URL"], token=os.environ["TOGGLECAST_CLIENT_TOKEN"], storage=os.environ.get("STATE_FILE"))
client.on_status(lambda status: print(status, flush=True))
client.on_change(lambda keys: print("changed:", ", ".join(sorted(keys)), flush=True))


class Shop(BaseHTTPRequestHandler):
    def do_GET(self):
        plan = client.plan()
        page = {
            "status": client.status,
            "plan": plan and plan["name"],
            "layout": client.flag("home-layout", "classic"),
            "dashboards": client.limit("dashboards"),
            "wish_lists": client.flag("wish-lists", False),
        }
        body = json.dumps(page).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


with client, ThreadingHTTPServer(("127.0.0.1", 0), Shop) as service:
    print(f"curl http://localhost:{service.server_port}", flush=True)
    try:
        service.serve_forever()
    except KeyboardInterrupt:
        pass
