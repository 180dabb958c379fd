// Tabs with an equal view share one connection: the tab that holds a lock has it, and tells the others what it hears.
// Loaded only where the browser has Web Locks and BroadcastChannel.
import type { Dehydrated } from './copy.js';
import type { TogglecastError } from './error.js';
import type { Status } from './life.js';
import type { Metric, MetricsAccepted, Problem } from './protocol.js';
import type { Resume } from './storage.js';

export interface TabMessage {
  status: Status;
  state?: Dehydrated | undefined; // absent: as before
  asOf?: number | undefined;
  resume?: Resume | undefined; // for the tab that has the connection next
}

type MetricsRequest = { metrics: Metric[]; idempotency_key: string };

export interface TabHooks {
  /** This tab has the connection from now on. */
  lead(): void;
  /** Sharing does not work here: this tab needs a connection of its own. */
  alone(): void;
  hear(message: TabMessage): void;
  /** What a tab that has just come needs to know. */
  tell(): TabMessage;
  answer(request: MetricsRequest): Promise<MetricsAccepted>;
  error(problem: Problem): TogglecastError;
}

export interface Tabs {
  post(message: TabMessage): void;
  ask(request: MetricsRequest): Promise<MetricsAccepted>;
  leave(): void;
}

type Letter =
  | { type: 'hello' }
  | { type: 'state'; leader: string; message: TabMessage }
  | { type: 'ask'; request: MetricsRequest }
  | { type: 'reply'; key: string; accepted?: MetricsAccepted; error?: Problem };

const kSilence = 5_000; // ms; a leader that says nothing for so long is none
const kLook = 30_000; // ms between looks at a leader that has nothing to say

export function joinTabs(view: string, hooks: TabHooks): Tabs {
  const name = `togglecast ${view}`;
  const channel = new BroadcastChannel(name);
  const me = `${Math.random()}`;
  const asked = new Map<string, { request: MetricsRequest; resolve: (accepted: MetricsAccepted) => void; reject: (error: Error) => void }>();
  let left = false;
  let leader = '';
  let release = () => {};
  let silence: ReturnType<typeof setTimeout> | undefined;
  const send = (letter: Letter) => channel.postMessage(letter);
  const hello = () => {
    if (leader === me) return;
    send({ type: 'hello' });
    silence ??= setTimeout(() => left || hooks.alone(), kSilence);
  };
  const looking = setInterval(hello, kLook);

  function replied(key: string, accepted?: MetricsAccepted, error?: Problem) {
    const waiting = asked.get(key);
    asked.delete(key);
    if (accepted) waiting?.resolve(accepted);
    else waiting?.reject(hooks.error(error!));
  }

  function answer(request: MetricsRequest) {
    const key = request.idempotency_key;
    const reply = (accepted?: MetricsAccepted, error?: TogglecastError) => {
      const told = error && { code: error.code, message: error.message };
      if (asked.has(key)) replied(key, accepted, told);
      else if (!left) send({ type: 'reply', key, ...(accepted && { accepted }), ...(told && { error: told }) });
    };
    hooks.answer(request).then((accepted) => reply(accepted), (error: TogglecastError) => reply(undefined, error));
  }

  channel.onmessage = ({ data }: MessageEvent<Letter>) => {
    if (left) return;
    if (leader === me) {
      if (data.type === 'hello') send({ type: 'state', leader, message: hooks.tell() });
      if (data.type === 'ask') answer(data.request);
    } else if (data.type === 'state') {
      clearTimeout(silence);
      silence = undefined;
      hooks.hear(data.message);
      if (leader !== data.leader) asked.forEach(({ request }) => send({ type: 'ask', request }));
      leader = data.leader;
    } else if (data.type === 'reply') replied(data.key, data.accepted, data.error);
  };

  // Where it is granted after the end, the lock goes to the next tab at once.
  navigator.locks.request(name, () => {
    if (left) return undefined;
    leader = me;
    clearTimeout(silence);
    clearInterval(looking);
    hooks.lead();
    send({ type: 'state', leader, message: hooks.tell() });
    asked.forEach(({ request }) => answer(request));
    return new Promise<void>((over) => (release = over));
  }).catch(() => left || hooks.alone());
  hello();

  return {
    post: (message) => send({ type: 'state', leader: me, message }),
    ask: (request) => new Promise((resolve, reject) => {
      asked.set(request.idempotency_key, { request, resolve, reject });
      if (leader === me) answer(request);
      else send({ type: 'ask', request });
    }),
    leave() {
      left = true;
      clearTimeout(silence);
      clearInterval(looking);
      release();
      channel.close();
      asked.forEach(({ reject }) => reject(hooks.error({ code: 'closed', message: 'the client was closed' })));
    },
  };
}
