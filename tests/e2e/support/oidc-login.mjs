// A login by OpenID Connect as a browser goes through it: a cookie jar, the visit at the provider, and the way back.
import assert from 'node:assert/strict';

const kPatience = 60_000;
export const kJson = { Accept: 'application/json' };
export const kHtml = { Accept: 'text/html,application/xhtml+xml' };

/** A cookie jar over plain fetch: follows nothing by itself. */
export class Jar {
  constructor() {
    this.cookies = new Map();
    this.fields = [];
  }

  async get(url, { headers = {}, ...options } = {}) {
    const { pathname } = new URL(url);
    const fit = [...this.cookies].filter(([, { at }]) => pathname.startsWith(at)).map(([name, { value }]) => `${name}=${value}`);
    const answer = await fetch(url, {
      redirect: 'manual', signal: AbortSignal.timeout(kPatience), ...options,
      headers: { ...headers, ...(fit.length ? { Cookie: fit.join('; ') } : {}) },
    });
    for (const field of answer.headers.getSetCookie()) {
      this.fields.push(field);
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(field);
      if (/Max-Age=0/.test(field)) this.cookies.delete(name);
      else this.cookies.set(name, { value, at: /Path=([^;]+)/.exec(field)?.[1] ?? '/' });
    }
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, location: answer.headers.get('location'), text, body: /json/.test(answer.headers.get('content-type')) ? JSON.parse(text) : undefined };
  }
}

/** Answers the URL at which the browser comes back to the server. */
export async function consent(provider, jar, server, query = '') {
  const begun = await jar.get(`${server.url}/api/v1/auth/oidc/login${query}`);
  assert.equal(begun.status, 302, begun.text);
  assert.ok(begun.location.startsWith(provider.issuer), begun.location);
  return provider.visit(begun.location);
}

/** A whole login: answers that of the callback. */
export async function logIn(provider, server, { jar = new Jar(), headers = kJson, query } = {}) {
  return jar.get(await consent(provider, jar, server, query), { headers });
}
