// Engine.IO sections 3, 4 and 6 over long polling.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { until } from '../support/deadline.mjs';
import { joinedPolling, joinedSocket, PollingSession } from '../support/engine.mjs';
import { chunks, request } from '../support/http.mjs';
import { conformance } from '../support/server.mjs';

const server = conformance('--patient'); // a busy machine may answer late
const hurried = conformance('--brief'); // for the end of its time limits

describe('the handshake', () => {
  test('names exactly the five keys, and the figures of its mount', async () => {
    const plain = await PollingSession.open(hurried.port);
    const tuned = await PollingSession.open(hurried.port, '/opts/');

    const { sid, ...figures } = plain.open;
    assert.match(sid, /^[A-Za-z0-9_-]{16,}$/);
    assert.deepEqual(figures, { upgrades: ['websocket'], pingInterval: 300, pingTimeout: 3000, maxPayload: 1000000 });
    assert.notEqual(sid, tuned.sid);
    assert.deepEqual(tuned.open, { ...tuned.open, pingInterval: 25000, pingTimeout: 20000, maxPayload: 10000 });
  });

  test('is plain text that nobody may store', async () => {
    const { response } = await PollingSession.open(server.port);

    assert.match(response.headers['content-type'], /^text\/plain; *charset=utf-8$/i);
    assert.equal(response.headers['cache-control'], 'no-store');
    assert.equal(Number(response.headers['content-length']), response.bytes.length);
    assert.equal(response.headers['set-cookie'], undefined);
  });
});

describe('a payload', () => {
  const echoes = [
    ['one text packet', '4hello', ['4hello']],
    ['several packets', '4a\x1e4b\x1e4c', ['4a', '4b', '4c']],
    ['an empty message', '4', ['4']],
    ['binary', 'bAQIDBA==', ['bAQIDBA==']],
    ['empty binary', 'b', ['b']],
    ['text and binary mixed', '4a\x1ebAQI=\x1e4b', ['4a', 'bAQI=', '4b']],
    ['non-ASCII text', '4héllo € 😀', ['4héllo € 😀']],
    ['a NUL and line ends', '4a\0b\r\nc', ['4a\0b\r\nc']],
    ['an unasked pong before a message', '3\x1e4x', ['4x']],
    ['a pong with text', '3anything\x1e4x', ['4x']],
    ['packets of the wrong direction that are ignored', '0{}\x1e5\x1e6\x1e4x', ['4x']],
    ['invalid UTF-8', Buffer.from([0x34, 0x61, 0xff, 0x62]), ['4a\ufffdb']],
  ];
  for (const [name, body, expected] of echoes) {
    test(`${name} comes back`, async () => {
      const session = await PollingSession.open(server.port);
      const posted = await session.post(body);

      assert.equal(posted.status, 200);
      assert.equal(posted.body, 'ok');
      assert.match(posted.headers['content-type'], /^text\/html/);
      assert.equal(posted.headers['content-length'], '2');
      assert.equal(posted.headers['cache-control'], 'no-store');
      assert.deepEqual(await session.packets(expected.length), expected);
    });
  }

  test('everything queued goes into one answer, in order', async () => {
    const session = await PollingSession.open(server.port);
    await session.post('4a');
    await session.post('4b\x1e4c');
    const answer = await session.poll();

    assert.equal(answer.body, '4a\x1e4b\x1e4c');
    assert.match(answer.headers['content-type'], /^text\/plain; *charset=utf-8$/i);
    assert.equal(answer.headers['cache-control'], 'no-store');
    assert.equal(Number(answer.headers['content-length']), answer.bytes.length);
  });

  test('a waiting poll is answered as soon as there is something', async () => {
    const session = await PollingSession.open(server.port);
    const poll = await session.waitingPoll();
    await session.post('4now');

    assert.equal((await poll.answer).body, '4now');
  });

  test('any content type but octet-stream is welcome', async () => {
    const session = await PollingSession.open(server.port);
    for (const type of ['text/plain;charset=UTF-8', 'application/json', 'application/x-www-form-urlencoded']) {
      await session.post(`4${type}`, { headers: { 'Content-Type': type } });
      assert.equal(await session.packet(), `4${type}`);
    }
    const refused = await session.post('4x', { headers: { 'Content-Type': 'application/octet-stream' } });

    assert.equal(refused.status, 400);
    assert.equal(refused.body, '');
    await session.assertGone();
  });
});

