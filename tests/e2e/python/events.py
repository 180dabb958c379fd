"""Debian's python3-socketio against every event of the product: events.py URL TOKEN NAMESPACE TRANSPORTS

Reads one JSON request per line, {"ask": event, "with": argument} or {"wait": event}, and prints the answer, or the
payload of the next such event, as one JSON line. Handlers take exactly one argument: an event that came with
another number of them would end the script.
"""
import json
import os
import queue
import sys
import traceback

from ordered import Client

DEADLINE = 60


def main(url, token, namespace, transports):
    events = {}
    client = Client(reconnection=False, handle_sigint=False)

    def inbox(name):
        return events.setdefault(name, queue.Queue())

    def handler(name):
        def keep(data):
            inbox(name).put(data)
        return keep

    for name in ("admin_connected", "client_connected", "platform_update", "feature_update", "package_update",
                 "entity_update", "config_sync", "announcement", "admin_notification", "client_notification",
                 "system_status", "activity", "rollout_progress", "entity_presence", "dashboard_update",
                 "activity_feed", "entity_subscribed", "entity_unsubscribed", "announcement_sent",
                 "system_metrics", "config_status", "feature_status", "metrics_accepted", "heartbeat_ack"):
        client.on(name, handler(name), namespace=namespace)
    client.connect(url, namespaces=[namespace], transports=transports.split(","),
                   auth={"token": token, "offsets": False}, wait_timeout=DEADLINE)
    for line in sys.stdin:
        request = json.loads(line)
        if "wait" in request:
            answer = inbox(request["wait"]).get(timeout=DEADLINE)
        elif "tell" in request:
            client.emit(request["tell"], request.get("with"), namespace=namespace)
            answer = {}
        else:
            answer = client.call(request["ask"], request.get("with"), namespace=namespace, timeout=DEADLINE)
        print(json.dumps(answer), flush=True)
    client.disconnect()


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
