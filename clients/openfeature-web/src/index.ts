// OpenFeature in pages: the SDK asks synchronously, and the core has the answers.
import { Client, createClient, type ClientOptions, type Context, type FlagDetails, type Status } from '@togglecast/client';
import {
  ErrorCode, OpenFeatureEventEmitter, ProviderEvents, StandardResolutionReasons,
  type EvaluationContext, type JsonValue as SdkValue, type Provider, type ResolutionDetails,
} from '@openfeature/web-sdk';

/** An OpenFeature context as one of ours: dates become texts, and what JSON does not have goes. */
export const contextOf = (context: EvaluationContext): Context => JSON.parse(JSON.stringify(context)) as Context;

function resolve<T extends SdkValue>(details: FlagDetails | undefined, fallback: T, fresh: boolean): ResolutionDetails<T> {
  if (!details) return { value: fallback, reason: StandardResolutionReasons.ERROR, errorCode: ErrorCode.FLAG_NOT_FOUND };
  const { value, variant, enabled, rule, limit } = details;
  const about = {
    // An answer of the past is one, whatever its reason was.
    reason: fresh || details.reason === 'ERROR' ? details.reason : StandardResolutionReasons.STALE,
    flagMetadata: { enabled, rule, ...(limit !== undefined && { limit }) },
  };
  if (details.reason === 'ERROR') return { ...about, value: fallback, errorCode: ErrorCode.GENERAL };
  if (value === null) return { ...about, value: fallback };
  if (typeof value !== typeof fallback) return { ...about, value: fallback, reason: StandardResolutionReasons.ERROR, errorCode: ErrorCode.TYPE_MISMATCH };
  return { ...about, value: value as T, ...(variant !== null && { variant }) };
}

/**
 * A provider over a client of its own, or over `client`, whose life is the caller's. It is ready as soon as there is a
 * state: also one of the storage, which is STALE until the server has answered.
 */
export class TogglecastProvider implements Provider {
  readonly metadata = { name: 'togglecast' } as const;
  readonly runsOn = 'client';
  readonly events = new OpenFeatureEventEmitter();
  readonly client: Client;
  #own: boolean;
  #leave: (() => void)[] = [];

  constructor(options: { client: Client } | ClientOptions) {
    this.#own = !('client' in options);
    this.client = 'client' in options ? options.client : createClient({ ...options, connect: false });
  }

  async initialize(context: EvaluationContext = {}): Promise<void> {
    const { client } = this;
    // Before it connects, a context takes no time. The SDK's empty one is no wish.
    const set = Object.keys(context).length > 0 ? client.setContext(contextOf(context)) : undefined;
    if (this.#own) {
      await set;
      client.connect();
    } else set?.catch(() => {}); // refused: the errors of the client say so
    await this.#state();
    this.#leave = [
      client.on('change', (keys) => {
        const flagsChanged = keys.filter((key) => !key.startsWith('/'));
        if (flagsChanged.length > 0) this.events.emit(ProviderEvents.ConfigurationChanged, { flagsChanged });
      }),
      client.on('status', (status) => this.#tell(status)),
    ];
    // READY is what the SDK makes of the end of this; a state of the past says so behind it.
    if (client.status !== 'ready') setTimeout(() => this.#tell(client.status));
  }

  async onContextChange(_: EvaluationContext, context: EvaluationContext): Promise<void> {
    const { client } = this;
    const done = client.setContext(contextOf(context));
    if (client.status === 'ready') return done;
    done.catch(() => {}); // the next connection begins with it
  }

  async onClose(): Promise<void> {
    this.#leave.forEach((leave) => leave());
    if (this.#own) this.client.close();
  }

  resolveBooleanEvaluation = (key: string, fallback: boolean) => this.#resolve(key, fallback);
  resolveStringEvaluation = (key: string, fallback: string) => this.#resolve(key, fallback);
  resolveNumberEvaluation = (key: string, fallback: number) => this.#resolve(key, fallback);
  resolveObjectEvaluation = <T extends SdkValue>(key: string, fallback: T) => this.#resolve(key, fallback);

  #resolve<T extends SdkValue>(key: string, fallback: T): ResolutionDetails<T> {
    return resolve(this.client.details(key), fallback, this.client.status === 'ready');
  }

  /** Fulfilled when there is a state, rejected when there is none and the first attempt has failed. */
  #state(): Promise<void> {
    const { client } = this;
    return new Promise<void>((fulfil, reject) => {
      const look = () => {
        if (client.getSnapshot().state) fulfil();
        else if (client.status === 'error' || client.status === 'offline') reject(new Error(`togglecast: ${client.status}`));
        else return;
        leave();
      };
      const leave = client.subscribe(look);
      look();
    }).catch((error: unknown) => {
      // The SDK is told when it gets better.
      const leave = client.on('status', (status) => status === 'ready' && (leave(), this.events.emit(ProviderEvents.Ready)));
      this.#leave.push(leave);
      throw error;
    });
  }

  #tell(status: Status) {
    if (status === 'ready') this.events.emit(ProviderEvents.Ready);
    else if (status === 'error') this.events.emit(ProviderEvents.Error, { message: 'the server refuses the client', errorCode: ErrorCode.PROVIDER_FATAL });
    else this.events.emit(ProviderEvents.Stale, { message: status });
  }
}
