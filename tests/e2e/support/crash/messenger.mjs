// An admin that sends messages which wait for their acknowledgement, and what the clients hear of them, across any number
// of crashes: an acknowledged message is lost to nobody, none is made twice, and each copy has the same id.
import assert from 'node:assert/strict';
import { until } from '../deadline.mjs';
import { Steady, write } from './writers.mjs';

const kPatience = 240_000;
const kBetween = 100; // ms: each is looked at afterwards
const kPage = 100;
const kLookedAtAgain = 20; // of those that an earlier look found acknowledged
const moment = (ms) => new Promise((over) => setTimeout(over, ms));

export class Messenger extends Steady {
  constructor(where, tenants, random, problem) {
    super();
    Object.assign(this, { where, tenants, random, problem, name: 'messenger' });
    this.sent = new Map(); // by id: those that the server has answered for
    this.heard = new Map(); // by title: the id of its first copy
    this.over = []; // ids of an earlier look
    this.copies = 0;
    this.titles = 0;
  }

  async step() {
    const title = `message ${++this.titles}`;
    const tenant = this.random.of(this.tenants);
    const body = { client_id: tenant.id, title, message: 'please', ack: 'client', retry: 1 };
    const { body: made } = await write(this.where, { method: 'POST', target: '/api/v1/broadcasts/send_client_notification', body });
    if (this.sent.has(made.id)) this.problem(`${title} has the id of ${this.sent.get(made.id).title}`);
    this.sent.set(made.id, { title, client: tenant.id });
    await moment(kBetween);
  }

  /** A client has got one. Answers whether it is to acknowledge it: not always the first copy. */
  hear(tenant, { id, title }) {
    this.copies += 1;
    const first = this.heard.get(title);
    this.heard.set(title, first ?? id);
    if (first !== undefined && first !== id) this.problem(`${title} came as ${first} and as ${id}`);
    const known = this.sent.get(id);
    if (known && (known.title !== title || known.client !== tenant.id)) this.problem(`client ${tenant.id} got ${title} (${id}), which is ${known.title} for ${known.client}`);
    return first !== undefined || this.random.below(4) !== 0;
  }

  /** When nobody sends: what was answered for is there once, was heard, and gets acknowledged; what was over stays so. */
  async assertKept(product) {
    const read = (id) => product.call('GET', `/api/v1/messages/${id}?limit=1`);
    for (const [id, { title }] of this.sent) {
      const message = await until(async () => {
        const one = await read(id);
        return one.state === 'acknowledged' && one;
      }, `the acknowledgement of ${title} (${id})`, kPatience);
      assert.equal(message.title, title);
      assert.equal(this.heard.get(title), id, `${title} was heard as`);
    }
    for (let n = 0; n < kLookedAtAgain && this.over.length > 0; n++) {
      const id = this.random.of(this.over);
      assert.equal((await read(id)).state, 'acknowledged', `${id} was acknowledged before`);
    }
    await this.#assertNoOther(product);
    this.over.push(...this.sent.keys());
    this.sent.clear();
    this.heard.clear();
  }

  // Newest first, until those of an earlier look.
  async #assertNoOther(product) {
    const left = new Set(this.sent.keys());
    let before = '';
    do {
      const page = await product.call('GET', `/api/v1/messages?limit=${kPage}${before && `&before=${before}`}`);
      for (const { id, title } of page.items) {
        if (left.delete(id)) continue;
        assert.ok(this.over.includes(id), `${title} (${id}) was not asked for, or is there twice`);
      }
      before = left.size > 0 && page.next;
    } while (before);
    assert.equal(left.size, 0, `${[...left]} are not listed`);
  }
}
