// Rotation of the keys that sign our tokens, on one node and on two, while clients stay, come and resume, admins refresh
// and write: no valid token is refused, a new key is known everywhere before its first token, and a retired key opens nothing.
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { until } from '../support/deadline.mjs';
import { Postgres } from '../support/postgres.mjs';
import { dataFolder, kOwner, kPassword, ownKey, Product } from '../support/product.mjs';
import { Redis } from '../support/redis.mjs';

const kPatience = 120_000;
const kRotations = 4;
const kAsset = `/api/v1/assets/${'0'.repeat(64)}`;
const kArgs = ['--write-rate', '1000', '--write-burst', '10000'];
const partOf = (token, at) => JSON.parse(Buffer.from(token.split('.')[at], 'base64url'));
const kidOf = (token) => partOf(token, 0).kid;

/** A token of a client over REST: 404 for an asset that is not there means that it opened the door. */
async function doorOf(node, token) {
  const { status, body } = await node.request('GET', kAsset, undefined, { token });
  return status === 404 ? 'open' : body.code ?? body.error.code;
}

async function joined(t, node, token, options) {
  const socket = await node.clientSocket(t, token, options).connected();
  await socket.next('client_connected', kPatience);
  return socket;
}

const login = (node, username = kOwner) => node.call('POST', '/api/v1/auth/login', { username, password: kPassword }, { token: null });
const refresh = (node, token) => node.request('POST', '/api/v1/auth/refresh', { refresh_token: token }, { token: null });
const keys = async (node) => (await node.call('GET', '/api/v1/signing-keys')).items;
const signer = async (node) => (await keys(node)).find((key) => key.signs).kid;

/** Announces a key; answers its name when it signs on every node. */
async function rotated(nodes) {
  const { kid } = await nodes[0].call('POST', '/api/v1/signing-keys');
  for (const node of nodes) await until(async () => (await signer(node)) === kid, 'a new key that signs', kPatience);
  return kid;
}

/** Clients and admins that do not stop. The first refusal of one of them ends it and is remembered. */
class Load {
  constructor(t, nodes) {
    Object.assign(this, { t, nodes, tokens: [], rounds: {}, faults: [], running: [], over: false, turn: 0 });
    this.signed = nodes.map(() => new Set());  // keys of the tokens that this node made and the next one took
  }

  #forever(name, work) {
    this.rounds[name] = 0;
    this.running.push((async () => {
      while (!this.over && this.faults.length === 0) {
        await work(this.rounds[name]);
        this.rounds[name] += 1;
      }
    })().catch((error) => this.faults.push(`${name}: ${error.stack}`)));
  }

  node(at) {
    return this.nodes[at % this.nodes.length];
  }

  check() {
    assert.deepEqual([...this.faults], []);
    return true;
  }

  /** Everybody has begun and finished something since. */
  async everybody() {
    const from = { ...this.rounds };
    await until(() => this.check() && Object.keys(from).every((name) => this.rounds[name] >= from[name] + 2), 'a round of everybody', kPatience);
  }

  async begin() {
    const [first] = this.nodes;
    this.feature = await first.call('POST', '/api/v1/features', { key: ownKey('load'), name: 'Load' });
    this.package = await first.call('POST', '/api/v1/packages', { key: ownKey('plan'), name: 'Plan', features: [{ feature_id: this.feature.id }] });
    await this.newClient();
    for (const transport of ['websocket', 'polling']) {
      this.nodes.forEach((node, at) => this.#forever(`a client that comes to node ${at} by ${transport}`, async (round) => {
        const socket = await joined(this.t, node, this.tokens[round % this.tokens.length], { transports: [transport] });
        socket.close();
      }));
    }
    this.nodes.forEach((node, at) => this.#forever(`REST at node ${at}`, async (round) =>
      assert.equal(await doorOf(node, this.tokens[round % this.tokens.length]), 'open')));
    for (let n = 0; n < 3; n++) {
      const username = ownKey('admin');
      await first.call('POST', '/api/v1/admins', { username, password: kPassword, role: 'editor' });
      let session = await login(first, username);
      this.#forever(`an admin that refreshes, ${username}`, async (round) => {
        const answer = await refresh(this.node(round), session.refresh_token);
        assert.equal(answer.status, 200, answer.text);
        session = answer.body;
        const read = await this.node(round + 1).request('GET', '/api/v1/platforms?limit=1', undefined, { token: session.token });
        assert.equal(read.status, 200, read.text);
      });
    }
    this.#forever('an admin that writes', async (round) => {
      await this.node(round).call('POST', `/api/v1/features/${this.feature.id}/toggle`);
      this.revision = this.node(round).revision;
    });
    this.#forever('an owner that issues tokens', (round) => this.#issue(round));
  }

  async newClient() {
    const made = await this.nodes[0].createClient(ownKey('client'));
    await this.nodes[0].call('PATCH', `/api/v1/clients/${made.id}`, { package_id: this.package.id });
    this.client = made.id;
    this.tokens.push(made.token);
    return made;
  }

  // Made at one node, and taken by the other one at once.
  async #issue(round) {
    if (round % 50 === 49) await this.newClient();  // one has at most 100 tokens
    const { token } = await this.node(round).issueToken(this.client);
    assert.equal(await doorOf(this.node(round + 1), token), 'open', `a token of the key ${kidOf(token)}`);
    const signed = this.signed[round % this.nodes.length];
    if (!signed.has(kidOf(token))) {
      (await joined(this.t, this.node(round + 1), token, { transports: ['websocket'] })).close();
      this.tokens.push(token);
    }
    signed.add(kidOf(token));
  }

  async end() {
    this.over = true;
    await Promise.all(this.running);
    this.check();
  }
}