describe('a bad packet closes the session:', () => {
  const bad = ['', '4a\x1e', '\x1e4a', '4a\x1e\x1e4b', 'x', '7', '9', ' ', '4a\x1ex', '2', '2probe', 'hello', '-1', '\u20ac'];
  for (const body of bad) {
    test(JSON.stringify(body), async () => {
      const session = await PollingSession.open(server.port);
      const posted = await session.post(body);

      assert.equal(posted.status, 200);
      assert.equal(posted.body, 'ok');
      await session.assertGone();
    });
  }

  test('what stood before it is delivered, what came after is not', async () => {
    const session = await PollingSession.open(server.port);
    const poll = await session.waitingPoll();
    const posted = await session.post('4before\x1ex\x1e4after');

    assert.equal(posted.body, 'ok');
    assert.equal((await poll.answer).body, '4before\x1e1');
    await session.assertGone();
  });

  test('no event after it reaches a handler', async () => {
    const listener = await joinedSocket(server.port);
    const session = await joinedPolling(server.port);
    await session.post('42["all","before"]\x1ex\x1e42["all","after"]');
    await session.assertGone();
    listener.send('42["all","fence"]');

    assert.equal(await listener.packet(), '42["all-msg","before"]');
    assert.equal(await listener.packet(), '42["all-msg","fence"]');
    listener.drop();
  });
});

describe('two requests at once', () => {
  test('a second GET is refused and closes the session', async () => {
    const session = await PollingSession.open(server.port, '/opts/');
    const first = await session.waitingPoll();
    const second = await session.poll();
    const answer = await first.answer;

    assert.equal(second.status, 400);
    assert.equal(second.body, '');
    assert.equal(answer.status, 200);
    assert.equal(answer.body, '1');
    await session.assertGone();
  });

  test('a second POST is refused and closes the session', async () => {
    const session = await PollingSession.open(server.port, '/opts/');
    const first = await session.unfinishedPost();
    const second = await session.post('4second');

    assert.equal(second.status, 400);
    await session.assertGone();
    first.drop();
  });

  test('a POST while a GET waits is the normal case', async () => {
    const session = await joinedPolling(server.port);
    const poll = await session.waitingPoll();
    const posted = await session.post('42["message",1]');

    assert.equal(posted.body, 'ok');
    assert.equal((await poll.answer).body, '42["message-back",1]');
  });

  test('a waiting GET whose connection drops closes the session', async () => {
    const session = await joinedPolling(server.port);
    const poll = await session.waitingPoll();
    poll.connection.drop();

    await eventuallyGone(session);
  });

  test('a POST whose connection drops before its end closes the session', async () => {
    const session = await joinedPolling(server.port);
    const post = await session.unfinishedPost();
    post.drop();

    await eventuallyGone(session);
  });

  // The server learns of the drop in its own time; a pong harms no session.
  async function eventuallyGone(session) {
    await until(async () => (await session.post('3')).status === 400, 'the end of the session');
    await session.assertGone();
  }
});

describe('other methods', () => {
  test('leave the session unharmed', async () => {
    const session = await joinedPolling(server.port);
    for (const method of ['PUT', 'DELETE', 'PATCH']) {
      const response = await request(server.port, session.target, { method });
      assert.equal(response.status, 405, method);
      assert.equal(response.headers.allow, 'GET, POST');
    }

    await session.assertAlive('42["message","alive"]', '42["message-back","alive"]');
  });

  test('OPTIONS has no session logic', async () => {
    const response = await request(server.port, '/engine.io/?transport=none', { method: 'OPTIONS' });

    assert.equal(response.status, 204);
    assert.equal(response.headers['access-control-allow-origin'], '*');
  });
});

