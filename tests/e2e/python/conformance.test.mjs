// Debian's python3-socketio as a client of the conformance server.
import { describe, test } from 'node:test';
import { python } from '../support/python.mjs';
import { conformance } from '../support/server.mjs';

const server = conformance('--patient'); // a busy machine may answer late

const scenarios = {
  messages: 'arguments and acks come back as they were sent',
  asking: 'the server asks and hears the answer',
  order: 'bursts and echoes keep their order',
  rooms: 'rooms and broadcasts between two clients',
  namespaces: 'a good token is let in, a bad one and an unknown namespace are refused',
  leaving: 'the server sends it away, or closes the connection and it comes back',
  heartbeats: 'pings are answered in time',
};

for (const transports of ['polling', 'websocket', 'polling,websocket']) {
  describe(`python3-socketio over ${transports}`, () => {
    for (const [scenario, title] of Object.entries(scenarios)) {
      test(title, () => python('conformance.py', [server.url, scenario, transports]));
    }
  });
}
