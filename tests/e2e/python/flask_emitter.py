# Emits as a Flask program beside a server does: Flask-SocketIO without an application of its own.
# Reads a JSON line, emits it, and answers it by one. Usage: flask_emitter.py REDIS-URL
import json
import sys

from flask_socketio import SocketIO

outside = SocketIO(message_queue=sys.argv[1])

for line in sys.stdin:
    request = json.loads(line)
    outside.emit(*request['args'], **request.get('options', {}))
    print(json.dumps('done'), flush=True)
