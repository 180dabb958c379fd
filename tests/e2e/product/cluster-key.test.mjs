// --cluster-key-file: nodes with the same secret hear each other, a node with another one is not heard.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, test } from 'node:test';
import { until, within } from '../support/deadline.mjs';
import { dataFolder, program } from '../support/product.mjs';
import { readCluster, twoNodes } from '../support/two-nodes.mjs';

const kPatience = 60_000;
const servers = twoNodes();

/** The arguments for a file with the secret. */
async function keyFile(t, secret) {
  const data = await dataFolder();
  t.after(() => data.remove());
  const file = path.join(data.folder, 'cluster-key');
  await writeFile(file, `${secret}\n`);
  return ['--cluster-key-file', file];
}

async function foreign(node) {
  const line = /^togglecast_bus_dropped_total\{reason="foreign"\} (\d+)$/m.exec(await node.metrics());
  return Number(line?.[1] ?? 0);
}

describe('--cluster-key-file', () => {
  test('with the same secret at both nodes, they know each other', async (t) => {
    const argsOf = { a: await keyFile(t, 'one secret '.repeat(4)), b: await keyFile(t, 'one secret '.repeat(4)) };
    const [a, b] = await servers.start(t, { argsOf });

    assert.equal(await foreign(a), 0);
    assert.equal(await foreign(b), 0);
  });

  for (const [name, other] of [['another secret', 'another secret '.repeat(4)], ['the key of the store', undefined]]) {
    test(`a node with ${name} is not heard, and its messages are counted`, async (t) => {
      const argsOf = { a: await keyFile(t, 'one secret '.repeat(4)), b: other ? await keyFile(t, other) : [] };
      const [a, b] = await servers.start(t, { argsOf, live: 1 });

      for (const node of [a, b]) {
        await until(async () => (await foreign(node)) >= 3, 'messages of the other node that are dropped', kPatience);
        const { live, nodes, bus } = await readCluster(node);
        assert.deepEqual([live, nodes.length, bus.status], [1, 1, 'ready']);
      }
    });
  }

  test('a secret that is too short, and a file that is missing, end the start with a message that does not repeat it', async (t) => {
    const [, short] = await keyFile(t, 'too-short-key');
    for (const [file, message] of [[short, /--cluster-key-file: the secret in \S+ has fewer than \d+ characters/], ['/nonexistent', /--cluster-key-file: .*\/nonexistent/]]) {
      const data = await dataFolder();
      t.after(() => data.remove());
      const run = program(['serve', '--port', '0', '--data', data.folder, '--redis', servers.redis.url, '--cluster-key-file', file]);
      t.after(() => run.end('SIGKILL'));
      const { code } = await within(run.exited, 'the end of the start', kPatience);

      assert.ok(code === 1 || code === 2, `${code}: ${run.output}`);
      assert.match(run.output, message);
      assert.doesNotMatch(run.output, /too-short-key/);
    }
  });
});
