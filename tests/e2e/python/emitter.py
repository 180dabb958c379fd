# Emits as Flask programs do beside a server: python-socketio's RedisManager, which only writes.
# Reads a JSON line, does what it says, and answers it by one. Usage: emitter.py REDIS-URL
import json
import sys

import socketio

manager = socketio.RedisManager(sys.argv[1], write_only=True)


def value(given):
    """Tuples and bytes, which JSON has not."""
    if isinstance(given, dict) and 'bytes' in given:
        return bytes(given['bytes'])
    if isinstance(given, dict) and 'tuple' in given:
        return tuple(value(item) for item in given['tuple'])
    if isinstance(given, list):
        return [value(item) for item in given]
    if isinstance(given, dict):
        return {key: value(item) for key, item in given.items()}
    return given


for line in sys.stdin:
    request = json.loads(line)
    call = getattr(manager, request['call'])
    call(*[value(item) for item in request.get('args', [])],
         **{key: value(item) for key, item in request.get('options', {}).items()})
    print(json.dumps('done'), flush=True)
