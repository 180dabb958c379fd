// A client's own copy of its configuration, kept as docs/protocol.md says: a full state replaces it, a push changes it
// once its last event has come, a resumed connection leaves it as it is. Whatever the contract does not allow is noted.
import { isDeepStrictEqual } from 'node:util';

const kRemembered = 24;
const kEvents = {
  client_update: { order: 1 },
  platform_update: { order: 2, list: 'platforms', id: 'platform_id' },
  feature_update: { order: 3, list: 'features', id: 'feature_id' },
  package_update: { order: 4 },
};

const byId = (list) => new Map(list.map((one) => [one.id, one]));
const sorted = (map) => [...map.values()].sort((a, b) => a.id - b.id);

export class Copy {
  /** `problem(text)` hears of everything that may not happen. */
  constructor(name, problem) {
    this.name = name;
    this.problem = (text) => problem(`${name}: ${text}\n${this.history.map((line) => `      ${line}`).join('\n')}`);
    this.history = [];
    this.events = 0;
    this.resumes = 0;
    this.states = 0;
    this.forget();
  }

  /** What a page that is loaded anew does. */
  forget() {
    this.revision = null; // of the last full state or complete push
    this.epoch = null;
    this.began = false; // this connection has had its first event
    this.push = [];
  }

  /** The connection has ended. A push that it cut off is worth nothing. */
  ended() {
    this.began = false;
    this.told = undefined;
    this.push = [];
    this.note('(the connection ended)');
  }

  note(line) {
    this.history.push(line);
    if (this.history.length > kRemembered) this.history.shift();
  }

  /** One event of the connection. Events that are not about configuration are passed over. */
  hear(event, args) {
    this.events += 1;
    const [body, offset] = args;
    this.note(`${event} ${JSON.stringify(body).slice(0, 160)} ${offset ?? ''}`);
    if (event === 'client_connected') return this.#begin(body, body);
    if (event === 'config_sync') return this.#begin(body, body.snapshot);
    if (event === 'client_resumed') return this.#resume(body);
    if (event in kEvents) this.#update(kEvents[event], event, body, offset);
  }

  #begin(body, view) {
    if (this.push.length > 0) this.problem('a full state in the middle of a push');
    this.#mayNotGoBack(body);
    this.#isHere(body);
    this.states += 1;
    this.client = view.client;
    this.package = view.package;
    this.platforms = byId(view.platforms);
    this.features = byId(view.features);
  }

  #resume(body) {
    if (this.revision === null) this.problem('resumed without a state to go on from');
    if (this.began) this.problem('resumed in the middle of a connection');
    this.#mayNotGoBack(body);
    this.resumes += 1;
    // Updates to this revision may follow: see docs/protocol.md.
    this.began = true;
    this.epoch = body.epoch;
  }

  #isHere({ revision, epoch }) {
    this.began = true;
    this.revision = this.told = revision;
    this.epoch = epoch;
  }

  #mayNotGoBack({ revision, epoch }) {
    if (!Number.isSafeInteger(revision) || !Number.isSafeInteger(epoch)) this.problem('an event without revision and epoch');
    if (this.epoch !== null && epoch !== this.epoch) this.problem(`epoch ${epoch} after ${this.epoch}, though no history was lost`);
    if (this.revision !== null && revision < this.revision) this.problem(`revision ${revision} after ${this.revision}`);
  }

  #update(kind, event, body, offset) {
    if (!this.began) return this.problem(`${event} before the first state`);
    this.#mayNotGoBack(body);
    if (this.told !== undefined && body.revision <= this.told) this.problem(`a push to ${body.revision} on a connection that was told ${this.told}`);
    const order = body.type === 'delete' ? 0 : kind.order;
    const last = this.push.at(-1);
    if (last && last.body.revision !== body.revision) this.problem(`revision ${body.revision} within a push to ${last.body.revision}`);
    if (last && last.order > order) this.problem(`${event} ${body.type} behind ${last.event} ${last.body.type}`);
    if (body.more !== (offset === undefined)) this.problem(`more: ${body.more} with the offset ${offset}`);
    this.push.push({ kind, event, body, order });
    if (body.more) return;
    for (const one of this.push) this.#apply(one);
    this.push = [];
    this.#isHere(body);
  }

  #apply({ kind, event, body: { type, data, ...body } }) {
    if ((type === 'delete') !== (data === null)) this.problem(`${event} ${type} with data ${JSON.stringify(data)}`);
    if (event === 'client_update') return void (this.client = data);
    if (event === 'package_update') return void (this.package = data);
    const list = this[kind.list];
    const id = body[kind.id];
    if (list.has(id) !== (type !== 'create')) this.problem(`${event} ${type} of ${id}, which the copy ${list.has(id) ? 'has' : 'does not have'}`);
    if (type === 'delete') list.delete(id);
    else list.set(id, data);
  }

  get view() {
    return { client: this.client, package: this.package, platforms: sorted(this.platforms), features: sorted(this.features) };
  }

  /** What the copy has and `fresh`, another one's view, has not. Empty: nothing. */
  difference(fresh) {
    if (this.revision === null) return 'no state yet';
    if (!this.began) return 'not connected';
    const own = this.view;
    for (const part of Object.keys(own)) {
      if (isDeepStrictEqual(own[part], fresh[part])) continue;
      const [is, should] = [own[part], fresh[part]].map((value) => JSON.stringify(value).slice(0, 1000));
      return `${part} as of ${this.revision}: ${is}\n    should be ${should}`;
    }
    return '';
  }
}