describe('maxPayload', () => {
  const limit = 10000;
  const envelope = '42["message",""]'.length;
  const exact = `42["message","${'x'.repeat(limit - envelope)}"]`;
  const ways = [
    ['declared', (body) => ({ body })],
    ['chunked', (body) => ({ body: chunks(body, 999), headers: { 'Transfer-Encoding': 'chunked' } })],
  ];
  for (const [name, options] of ways) {
    test(`${name}: exactly that many bytes pass, one more answers 413 and harms nobody`, async () => {
      const session = await joinedPolling(server.port);
      const { body: overBody, ...over } = options(`${exact} `);
      const refused = await session.post(overBody, over);
      assert.equal(refused.status, 413);
      assert.equal(refused.body, '');
      const { body, ...rest } = options(exact);
      const accepted = await session.post(body, rest);

      assert.equal(accepted.status, 200);
      assert.equal((await session.packet()).length, exact.length + '-back'.length);
    });
  }

  test('bytes are counted, not characters', async () => {
    const session = await joinedPolling(server.port);
    const refused = await session.post(`42["message","${'é'.repeat((limit - envelope) / 2 + 1)}"]`);

    assert.equal(refused.status, 413);
  });

  test('a million bytes pass on the mounts that allow it', async () => {
    const session = await PollingSession.open(server.port);
    const message = `4${'y'.repeat(999999)}`;
    await session.post(message);

    assert.equal((await session.packet()) === message, true);
  });
});

describe('closing and heartbeats', () => {
  test("the client's close packet is answered with a noop to the waiting poll", async () => {
    const session = await PollingSession.open(server.port, '/opts/');
    const poll = await session.waitingPoll();
    const posted = await session.post('1');

    assert.equal(posted.body, 'ok');
    assert.equal((await poll.answer).body, '6');
    await session.assertGone();
  });

  test('a poll that crosses the close packet is answered with a noop, and the POST after it', async () => {
    // The poll is waited for one second. On a busy machine it may be late: then another session tries it.
    const { poll, posted, session } = await until(async () => {
      const session = await PollingSession.open(server.port, '/opts/');
      const posting = session.post('1');
      // The session takes nothing but a poll from the moment when the close packet has come.
      await until(async () => (await request(server.port, session.target, { method: 'PUT' })).status === 400, 'the close');
      const poll = await session.poll();
      return poll.status === 200 && { poll, posted: await posting, session };
    }, 'a poll in time');

    assert.equal(poll.body, '6');
    assert.equal(posted.body, 'ok');
    await session.assertGone();
  });

  test('without such a poll the close packet is answered all the same', async () => {
    const session = await PollingSession.open(server.port, '/opts/');
    const posted = await session.post('1');

    assert.equal(posted.body, 'ok');
    await session.assertGone();
  });

  test('the server closes with a close packet at the end of a poll', async () => {
    const session = await joinedPolling(server.port);
    await session.post('42["close-me"]');

    assert.equal((await session.poll()).body, '41', 'the namespace first');
    assert.equal((await session.poll()).body, '1');
    await session.assertGone();
  });

  test('pings come, and an answered one keeps the session', async () => {
    const session = await PollingSession.open(server.port);
    for (let round = 0; round < 3; round++) {
      assert.equal((await session.poll()).body, '2');
      await session.post('3');
    }

    await session.assertAlive();
  });

  test('without a pong the waiting poll is answered with a close packet', async () => {
    const session = await PollingSession.open(hurried.port);
    assert.equal((await session.poll()).body, '2');
    const answer = await session.poll();

    assert.equal(answer.body, '1');
    await session.assertGone();
  });

  test('messages do not stand in for a pong', async () => {
    const session = await PollingSession.open(hurried.port);
    let status = 200;
    for (let sent = 0; status === 200 && sent < 100_000; sent++) {
      status = (await session.post('4noise')).status;
      if (status === 200) await session.poll();
    }

    assert.equal(status, 400);
  });
});