/** What it takes to be told of a change: all of these have it. */
async function areServed(load, sockets) {
  const answer = await load.nodes[0].request('POST', `/api/v1/features/${load.feature.id}/toggle`);
  assert.equal(answer.status, 200, answer.text);
  for (const socket of sockets) {
    let update;
    do [update] = await socket.next('feature_update', kPatience);
    while (update.revision < answer.revision);
    assert.equal(socket.disconnects.size, 0, socket.lastEnd);
    assert.equal(socket.unread('session_ended'), 0);
  }
}

let postgres;
let redis;
before(async () => {
  [postgres, redis] = await Promise.all([Postgres.start({ fsync: 'off' }), Redis.start()]);
});
after(async () => {
  await redis?.stop();
  await postgres?.remove();
});

let clusters = 0;
async function node(t, data, args = []) {
  const started = await Product.start(data, { args: [...kArgs, ...args] });
  t.after(() => started.end('SIGKILL'));
  await started.login();
  return Object.assign(started, { args });
}
const kPlaces = {
  'one node': async (t, data) => [await node(t, path.join(data, 'a'))],
  'two nodes': async (t, data) => {
    const name = `rotation${++clusters}`;
    const args = ['--store', await postgres.database(name), '--redis', redis.url, '--redis-prefix', `${name}:`];
    const nodes = [];
    for (const one of ['a', 'b']) nodes.push(await node(t, path.join(data, one), [...args, '--node-name', one]));
    return nodes;
  },
};

async function load(t, place) {
  const data = await dataFolder();
  const nodes = await kPlaces[place](t, data.folder);
  t.after(data.remove);
  const made = new Load(t, nodes);
  t.after(() => (made.over = true));
  await made.begin();
  return made;
}

