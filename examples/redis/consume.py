# python3 consume.py [URL] [PREFIX] [ENVIRONMENT] [ID]: prints each change behind that id; `$` means from now on.
# apt install python3-redis
import json, sys, redis

url, prefix, environment, last = (sys.argv[1:] + ["redis://localhost:6379", "togglecast", "production", "$"][len(sys.argv) - 1:])
client = redis.Redis.from_url(url, decode_responses=True)
while True:
    for _, entries in client.xread({f"{prefix}:changes:{environment}": last}, block=5000, count=100):
        for last, fields in entries:  # keep `last`, to go on from there after a restart
            for change in json.loads(fields["summary"]):
                print(last, change["type"], change["entity"], change.get("key"), flush=True)
