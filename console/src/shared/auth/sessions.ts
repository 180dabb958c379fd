// The session of this page. Its tokens are kept in memory alone; a reload, and every quarter of an hour, gets a new one by the
// HttpOnly cookie. A session works in several environments; a token, and a tab, in one.
import type { Schemas } from '@togglecast/admin';
import { Problem } from '../api/problem';
import type { SessionSource } from './session-source';

export type Session = Schemas['Session'];
export interface LoginMethod {
  type: 'password' | 'oidc';
  name?: string;
  url: string;
}

export type SessionState =
  | { phase: 'restoring' }
  | { phase: 'out'; /** Why the last session ended. */ reason?: string }
  | {
      phase: 'in';
      session: Session;
      /** Raised with each session and each environment, not with a refreshed token. */
      generation: number;
      /** This page wanted to be there, and may not. */
      closed?: string;
    };

/** What an authenticator app needs. */
export interface FactorSetup {
  secret: string;
  uri: string;
}

/** What a session must be used for before anything else. */
export type Duty = 'password' | 'factor';
export const dutyOf = (session: Session): Duty | undefined =>
  session.password_change_required ? 'password' : session.second_factor_setup_required ? 'factor' : undefined;

const kEnvironment = 'togglecast.environment';

/** Where this tab was, or else the tab that changed last: the name of an environment, and no secret. */
export const rememberedEnvironment = (): string | undefined => sessionStorage.getItem(kEnvironment) ?? localStorage.getItem(kEnvironment) ?? undefined;

/** Where the next session of this tab begins; without a name, where the server lets it begin. */
export function rememberEnvironment(environment: string | undefined) {
  for (const storage of [sessionStorage, localStorage]) {
    if (environment) storage.setItem(kEnvironment, environment);
    else storage.removeItem(kEnvironment);
  }
}

// It is not there, or this account has no role in it.
const isClosed = (error: unknown) => error instanceof Problem && (error.code === 'forbidden' || error.code === 'invalid_argument');

export class Sessions {
  #source: SessionSource;
  #state: SessionState = { phase: 'restoring' };
  #listeners = new Set<() => void>();
  #generation = 0;
  /** The tokens of this session, by environment. */
  #tokens = new Map<string, { token: string; renewAt: number }>();
  #renewing = new Map<string, Promise<Session>>();

  constructor(source: SessionSource) {
    this.#source = source;
  }

  subscribe = (listener: () => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };
  getSnapshot = () => this.#state;
  methods = () => this.#source.methods();

