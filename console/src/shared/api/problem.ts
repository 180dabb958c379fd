// What the server answers when it refuses: problem details with our codes and the fields to blame.
import type { Schemas } from '@togglecast/admin';

export type ErrorCode = Schemas['ErrorCode'] | 'unreachable';
export interface FieldIssue {
  pointer: string;
  reason: string;
}

export class Problem extends Error {
  readonly code: ErrorCode;
  readonly status: number;
  readonly fields: FieldIssue[];
  readonly body: Partial<Schemas['Problem']>;
  /** Seconds to wait, if the server said so. */
  readonly retryAfter: number | undefined;

  constructor(code: ErrorCode, message: string, status = 0, body: Partial<Schemas['Problem']> = {}, retryAfter?: number) {
    super(message);
    this.name = 'Problem';
    this.code = code;
    this.status = status;
    this.body = body;
    this.fields = (body.errors ?? []) as FieldIssue[];
    this.retryAfter = retryAfter;
  }

  /** The entity has changed since it was read; `body.current` has it as it is now. */
  get isLostUpdate() {
    return this.code === 'conflict' && this.body.current !== undefined;
  }
}

const kAdvice: { [code in ErrorCode]: string } = {
  unreachable: 'The server did not answer. Check your network; the console tries again by itself.',
  rate_limited: 'Too many requests in a short time. Wait a moment, then try again.',
  unavailable: 'The server cannot do this at the moment. Try again in a few seconds.',
  timeout: 'The server took too long. Try again.',
  internal: 'The server failed. Its log has more under the request number below.',
  token_expired: 'Your session has ended. Log in again.',
  token_invalid: 'Your session is not valid any more. Log in again.',
  revoked: 'Your session was ended. Log in again.',
  forbidden: 'Your role does not allow this. An owner can change it under Admins.',
  password_change_required: 'Log in again, and choose a new password.',
  second_factor_setup_required: 'Log in again, and set up a second factor.',
  not_found: 'It may have been deleted meanwhile. Go back to the list.',
  already_exists: 'Choose another key.',
  conflict: 'Load the page again to see how things are now. Change what stands in the way first, then try again.',
  invalid_argument: 'Correct what you entered, then try again.',
  parse_error: 'The server could not read the request. Load the page again, then try again.',
  payload_too_large: 'This is more than the server takes. Make it shorter, or split it.',
  unauthenticated: 'Check what you typed; capital letters count. An owner can reset a password or a second factor under Admins.',
  second_factor_required: 'Enter the code of your authenticator app, or a recovery code.',
};

/** A title, and what the reader can do about it. */
export function explain(error: unknown): { title: string; advice: string } {
  if (!(error instanceof Problem)) return { title: 'Something went wrong in this page', advice: String(error instanceof Error ? error.message : error) };
  const fields = error.fields.filter((field) => !error.message.includes(field.reason)).map((field) => `${field.pointer || 'body'}: ${field.reason}`);
  const number = error.code === 'internal' && error.body.request_id ? `Request ${error.body.request_id}` : '';
  const wait = error.retryAfter ? `Try again in ${error.retryAfter} s.` : '';
  return { title: sentence(error.message), advice: [kAdvice[error.code], ...fields, wait, number].filter(Boolean).join(' ') };
}

const sentence = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

/** The name of a form field for a JSON Pointer: `/price/amount` is `price.amount`. */
export const fieldOf = (pointer: string) =>
  pointer.replace(/^\//, '').split('/').map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~')).join('.');

/** Errors of a form by field. `rest` has those that no field of the form shows. */
export function formErrors(problem: Problem, known: readonly string[]): { fields: { [field: string]: string }; rest: string[] } {
  const fields: { [field: string]: string } = {};
  const rest: string[] = [];
  for (const { pointer, reason } of problem.fields) {
    const name = fieldOf(pointer);
    const place = known.find((field) => name === field || name.startsWith(`${field}.`));
    if (place === undefined) rest.push(`${name || 'body'}: ${reason}`);
    else fields[place] = name === place ? sentence(reason) : `${name.slice(place.length + 1)}: ${reason}`;
  }
  if (problem.code === 'already_exists' && known.includes('key')) fields['key'] ??= sentence(problem.message);
  if (Object.keys(fields).length === 0 && rest.length === 0) rest.push(sentence(problem.message));
  return { fields, rest };
}

export async function problemOf(response: Response): Promise<Problem> {
  const body = (await response.clone().json().catch(() => ({}))) as Partial<Schemas['Problem']>;
  const code = (body.code ?? (response.status >= 500 ? 'unavailable' : 'invalid_argument')) as ErrorCode;
  const seconds = Number(response.headers.get('Retry-After') ?? NaN);
  return new Problem(code, body.detail ?? `the server answered ${response.status}`, response.status, body, Number.isFinite(seconds) ? seconds : undefined);
}

/** `await unwrap(rest.GET(…))`: the body, or a thrown Problem. */
export async function unwrap<Data>(asked: Promise<{ data?: Data; error?: unknown; response: Response }>): Promise<Data> {
  return (await unwrapWithRevision(asked)).data;
}

/** The same, with the revision that the server named. */
export async function unwrapWithRevision<Data>(asked: Promise<{ data?: Data; error?: unknown; response: Response }>) {
  let answer;
  try {
    answer = await asked;
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw new Problem('unreachable', 'the server did not answer');
  }
  if (!answer.response.ok) throw await problemOf(rebuilt(answer.response, answer.error));
  const revision = Number(answer.response.headers.get('Togglecast-Revision') ?? NaN);
  return { data: answer.data as Data, revision: Number.isFinite(revision) ? revision : undefined, response: answer.response };
}

// The body has been read already.
const rebuilt = (response: Response, error: unknown) =>
  new Response(typeof error === 'string' ? error : JSON.stringify(error ?? {}), { status: response.status, headers: response.headers });
