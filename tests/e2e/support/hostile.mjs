// What tests of hostile input share: somebody well-behaved who must be served meanwhile, and what the server costs.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { until } from './deadline.mjs';
import { joinedSocket } from './engine.mjs';
import { productAt } from './product.mjs';

const kPause = 5;

/**
 * Runs `attack` while a well-behaved connection asks again and again. Each of its questions must be answered, during
 * the attack and once more after it. Answers what the attack answered.
 */
export async function whileServing(server, attack, { path = '/opts/' } = {}) {
  const bystander = await joinedSocket(server.port, { path });
  let over = false;
  let rounds = 0;
  const ask = async () => {
    const id = rounds++;
    bystander.send(`42${id}["message-with-ack","${id}"]`);
    assert.equal(await bystander.packet(), `43${id}["${id}"]`, 'the bystander is served');
  };
  const serving = (async () => {
    while (!over) {
      await ask();
      await new Promise((next) => setTimeout(next, kPause));
    }
  })();
  serving.catch(() => {});
  try {
    return await attack();
  } finally {
    over = true;
    await serving;
    await ask();
    bystander.drop();
  }
}

/** Memory that the process occupies, in MiB. */
export function residentMebibytes({ pid }) {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
}

export function openDescriptors({ pid }) {
  return readdirSync(`/proc/${pid}/fd`).length;
}

/** Runs `attack` and fails when the server occupies more than `most` MiB more after it. */
export async function withinMemory(server, most, attack) {
  const before = residentMebibytes(server.process);
  const outcome = await attack();
  const grown = residentMebibytes(server.process) - before;
  assert.ok(grown < most, `the server grew by ${grown.toFixed(1)} MiB`);
  return outcome;
}

/** Nothing of an attack is left: as many open descriptors as `before`, or fewer. */
export function untilClosed(server, before) {
  return until(() => openDescriptors(server.process) <= before, `${before} open descriptors again`);
}

/** Sockets in the namespace of a joined socket. */
export async function socketCount(socket) {
  socket.send('42999["count"]');
  return JSON.parse((await socket.packet()).slice('43999'.length))[0];
}

/** A figure of the /metrics of a product, or of the one that listens on a port: the sum over all its labels, or over the lines that have `label`. */
export async function metric(server, name, label = '') {
  const body = await (typeof server === 'number' ? productAt(server) : server).metrics();
  const lines = body.split('\n').filter((line) => line.startsWith(name) && ' {'.includes(line[name.length]) && line.includes(label));
  assert.ok(lines.length > 0, `there is a metric ${name}`);
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}
