// The life of a connection: a pure machine. Events and the present moment go in, what to do comes out.

/**
 * connecting  no state yet, and the first attempt is under way
 * ready       connected, the state is current
 * stale       there is a state; a connection is being made
 * offline     the last attempt failed; the next one follows by itself
 * error       the server or `getToken` refused, and repeating would not help
 */
export type Status = 'connecting' | 'ready' | 'stale' | 'offline' | 'error';

export interface Life {
  readonly phase: 'idle' | 'trying' | 'open' | 'waiting' | 'failed' | 'closed';
  readonly attempt: number; // failures in a row; the window of the next pause doubles with each
  readonly since: number; // when the connection opened, ms
  readonly refusals: number; // in a row
  readonly unreachable: boolean; // the last attempt failed
}

export type Input =
  | { type: 'start' } // also: at once, instead of after the pause
  | { type: 'opened' } // logged in, the first event has come
  | { type: 'lost'; code?: number | undefined; retryAfter?: number | undefined } // of an open connection; WebSocket close code, ms
  | { type: 'unreachable'; retryAfter?: number | undefined } // an attempt failed on the way
  | { type: 'refused'; renewable: boolean; retryAfter?: number | undefined } // by the server; renewable: another token may help
  | { type: 'close' };

/** Connect after `connect` ms; `refresh` asks for a new token first. */
export interface Step {
  life: Life;
  connect?: number;
  refresh?: boolean;
}

export const kBase = 1000;
export const kLongest = 30_000;
/** A connection that lived so long makes its end the first failure of a new row. */
export const kSettled = 10_000;
const kMostRefusals = 3;

export const kUnborn: Life = { phase: 'idle', attempt: 0, since: 0, refusals: 0, unreachable: false };

/** Full jitter: anywhere in a window that doubles, behind what the server asks for. All in ms. */
export function pause(attempt: number, retryAfter: number, random: () => number): number {
  return retryAfter + random() * Math.min(kLongest, kBase * 2 ** attempt);
}

export function step(life: Life, input: Input, now: number, random: () => number): Step {
  // One failure may be told twice, as an error and as a disconnect; what comes after the end is not about this life.
  const over = /waiting|failed|closed/.test(life.phase);
  if (over && input.type !== 'start' && input.type !== 'close') return { life };
  const again = (failures: number, hint: number, rest: Partial<Life>): Step => ({
    life: { ...life, phase: 'waiting', attempt: failures, ...rest },
    connect: pause(failures, hint, random),
  });
  switch (input.type) {
    case 'start':
      if (/open|trying/.test(life.phase)) return { life };
      return { life: { ...life, phase: 'trying' }, connect: 0 };
    case 'opened':
      return { life: { ...life, phase: 'open', since: now, refusals: 0, unreachable: false } };
    case 'lost': {
      // 1012: the server restarts, and all of its clients come at once. 1013: it has too much to do.
      const least = input.code === 1013 ? 2 : input.code === 1012 ? 1 : 0;
      const row = now - life.since >= kSettled ? 0 : life.attempt + 1;
      return again(Math.max(row, least), input.retryAfter ?? (input.code === 1013 ? kBase : 0), { unreachable: false });
    }
    case 'unreachable':
      return again(life.attempt + 1, input.retryAfter ?? 0, { unreachable: true });
    case 'refused': {
      const refusals = life.refusals + 1;
      if (!input.renewable || refusals >= kMostRefusals) return { life: { ...life, phase: 'failed', refusals } };
      return { ...again(life.attempt + 1, input.retryAfter ?? kBase, { refusals }), refresh: true };
    }
    case 'close':
      return { life: { ...life, phase: 'closed' } };
  }
}

export function statusOf({ phase, unreachable }: Life, hasState: boolean): Status {
  if (phase === 'open') return 'ready';
  if (phase === 'failed') return 'error';
  if (unreachable || phase === 'closed') return 'offline';
  return hasState ? 'stale' : 'connecting';
}
