// An authenticator app for the tests.
import { App as AppOfSecret } from '../../tests/e2e/support/totp.mjs';

export class App {
  readonly #app: AppOfSecret;

  /** `shown`: the key as a page shows it. */
  constructor(shown: string) {
    this.#app = new AppOfSecret(shown.replaceAll(' ', ''));
  }

  /** A code that was not used yet. The server takes two of one secret within 30 seconds. */
  next = (): string => this.#app.next();
  wrong = (): string => this.#app.wrong()!;
}
