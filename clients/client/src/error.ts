import type { Problem } from './protocol.js';

/** What the server, `getToken` or the network refused. `code` is one of docs/protocol.md, or `unreachable`, or `closed`. */
export class TogglecastError extends Error {
  declare readonly code: string;
  declare readonly details: Problem['details'];
  declare readonly retryAfter: number | undefined; // ms

  constructor(code: string, message: string, more: Partial<Problem> & { cause?: unknown } = {}) {
    super(message, more);
    this.name = 'TogglecastError';
    this.code = code;
    this.details = more.details;
    this.retryAfter = more.retry_after_ms;
  }
}

export const refused = (problem: Problem) => new TogglecastError(problem.code, problem.message, problem);
