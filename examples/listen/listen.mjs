// Prints what a client hears of its features. `togglecast quickstart` writes this file and the token beside it.
//
//   npm install socket.io-client && node listen.mjs
import { readFile } from 'node:fs/promises';
import { io } from 'socket.io-client';

const url = process.argv[2] ?? 'http://localhost:5001';
const freshToken = async () => (await readFile('client-token', 'utf8')).trim(); // yours may ask your own back end

const socket = io(`${url}/client`, {
  auth: (send) => freshToken().then((token) => send({ token })), // a function: called again at every connect
});

socket.on('client_connected', ({ client, features, platforms }) => {
  console.log(`connected as ${client.key};`, features.length, 'features,', platforms.length, 'platforms');
});
socket.on('client_resumed', ({ revision }) => {
  console.log('back again at revision', revision); // what changed meanwhile follows as updates
});
for (const name of ['feature_update', 'platform_update', 'package_update', 'client_update']) {
  socket.on(name, ({ type, data, revision }) => {
    console.log(name, type, data?.key, data?.enabled ?? '', 'at revision', revision);
  });
}
socket.on('connect_error', (error) => {
  console.log('refused:', error.message);
  // the stock client does not retry a refused connection: do it yourself, after a moment, with a new token
  if (error.data?.code === 'token_expired') setTimeout(() => socket.connect(), 1000 + 4000 * Math.random());
});
socket.on('disconnect', (reason) => console.log('disconnected:', reason));
