// Servers of ours and of Node's on one Redis, as one Socket.IO cluster.
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from './clients.mjs';
import { until } from './deadline.mjs';
import { Redis } from './redis.mjs';
import { Process, freePort, startConformance } from './server.mjs';

const script = path.join(path.dirname(fileURLToPath(import.meta.url)), 'node-server.mjs');

async function startNode(options) {
  const port = await freePort();
  const server = new Process(process.execPath, [script, '--port', String(port), ...options]);
  await server.says(`listening on ${port}`);
  server.port = port;
  server.url = `http://localhost:${port}`;
  return server;
}

export class Cluster {
  servers = {};

  constructor(adapter, redis, mode) {
    this.adapter = adapter;
    this.redis = redis;
    this.mode = mode;
  }

  /** Two servers of each kind, which know of each other: `cpp`, `cpp2`, `node`, `node2`. `mode` of the sharded adapter. */
  static async start(adapter, mode) {
    const cluster = new Cluster(adapter, await Redis.start(), mode);
    await Promise.all(['cpp', 'cpp2', 'node', 'node2'].map((name) => cluster.add(name)));
    await cluster.complete(4);
    return cluster;
  }

  /** One more: `name` begins with `cpp` or `node`. */
  async add(name) {
    const options = ['--adapter', this.adapter, '--redis-url', this.redis.url, ...(this.mode ? ['--subscription-mode', this.mode] : [])];
    const start = name.startsWith('node') ? startNode : startConformance;
    const server = await start(name.startsWith('node') ? options : [...options, '--unhurried']);
    this.servers[name] = server;
    return server;
  }

  /** Waits until that many connections listen to the channel. */
  async listeners(channel, count, sharded = this.adapter === 'sharded') {
    await until(async () => {
      const answer = await this.redis.cli('PUBSUB', sharded ? 'SHARDNUMSUB' : 'NUMSUB', channel).catch(() => '');
      return Number(answer.split('\n')[1]) === count;
    }, `${count} listeners on ${channel}`, 60_000);
  }

  /** Waits until there are that many servers. */
  async complete(count, nsp = '/') {
    await this.listeners(this.adapter === 'redis' ? `socket.io-request#${nsp}#` : `socket.io#${nsp}#`, count);
    if (this.adapter === 'streams') await this.reading(count);
  }

  /** Waits until that many servers wait at the stream. */
  async reading(count) {
    await until(async () => {
      const list = await this.redis.cli('CLIENT', 'LIST').catch(() => '');
      return list.split('\n').filter((line) => / cmd=xread /.test(line)).length >= count;
    }, `${count} readers of the stream`, 60_000);
  }

  /** Waits until servers with members listen to the room, where rooms have channels. */
  async roomOn(room, count, nsp = '/') {
    if (this.adapter === 'sharded') await this.listeners(`socket.io#${nsp}#${room}#`, this.mode === 'static' ? 0 : count);
  }

  async client(t, name, options = {}) {
    const client = new Client(this.servers[name].url, { path: '/socket.io/', transports: ['websocket'], ...options });
    t.after(() => client.close());
    await client.connected();
    return client;
  }

  /** One client on each of these servers. */
  clients(t, names, options) {
    return Promise.all(names.map((name) => this.client(t, name, options)));
  }

  async stop() {
    await Promise.all(Object.values(this.servers).map((server) => server.running && server.end('SIGKILL')));
    await this.redis.stop();
  }
}
