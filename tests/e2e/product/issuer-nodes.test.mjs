// Issuers over two nodes: one that is made, changed, deactivated or deleted at one node counts at the other one, for tokens
// that come and for connections that are in. With Redis between the nodes, and without.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { until } from '../support/deadline.mjs';
import { codeOf, jwks, now, SigningKey, startProvider, trusted } from '../support/issuer.mjs';
import { Postgres } from '../support/postgres.mjs';
import { dataFolder, Product } from '../support/product.mjs';
import { Redis } from '../support/redis.mjs';
import { sharedByTests } from '../support/server.mjs';

const kPatience = 60_000;
const first = new SigningKey('EdDSA', 'first');
const second = new SigningKey('ES256', 'second');

const postgres = sharedByTests(() => Postgres.start({ fsync: 'off' }), (running) => running.remove());
const redis = sharedByTests(() => Redis.start(), (running) => running.stop());

for (const bus of ['Redis', 'the store alone']) {
  describe(`two nodes with ${bus}`, () => {
    const nodes = sharedByTests(async () => {
      const name = `issuers_${bus === 'Redis' ? 'redis' : 'alone'}`;
      const store = await postgres().database(name);
      const args = ['--store', store, '--egress-plain-loopback', '--write-rate', '1000', ...(bus === 'Redis' ? ['--redis', redis().url, '--redis-prefix', `${name}:`] : [])];
      const started = [];
      for (const one of ['a', 'b']) {
        const data = await dataFolder();
        const node = await Product.start(data.folder, { args: [...args, '--node-name', one] });
        await node.login();
        started.push({ node, data });
      }
      return started;
    }, async (started) => {
      for (const { node, data } of started) await node.end('SIGTERM').finally(data.remove);
    });
    const pair = () => nodes().map(({ node }) => node);

    /** An issuer and a client, made at the first node. */
    async function made(source = { jwks: JSON.parse(jwks(first, second)) }) {
      const [a] = pair();
      const { issuer, ...more } = await trusted(a, source);
      return { issuer, ...more, change: (body) => a.call('PATCH', `/api/v1/issuers/${issuer.id}`, body) };
    }
    async function enters(t, node, token) {
      const socket = await node.clientSocket(t, token).connected();
      const [greeting] = await socket.next('client_connected', kPatience);
      return Object.assign(socket, { greeting });
    }
    const untilCode = (node, token, code) => until(async () => (await codeOf(node, token)) === code, `${code} at the other node`, kPatience);
    async function ends(socket, reason = 'token_revoked') {
      assert.equal((await socket.next('session_ended', kPatience))[0].reason, reason);
      assert.equal(await socket.disconnects.next('disconnect', kPatience), 'io server disconnect');
    }
    async function stays(socket) {
      assert.equal((await socket.ask('config_check', {})).error, undefined);
      assert.equal(socket.disconnects.size, 0);
    }

    test('a new one counts at the other node at once, over REST and sockets', async (t) => {
      const [, b] = pair();
      for (let round = 0; round < 5; round++) {
        const { client, token } = await made();
        assert.equal(await codeOf(b, token(first)), 'not_found', 'the door is open');
        const other = await made();
        assert.equal((await enters(t, b, other.token(second))).greeting.client.id, other.client.id);
        assert.equal((await enters(t, b, token(second))).greeting.client.id, client.id);
      }
    });

    const kEnds = {
      'is deactivated': ({ change }) => change({ active: false }),
      'is deleted': ({ issuer }) => pair()[0].call('DELETE', `/api/v1/issuers/${issuer.id}`),
      'loses a key': ({ change }) => change({ keys: { jwks: JSON.parse(jwks(second)) } }),
      'loses an algorithm': ({ change }) => change({ algorithms: ['ES256'] }),
    };
    for (const [name, act] of Object.entries(kEnds)) {
      test(`one that ${name} ends its connections at both nodes`, async (t) => {
        const [a, b] = pair();
        const all = await made();
        const bystander = await made();
        const here = await enters(t, a, all.token(first));
        const there = await enters(t, b, all.token(first));
        const spared = [await enters(t, b, bystander.token(first))];
        if (name.startsWith('loses')) spared.push(await enters(t, b, all.token(second)));

        await act(all);

        await ends(there);
        await ends(here);
        for (const node of [a, b]) {
          assert.equal(await codeOf(node, all.token(first)), 'token_invalid');
          assert.equal((await node.socket(t, '/client', { token: all.token(first) }).refused()).data.code, 'token_invalid');
        }
        for (const socket of spared) await stays(socket);
      });
    }

    test('one that is changed takes other tokens from then on, and keeps its connections', async (t) => {
      const [, b] = pair();
      const all = await made();
      const there = await enters(t, b, all.token(first));

      await all.change({ audiences: ['other'], client_claim: 'tenant' });

      const changed = all.token(first, { aud: 'other', sub: 'anybody', tenant: all.client.key });
      await untilCode(b, changed, 'not_found');
      assert.equal(await codeOf(b, all.token(first)), 'token_invalid');
      assert.equal((await enters(t, b, changed)).greeting.client.id, all.client.id);
      await stays(there);
    });

    test('one that is active again lets its tokens in again', async (t) => {
      const [, b] = pair();
      const all = await made();
      const there = await enters(t, b, all.token(first));
      await all.change({ active: false });
      await ends(there);

      await all.change({ active: true });

      await untilCode(b, all.token(first), 'not_found');
      await enters(t, b, all.token(first));
    });

    test('tokens_valid_from of a client, set at one node, ends what others signed at both', async (t) => {
      const [a, b] = pair();
      const all = await made();
      const there = await enters(t, b, all.token(first, { iat: now() - 60 }));
      const later = await enters(t, b, all.token(first));

      await a.call('PATCH', `/api/v1/clients/${all.client.id}`, { tokens_valid_from: new Date(Date.now() - 30_000).toISOString() });

      await ends(there);
      await stays(later);
    });

    test('keys of a URL are read by each node, and another URL ends the keys of the first one at both', async (t) => {
      const [a, b] = pair();
      const provider = await startProvider(t, (request, response) => response.end(request.url === '/jwks' ? jwks(first) : jwks(second)));
      const all = await made({ jwks_url: provider.url });
      const inside = [await enters(t, a, all.token(first)), await enters(t, b, all.token(first))];
      assert.equal(provider.requests, 2);

      await all.change({ keys: { jwks_url: `${provider.url}?2` } });

      for (const socket of inside) await ends(socket);
      for (const node of [a, b]) {
        await enters(t, node, all.token(second));
        assert.equal(await codeOf(node, all.token(first)), 'token_invalid');
      }
    });
  });
}
