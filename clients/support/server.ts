// The real server with what the tests of the client packages need, and a proxy in front of it that a test can cut.
import { createServer, connect as connectTo, type AddressInfo, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { own, RunningServer, type Entity } from './running-server.js';

export { deadline, kPassword, own, until, type Entity } from './running-server.js';

export class Server extends RunningServer {
  /** A package with these features, and a client on it with a token. */
  async world(features: { [key: string]: object } = {}, { limits = {} as { [key: string]: number }, attributes = {} } = {}) {
    const made: { [key: string]: Entity } = {};
    for (const [key, more] of Object.entries(features)) made[key] = await this.call('POST', '/api/v1/features', { key: own(key), name: key, ...more });
    const plan = await this.call('POST', '/api/v1/packages', {
      key: own('plan'), name: 'Plan',
      features: Object.entries(made).map(([key, { id }]) => ({ feature_id: id, ...(limits[key] !== undefined && { limit: limits[key] }) })),
    });
    const client = await this.call('POST', '/api/v1/clients', { key: own('client'), name: 'Client', package_id: plan.id, attributes });
    return { features: made, plan, client, token: await this.issue(client.id) };
  }

  async issue(client: number, more: object = {}) {
    return (await this.call<{ token: string }>('POST', `/api/v1/clients/${client}/tokens`, more)).token;
  }
}

/** A way to the server that can be cut and closed. Ends with the test. */
export async function proxyTo(server: Server) {
  const links = new Map<Socket, Socket>(); // near, far
  let open = true;
  let answer: string | undefined;
  const proxy = createServer((near) => {
    if (!open) return void near.destroy();
    const said = answer;
    if (said !== undefined) return void near.once('data', () => near.end(said)).on('error', () => {});
    const far = connectTo(server.port, 'localhost');
    links.set(near, far);
    near.on('close', () => (links.delete(near), far.destroy())).on('error', () => {});
    far.on('close', () => near.destroy()).on('error', () => {});
    near.pipe(far).pipe(near);
  });
  await new Promise<void>((listening) => proxy.listen(0, 'localhost', listening));
  const cut = () => links.forEach((_, link) => link.destroy());
  onTestFinished(() => {
    cut();
    proxy.close();
  });
  return {
    url: `http://localhost:${(proxy.address() as AddressInfo).port}`,
    cut,
    /** Connections that are open now. */
    get open() {
      return links.size;
    },
    /** What new connections hear instead of the server. */
    answer(text: string | undefined) {
      answer = text;
    },
    /** Closes the WebSockets that are open as a server does: with this code. */
    closeWith(code: number) {
      links.forEach((_, link) => link.end(Buffer.from([0x88, 2, code >> 8, code & 0xff]))); // opcode 8, two bytes, not masked
    },
    /** Keeps what the server says from now on. `release` gives it to the client, all at once. */
    hold() {
      const kept = [...links].map(([near, far]) => {
        const chunks: Buffer[] = [];
        const keep = (chunk: Buffer) => void chunks.push(chunk);
        far.unpipe(near).on('data', keep).resume();
        return { chunks, release: () => void (far.off('data', keep), near.write(Buffer.concat(chunks)), far.pipe(near)) };
      });
      return { text: () => kept.map(({ chunks }) => String(Buffer.concat(chunks))).join(), release: () => kept.forEach(({ release }) => release()) };
    },
    let(through: boolean) {
      open = through;
      if (!open) cut();
    },
  };
}