  /** At the start of the page. */
  async restore() {
    const wanted = rememberedEnvironment();
    // While the server is away there is no answer; then the login page says so.
    const found = await this.#refresh(wanted, wanted !== undefined).catch(() => undefined);
    if (this.#state.phase !== 'restoring') return;
    if (found) this.#begin(found.session, found.closed);
    else this.#set({ phase: 'out' });
  }

  async login(username: string, password: string, environment?: string, code?: string) {
    this.#begin(await this.#source.login(username, password, environment, code));
  }

  /** Goes on in another environment. A refusal leaves the page where it is. `leave` runs before, when nothing can be refused any more. */
  async enter(environment: string, leave: () => Promise<void>) {
    const session = await this.#renew(environment);
    await leave();
    if (this.#state.phase === 'in') this.#begin(session);
  }

  /** Replaces the first password. A second factor may be the next duty. */
  async changePassword(current: string, next: string) {
    await this.#source.changePassword(await this.token(), current, next);
    const { enabled, required } = await this.#source.factor(await this.token());
    this.#fulfil(required && !enabled ? { second_factor_setup_required: true } : {});
  }
  beginFactor = async (password: string) => this.#source.beginFactor(await this.token(), password);
  confirmFactor = async (code: string) => this.#source.confirmFactor(await this.token(), code);
  /** The settings have changed: this session may only set up a second factor. */
  requireFactor() {
    if (this.#state.phase === 'in') this.#set({ ...this.#state, session: { ...this.#state.session, second_factor_setup_required: true } });
  }
  /** The duty is done: the console opens. */
  fulfil = () => this.#fulfil({});

  #fulfil(left: Pick<Session, 'second_factor_setup_required'>) {
    if (this.#state.phase !== 'in') return;
    const { password_change_required: _password, second_factor_setup_required: _factor, ...session } = this.#state.session;
    this.#set({ ...this.#state, session: { ...session, ...left } });
  }

  async logout() {
    if (this.#state.phase !== 'in') return;
    const token = await this.token().catch(() => '');
    this.end(); // before the server says that the session has ended
    const answer = await this.#source.logout(token).catch(() => undefined);
    if (answer?.logout_url) window.location.assign(answer.logout_url);
  }

  /** The session is over, for this reason. */
  end(reason?: string) {
    if (this.#state.phase === 'out') return;
    this.#set({ phase: 'out', ...(reason !== undefined && { reason }) });
  }

  /** The token for a request, in the environment of the page or in another one. `refresh`: the last one was refused as expired. */
  token = async ({ environment, refresh = false }: { environment?: string; refresh?: boolean } = {}): Promise<string> => {
    if (this.#state.phase !== 'in') throw new Problem('token_invalid', 'you are not logged in');
    const where = environment ?? this.#state.session.environment;
    const known = this.#tokens.get(where);
    return known && !refresh && Date.now() < known.renewAt ? known.token : (await this.#renew(where)).token;
  };

  // Requests at the same time share one.
  #renew(environment: string): Promise<Session> {
    const asked = this.#renewing.get(environment) ?? this.#ask(environment).finally(() => this.#renewing.delete(environment));
    this.#renewing.set(environment, asked);
    return asked;
  }

  async #ask(environment: string): Promise<Session> {
    const isHere = () => this.#state.phase === 'in' && this.#state.session.environment === environment;
    const answer = await this.#refresh(environment, isHere());
    if (this.#state.phase !== 'in') throw new Problem('token_expired', 'your session has ended');
    if (!answer) {
      this.end('Your session has ended. Log in again to go on where you were.');
      throw new Problem('token_expired', 'your session has ended');
    }
    const { session, closed } = answer;
    const isOther = session.admin.id !== this.#state.session.admin.id; // all tabs share the cookie, and another one has logged in
    if (closed !== undefined || isOther) {
      this.#begin(session, closed);
      // Not with this token: the request was made by another account, or for another environment.
      throw new Problem('token_expired', isOther ? 'another account has logged in' : `you have no role in ${environment} any more`);
    }
    this.#keep(session);
    if (isHere()) this.#set({ ...this.#state, session });
    return session;
  }

  /** `elsewhere`: if `environment` is closed, a session where it began. */
  async #refresh(environment: string | undefined, elsewhere: boolean): Promise<{ session: Session; closed?: string } | undefined> {
    try {
      const session = await this.#source.refresh(environment);
      return session && { session };
    } catch (error) {
      if (environment === undefined || !isClosed(error)) throw error;
      if (!elsewhere) throw new Problem('forbidden', `you have no role in ${environment}`, 403);
      const session = await this.#source.refresh();
      return session && { session, closed: environment };
    }
  }

  #begin(session: Session, closed?: string) {
    rememberEnvironment(session.environment);
    this.#tokens.clear();
    this.#keep(session);
    this.#set({ phase: 'in', session, generation: ++this.#generation, ...(closed !== undefined && { closed }) });
  }

  // Clocks differ: the server's times say how long the token lives, this clock says when that is over.
  #keep({ environment, token, expires_at }: Session) {
    const life = Math.max(0, Date.parse(expires_at) - Date.now());
    this.#tokens.set(environment, { token, renewAt: Date.now() + life - Math.min(30_000, life / 4) });
  }

  #set(state: SessionState) {
    if (state.phase === 'out') this.#tokens.clear();
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }
}
