// A server of Node's own Socket.IO, as one of a cluster: the stock packages, with the events of the conformance server
// that the tests of adapters use.
//   node node-server.mjs --port 3000 --adapter redis|sharded|streams --redis-url URL [--subscription-mode MODE]
import { createAdapter, createShardedAdapter } from '@socket.io/redis-adapter';
import { createAdapter as createStreamsAdapter } from '@socket.io/redis-streams-adapter';
import { createClient } from 'redis';
import { Server } from 'socket.io';

const argument = (name) => (process.argv.includes(name) ? process.argv[process.argv.indexOf(name) + 1] : undefined);
const port = Number(argument('--port'));
const kind = argument('--adapter');

process.on('unhandledRejection', () => {}); // the adapters await nothing that they publish while Redis is away

async function connect() {
  const client = createClient({ url: argument('--redis-url'), socket: { reconnectStrategy: 50 } });
  client.on('error', () => {});
  await client.connect();
  return client;
}

async function adapter() {
  const client = await connect();
  if (kind === 'streams') return createStreamsAdapter(client, { heartbeatInterval: 500 });
  if (kind === 'redis') return createAdapter(client, await connect());
  return createShardedAdapter(client, await connect(), { subscriptionMode: argument('--subscription-mode') ?? 'dynamic' });
}

const io = new Server({
  adapter: await adapter(),
  pingInterval: 300,
  pingTimeout: 20_000,
  ...(kind === 'streams' && { connectionStateRecovery: { maxDisconnectionDuration: 60_000 } }),
});

const first = (answers) => answers.map((answer) => answer ?? null);
const inRoom = (nsp, room) => (room === '' ? nsp : nsp.in(room));

function register(nsp) {
  nsp.on('connection', (socket) => {
    socket.on('sid', (answer) => answer(socket.id));
    socket.on('join', async (room, answer) => {
      await socket.join(room);
      answer([...socket.rooms].filter((name) => name !== socket.id));
    });
    socket.on('set-data', (data, answer) => {
      Object.assign(socket.data, data);
      answer('ok');
    });
    socket.on('message', (...args) => socket.emit('message-back', ...args));
    socket.on('all', (...args) => nsp.emit('all-msg', ...args));
    socket.on('volatile', (...args) => nsp.volatile.emit('volatile-msg', ...args));
    socket.on('to-room', (room, ...args) => socket.to(room).emit('room-msg', ...args));
    socket.on('all-room', (room, ...args) => nsp.in(room).emit('room-msg', ...args));
    socket.on('except-room', (room, except, ...args) => nsp.in(room).except(except).emit('room-msg', ...args));
    socket.on('ask-all', (timeout, ...args) => nsp.timeout(timeout).emit('question', ...args,
      (error, answers) => socket.emit('answers', error ? 'timeout' : 'ok', first(answers))));
    socket.on('make-join', (room, other) => inRoom(nsp, room).socketsJoin(other));
    socket.on('make-leave', (room, other) => inRoom(nsp, room).socketsLeave(other));
    socket.on('kick', (room, close) => nsp.in(room).disconnectSockets(close));
    socket.on('fetch', async (room, answer) => answer((await nsp.in(room).fetchSockets())
      .map(({ id, rooms, data }) => ({ id, rooms: [...rooms].sort(), data }))));
    socket.on('handshakes', async (room, answer) => answer((await nsp.in(room).fetchSockets())
      .map(({ id, handshake }) => ({ id, handshake }))));
    socket.on('count', async (answer) => answer((await nsp.fetchSockets()).length));
    socket.on('server-emit', (value, ...rest) => {
      const answer = rest.pop();
      nsp.serverSideEmit(rest[0] ?? 'peer', value, (error, answers) => answer(error ? { error: error.message } : first(answers)));
    });
    socket.on('server-tell', (value) => nsp.serverSideEmit('told', value));
  });
  nsp.on('peer', (value, answer) => answer(`heard ${value}`));
  nsp.on('told', (value) => nsp.local.emit('told', value));
}
for (const name of ['/', '/custom']) register(io.of(name));

io.listen(port);
console.log(`listening on ${port}`);
process.once('SIGTERM', () => io.close(() => process.exit(0)));
