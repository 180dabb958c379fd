// Limits that hold over two nodes with a real PostgreSQL and a real Redis: what was spent at one node counts at the other.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { until, untilTried } from '../support/deadline.mjs';
import { kOwner, kPassword, ownKey } from '../support/product.mjs';
import { joined, twoNodes } from '../support/two-nodes.mjs';

const kPatience = 60_000;
const servers = twoNodes();

const wait = (answer) => Number(answer.headers.get('retry-after'));

describe('two nodes', () => {
  test('take what an admin wrote at one from the allowance at the other', async (t) => {
    const burst = 200;
    const [a, b] = await servers.start(t, { args: ['--write-rate', '1', '--write-burst', String(burst)] });
    const write = (node) => node.requestOnce('POST', '/api/v1/platforms', { key: ownKey(), name: 'n' });
    const first = await Promise.all(Array.from({ length: burst }, () => write(a)));
    assert.ok(first.every(({ status }) => status === 201 || status === 429));

    let taken = 0;
    const refused = await until(async () => {
      const answer = await write(b);
      if (answer.status === 201) taken += 1;
      return answer.status === 201 ? undefined : answer;
    }, 'a refusal at the other node', kPatience);
    assert.equal(refused.status, 429, refused.text);
    assert.ok(wait(refused) >= 1);
    assert.ok(taken < burst / 2, `${taken} writes at the other node, which alone would take ${burst}`);
  });

  test('count wrong passwords together', async (t) => {
    const [a, b] = await servers.start(t);
    const login = (node, password) => node.requestOnce('POST', '/api/v1/auth/login', { username: kOwner, password }, { token: null });
    for (let n = 0; n < 5; n += 1) assert.equal((await login(a, 'wrong')).status, 401);  // these are free

    let checked = 0;
    await until(async () => {
      const answer = await login(b, 'wrong');
      if (answer.status === 401) checked += 1;
      return answer.status === 429;
    }, 'a refusal at the other node', kPatience);
    assert.ok(checked < 6, `${checked} wrong passwords at the other node, which alone would check 6`);
    await until(async () => wait(await login(b, 'wrong')) >= 4, 'a longer wait at the other node', kPatience);

    // One failure more than the free ones would make this node wait for a second.
    await until(async () => {
      const answer = await login(a, 'wrong');
      return answer.status === 429 && wait(answer) >= 2;
    }, 'a wait of the other node at the first one', kPatience);
    assert.equal((await login(a, kPassword)).status, 429, 'the right password waits, too');
  });

  test('count the connections of a client together', async (t) => {
    const [a, b] = await servers.start(t, { args: ['--connections-per-client', '3'] });
    const { token } = await a.createClient();
    const open = [await joined(t, a, token), await joined(t, a, token), await joined(t, b, token)];

    /** Whether one more connection of the client is taken; it is closed again. */
    const taken = async (node) => {
      const socket = node.clientSocket(t, token, { transports: ['websocket'] });
      let outcome;
      socket.socket.once('client_connected', () => { outcome = 'taken'; });
      socket.socket.once('disconnect', () => { outcome ??= 'refused'; });
      await until(() => outcome, 'a welcome or the end', kPatience);
      socket.close();
      return outcome === 'taken';
    };
    for (const node of [a, b]) await untilTried(async () => !(await taken(node)), 'a refusal', kPatience);
    assert.ok(open.every(({ socket }) => socket.connected), 'those that it has stay');

    for (const socket of open.slice(0, 2)) socket.close();  // at `a`
    await untilTried(() => taken(b), 'room at the other node', kPatience);
  });
});
