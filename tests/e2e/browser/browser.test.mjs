// The official bundles in headless Chromium, from another origin.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { browser } from '../support/browser.mjs';
import { eachWay } from '../support/clients.mjs';
import { conformance } from '../support/server.mjs';

const server = conformance('--patient');
const chromium = browser();

/* The functions of page.run run in the page, where the bundle has set the global `io`. */
/* global io */

const kAllowed = 'https://app.example';

eachWay((way, { version, transports }) => {
  describe(`${way}, from an allowed origin`, () => {
    test('text, binary and acks go both ways, and the upgrade happens', async (t) => {
      const page = await chromium.page(t, version, kAllowed);
      const result = await page.run(async ({ url, transports: list }) => {
        const socket = io(url, { path: '/opts/', transports: list, auth: { from: 'a browser' } });
        const next = (event) => new Promise((resolve) => socket.once(event, (...args) => resolve(args)));
        const ask = (...args) => new Promise((resolve) => socket.emit(...args, (...answers) => resolve(answers)));
        const greeting = await next('auth');
        const echo = next('message-back');
        socket.emit('message', 1, 'é€😀', null, { deep: [new Uint8Array([1, 2, 3])] });
        const [one, text, nothing, binary] = await echo;
        const [acked] = await ask('message-with-ack', new Uint8Array([4, 5]).buffer);
        const [bytes] = await ask('bytes', 100000);
        socket.on('question', (...args) => args.pop()('from the page', args[0]));
        const answered = next('answer');
        socket.emit('ask', new Uint8Array([6]));
        const answer = await answered;
        if (list.length === 2 && socket.io.engine.transport.name !== 'websocket') {
          await new Promise((resolve) => socket.io.engine.once('upgrade', resolve));
        }
        const [who] = await ask('who');
        const list8 = (buffer) => Array.from(new Uint8Array(buffer));
        const outcome = {
          greeting, one, text, nothing, binary: list8(binary.deep[0]), acked: list8(acked), bytes: bytes.byteLength,
          answer: [answer[0], list8(answer[1])], transport: who.transport, sameId: who.id === socket.id,
        };
        socket.disconnect();
        return outcome;
      }, { url: server.url, transports });

      assert.deepEqual(result, {
        greeting: [{ from: 'a browser' }], one: 1, text: 'é€😀', nothing: null, binary: [1, 2, 3], acked: [4, 5], bytes: 100000,
        answer: ['from the page', [6]], transport: transports.at(-1), sameId: true,
      });
    });

    test('a hundred emits at the moment of connecting come back in order', async (t) => {
      const page = await chromium.page(t, version, kAllowed);
      const received = await page.run(({ url, transports: list }) => new Promise((resolve, reject) => {
        const socket = io(url, { path: '/opts/', transports: list });
        const numbers = [];
        socket.on('connect_error', reject);
        socket.on('connect', () => {
          for (let n = 0; n < 100; n++) socket.emit('message', n);
        });
        socket.on('message-back', (n) => {
          if (numbers.push(n) === 100) resolve(numbers);
        });
      }), { url: server.url, transports });

      assert.deepEqual(received, Array.from({ length: 100 }, (_, n) => n));
    });
  });
});

describe('4.x', () => {
  test('two pages talk to each other in a room', async (t) => {
    const [a, b] = [await chromium.page(t), await chromium.page(t)];
    const open = (page) => page.run((url) => new Promise((resolve) => {
      window.socket = io(`${url}/dyn-9`);
      window.heard = new Promise((hear) => window.socket.once('room-msg', (...args) => hear(args)));
      window.socket.emit('join', 'r', resolve);
    }), server.url);
    await open(a);
    await open(b);
    await a.run(() => window.socket.emit('to-room', 'r', 'hello', { from: 'a' }));

    assert.deepEqual(await b.run(() => window.heard), ['hello', { from: 'a' }]);
  });

  test('a refused login shows message and data', async (t) => {
    const page = await chromium.page(t);
    const error = await page.run((url) => new Promise((resolve) => {
      io(`${url}/auth`, { auth: { detail: true } }).on('connect_error', ({ message, data }) => resolve({ message, data }));
    }), server.url);

    assert.deepEqual(error, { message: 'Not authorized', data: { code: 'E_AUTH', tries: 3 } });
  });

  test('a lost connection is recovered', async (t) => {
    const page = await chromium.page(t);
    const result = await page.run((url) => new Promise((resolve) => {
      const socket = io(url, { path: '/recovery/', reconnectionDelay: 50 });
      let first;
      socket.on('connect', () => {
        if (first) return resolve({ same: first === socket.id, recovered: socket.recovered });
        first = socket.id;
        socket.once('auth', () => socket.io.engine.close());
      });
    }), server.url);

    assert.deepEqual(result, { same: true, recovered: true });
  });
});

describe('from an origin that is not allowed', () => {
  for (const version of ['4.x', '3.x']) {
    test(`${version} over polling is refused by the browser`, async (t) => {
      const page = await chromium.page(t, version);
      const outcome = await page.run((url) => new Promise((resolve) => {
        const socket = io(url, { path: '/opts/', transports: ['polling'], reconnection: false });
        socket.on('connect', () => resolve('connected'));
        socket.on('connect_error', (error) => resolve(error.message));
      }), server.url);

      assert.equal(outcome, 'xhr poll error');
    });
  }
});

describe('with credentials and a header of its own, from the one origin that is allowed', () => {
  for (const version of ['4.x', '3.x']) {
    test(`${version} connects, and the header arrives`, async (t) => {
      const page = await chromium.page(t, version, kAllowed);
      const who = await page.run((url) => new Promise((resolve, reject) => {
        const extraHeaders = { 'x-test': 'from the page' };
        const socket = io(url, { path: '/opts/', transports: ['polling'], withCredentials: true, extraHeaders });
        socket.on('connect_error', (error) => reject(error));
        socket.emit('who', resolve);
      }), server.url);

      assert.equal(who.xtest, 'from the page');
    });
  }
});

describe('from any origin, where all are allowed', () => {
  for (const version of ['4.x', '3.x']) {
    for (const transport of ['polling', 'websocket']) {
      test(`${version} connects over ${transport}`, async (t) => {
        const page = await chromium.page(t, version);
        const echo = await page.run(({ url, transport: only }) => new Promise((resolve) => {
          const socket = io(url, { transports: [only] });
          socket.on('message-back', resolve);
          socket.emit('message', 'hello');
        }), { url: server.url, transport });

        assert.equal(echo, 'hello');
      });
    }
  }
});