for (const place of Object.keys(kPlaces)) {
  describe(place, () => {
    test('keys that rotate again and again refuse nobody, and those who are in stay', async (t) => {
      const all = await load(t, place);
      const { nodes } = all;
      const first = await signer(nodes[0]);
      const standing = [];
      for (const at of nodes) {
        for (const transports of [['websocket'], ['polling'], ['polling', 'websocket']]) standing.push(await joined(t, at, all.tokens[0], { transports }));
      }
      const comesBack = await joined(t, nodes.at(-1), all.tokens[0], { reconnection: true, reconnectionDelay: 50, reconnectionDelayMax: 100 });
      await areServed(all, [...standing, comesBack]);  // from now on it has an offset
      const brief = (await nodes[0].issueToken(all.client, { expires_in: 8 })).token;
      const ended = until(async () => {
        const door = await doorOf(nodes.at(-1), brief);
        return door !== 'open' && { door, at: Date.now() };
      }, 'the end of a brief token', kPatience);
      ended.catch(() => {});

      const made = [first];
      for (let n = 0; n < kRotations; n++) {
        const { kid } = await nodes[n % nodes.length].call('POST', '/api/v1/signing-keys');
        await until(() => all.check() && all.signed.every((keys) => keys.has(kid)), 'tokens of the new key, made by each node', kPatience);
        made.push(kid);
        comesBack.socket.io.engine.close();
        await comesBack.next('client_resumed', kPatience);
        const { token } = await login(nodes[n % nodes.length]);
        assert.equal(kidOf(token), kid);
        await all.everybody();
      }

      assert.deepEqual([...new Set(all.tokens.map(kidOf))].sort(), [...made].sort(), 'tokens of all keys are in use');
      const { door, at } = await ended;
      assert.equal(door, 'token_expired');
      assert.ok(at >= partOf(brief, 1).exp * 1000, 'it was good until its end');
      await all.end();
      await areServed(all, standing);
      for (const one of nodes) {
        assert.deepEqual((await keys(one)).map(({ kid, signs }) => [kid, signs]), made.map((kid) => [kid, kid === made.at(-1)]));
        for (const token of all.tokens) assert.equal(await doorOf(one, token), 'open');
      }
    });

    test('a key that is retired opens nothing more, and everybody else goes on', async (t) => {
      const all = await load(t, place);
      const { nodes } = all;
      const [last] = nodes.slice(-1);
      const old = { kid: await signer(nodes[0]), client: await all.newClient(), session: await login(nodes[0]) };
      const ending = [];
      for (const one of nodes) ending.push(await joined(t, one, old.client.token), await one.socket(t, '/admin', { token: old.session.token }).connected());
      await all.end();  // its tokens and sessions are those of the old key

      await rotated(nodes);
      for (const one of nodes) await one.login();
      const next = new Load(t, nodes);
      t.after(() => (next.over = true));
      await next.begin();
      const standing = [];
      for (const one of nodes) standing.push(await joined(t, one, next.tokens[0]));
      const refused = await nodes[0].request('DELETE', `/api/v1/signing-keys/${old.kid}`);
      assert.equal(refused.status, 409, refused.text);
      assert.match(refused.body.detail, /\d+ tokens of this key are valid/);
      const signing = await nodes[0].request('DELETE', `/api/v1/signing-keys/${await signer(nodes[0])}`);
      assert.equal(signing.status, 409, signing.text);
      assert.equal(await doorOf(last, old.client.token), 'open');
      await next.everybody();

      await nodes[0].call('DELETE', `/api/v1/signing-keys/${old.kid}?force=true`);

      assert.equal(await doorOf(nodes[0], old.client.token), 'revoked');
      for (const socket of ending) {
        assert.equal((await socket.next('session_ended', kPatience))[0].reason, 'revoked');
        assert.equal(await socket.disconnects.next('disconnect', kPatience), 'io server disconnect');
      }
      await next.everybody();
      await next.end();
      await areServed(next, standing);
      if (nodes.length > 1) assert.equal((await nodes[0].call('GET', '/api/v1/cluster')).live, 2, 'what follows from the oldest key stays');
      await nodes[0].end('SIGKILL');
      const again = await node(t, nodes[0].data, nodes[0].args);
      for (const one of [again, last === nodes[0] ? again : last]) {
        assert.equal(await doorOf(one, old.client.token), 'revoked');
        assert.equal((await one.socket(t, '/client', { token: old.client.token }).refused()).data.code, 'revoked');
        assert.equal((await refresh(one, old.session.refresh_token)).status, 401);
        assert.equal(await doorOf(one, next.tokens[0]), 'open');
        assert.deepEqual((await keys(one)).map(({ kid, retired_at: at }) => [kid, at !== undefined]), [[old.kid, true], [kidOf(next.tokens[0]), false]]);
      }
    });
  });
}
