// How the answers and events of a client become those of OpenFeature: the same in pages and in services.
import { createClient, type Answer, type Client, type ClientOptions, type Context } from '@togglecast/client';
import {
  ErrorCode, ProviderFatalError, StandardResolutionReasons, type EvaluationContext, type JsonValue, type ResolutionDetails,
} from '@openfeature/core';

/** What an answer needs to have: that of a state, or of a request. */
export type Known = Pick<Answer, 'enabled' | 'value' | 'variant' | 'reason' | 'rule'> & { limit?: number };

/** An OpenFeature context as one of ours: dates become texts, and what JSON does not have goes. */
export const contextOf = (context: EvaluationContext): Context => JSON.parse(JSON.stringify(context)) as Context;

export const failed = <T>(value: T, errorCode: ErrorCode, errorMessage?: string): ResolutionDetails<T> =>
  ({ value, reason: StandardResolutionReasons.ERROR, errorCode, ...(errorMessage && { errorMessage }) });

/** `fresh`: the answer is that of the server. One of the past says so, whatever its reason was. */
export function resolve<T extends JsonValue>(answer: Known | undefined, fallback: T, fresh: boolean): ResolutionDetails<T> {
  if (!answer) return failed(fallback, ErrorCode.FLAG_NOT_FOUND);
  const { value, variant, enabled, rule, limit, reason } = answer;
  const about = {
    reason: fresh || reason === 'ERROR' ? reason : StandardResolutionReasons.STALE,
    flagMetadata: { enabled, rule, ...(limit !== undefined && { limit }) },
  };
  if (reason === 'ERROR') return { ...about, value: fallback, errorCode: ErrorCode.GENERAL };
  if (value === null) return { ...about, value: fallback };
  if (typeof value !== typeof fallback) return { ...about, ...failed(fallback, ErrorCode.TYPE_MISMATCH) };
  return { ...about, value: value as T, ...(variant !== null && { variant }) };
}

/** Events have the same names in both SDKs, whose types of them differ. */
export type Emit = (event: string, details?: { flagsChanged?: string[]; message?: string; errorCode?: ErrorCode }) => void;

function tell(client: Client, emit: Emit): void {
  const { status, state } = client.getSnapshot();
  if (status === 'ready') emit('PROVIDER_READY');
  else if (status === 'error') emit('PROVIDER_ERROR', { message: 'the server refuses the client', errorCode: ErrorCode.PROVIDER_FATAL });
  else if (state) emit('PROVIDER_STALE', { message: status });
}

/** Tells which flags change. Answers the way out. */
const tellChanges = (client: Client, emit: Emit): (() => void) =>
  client.on('change', (keys) => {
    const flagsChanged = keys.filter((key) => !key.startsWith('/'));
    if (flagsChanged.length > 0) emit('PROVIDER_CONFIGURATION_CHANGED', { flagsChanged });
  });

/** A client of the caller's, or the options of one of its own. */
export type ProviderOptions = { client: Client } | ClientOptions;

/** What both providers are. A client of the caller's lives on when they end. */
export abstract class ProviderOverClient {
  readonly metadata = { name: 'togglecast' } as const;
  readonly client: Client;
  protected readonly own: boolean;
  /** What ends with the provider. */
  protected readonly ways: (() => void)[] = [];
  protected abstract readonly emit: Emit;

  constructor(options: ProviderOptions) {
    this.own = !('client' in options);
    this.client = 'client' in options ? options.client : createClient({ ...options, connect: false });
  }

  protected begin(): Promise<void> {
    return begin(this.client, this.emit, this.ways);
  }

  async onClose(): Promise<void> {
    this.ways.splice(0).forEach((leave) => leave());
    if (this.own) this.client.close();
  }
}

/**
 * Fulfilled when the client has a state, also one of the past; from then on, its changes and its status are told. Rejected
 * when it has none and the first attempt has failed: READY follows when there is one. Where the server refuses the client,
 * repeating does not help, and the error says so.
 */
async function begin(client: Client, emit: Emit, ways: (() => void)[]): Promise<void> {
  try {
    await new Promise<void>((fulfil, reject) => {
      const look = () => {
        if (client.getSnapshot().state) fulfil();
        else if (client.status === 'error') reject(new ProviderFatalError('togglecast: the server refuses the client'));
        else if (client.status === 'offline') reject(new Error('togglecast: offline'));
        else return;
        leave();
      };
      const leave = client.subscribe(look);
      look();
    });
    // READY is what the SDK makes of the end of this; a state of the past says so behind it.
    if (client.status !== 'ready') setTimeout(() => tell(client, emit));
  } finally {
    ways.push(tellChanges(client, emit), client.on('status', () => tell(client, emit)));
  }
}
