// A small OpenID Connect provider for tests: discovery, keys, authorization with a person that always agrees, tokens with
// a check of PKCE, userinfo, the end of a session, and logout tokens. `lies` makes it break the rules, one by one.
import assert from 'node:assert/strict';
import { createHash, createHmac, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';

const base64url = (value) => Buffer.from(value).toString('base64url');
const sha256 = (text) => createHash('sha256').update(text).digest();
const seconds = () => Math.floor(Date.now() / 1000);

function newKey(algorithm) {
  const pair = algorithm === 'ES256' ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
    : algorithm === 'EdDSA' ? generateKeyPairSync('ed25519')
      : generateKeyPairSync('rsa', { modulusLength: 2048 });
  const kid = randomBytes(6).toString('hex');
  return { ...pair, kid, algorithm, jwk: { ...pair.publicKey.export({ format: 'jwk' }), kid, use: 'sig', alg: algorithm } };
}

function signed(key, header, claims) {
  const text = `${base64url(JSON.stringify(header))}.${base64url(JSON.stringify(claims))}`;
  const digest = key.algorithm === 'EdDSA' ? null : 'sha256';
  return `${text}.${sign(digest, Buffer.from(text), { key: key.privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}

export class OidcProvider {
  /** `certificate`: {certificate, key}, files in PEM; without one it speaks plain HTTP. */
  static async start(t, { certificate, clientId = 'togglecast', clientSecret = 'a secret: of 1+1', algorithm = 'RS256', port = 0 } = {}) {
    const provider = new OidcProvider();
    Object.assign(provider, { clientId, clientSecret, algorithm, key: newKey(algorithm) });
    const answer = (request, response) => provider.#serve(request, response).catch((error) => {
      provider.faults.push(error);
      response.writeHead(500).end();
    });
    provider.server = certificate
      ? https.createServer({ cert: await readFile(certificate.certificate), key: await readFile(certificate.key) }, answer)
      : http.createServer(answer);
    await new Promise((listening) => provider.server.listen(port, '127.0.0.1', listening));
    provider.origin = `${certificate ? 'https' : 'http'}://127.0.0.1:${provider.server.address().port}`;
    provider.issuer = `${provider.origin}/realms/main`;
    t.after(() => provider.stop());
    return provider;
  }

  constructor() {
    this.origin = this.issuer = '';  // known when it listens
    this.person = { sub: 'person-1', preferred_username: 'anna', email: 'anna@example.com', groups: [] };
    this.lies = {};
    this.codes = new Map();
    this.access = new Map();
    this.requests = [];
    this.faults = [];
  }

  stop() {
    this.server.close();
    this.server.closeAllConnections();
  }

  /** Another key signs from now on, and the old one is published no more. */
  rotate() {
    this.key = newKey(this.algorithm);
  }

  /** What a browser does at the provider: answers where it is sent back to. */
  async visit(url) {
    const { pathname, searchParams } = new URL(url);
    assert.equal(pathname, '/realms/main/authorize');
    return new Promise((resolve) => this.#authorize(searchParams, {
      writeHead: (status, headers) => {
        assert.equal(status, 302, url);
        resolve(headers.Location);
        return { end() {} };
      },
    }));
  }

  count(path) {
    return this.requests.filter((one) => one === path).length;
  }

  /** The arguments of a server that knows this provider. */
  args(...roles) {
    return ['--oidc-issuer', this.issuer, '--oidc-client-id', this.clientId, '--oidc-name', 'Test login',
      ...(this.clientSecret ? ['--oidc-client-secret', this.clientSecret] : []),
      ...(this.algorithm === 'RS256' ? [] : ['--oidc-algorithm', this.algorithm]),
      ...roles.flatMap((rule) => ['--oidc-role', rule])];
  }

  logoutToken(claims = {}) {
    return signed(this.key, { alg: this.algorithm, kid: this.key.kid, typ: 'logout+jwt' }, {
      iss: this.issuer, aud: this.clientId, iat: seconds(), exp: seconds() + 120, jti: randomBytes(8).toString('hex'),
      sub: this.person.sub, events: { 'http://schemas.openid.net/event/backchannel-logout': {} }, ...claims,
    });
  }

  /** Tells `url` that the person has logged out here. */
  tellLogout(url, claims) {
    return fetch(url, { method: 'POST', body: new URLSearchParams({ logout_token: this.logoutToken(claims) }) });
  }

  async #serve(request, response) {
    const url = new URL(request.url, this.origin);
    const path = url.pathname.replace('/realms/main', '');
    this.requests.push(path);
    if (this.lies.away) return request.socket.destroy();
    const fault = this.lies.answers?.[path];
    if (fault) return fault(request, response);
    const json = (body, status = 200) => response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
    if (path === '/.well-known/openid-configuration') {
      if (this.lies.redirect) return response.writeHead(302, { Location: `${this.origin}/elsewhere` }).end();
      return json(this.#metadata());
    }
    if (path === '/elsewhere') return json(this.#metadata());
    if (path === '/keys') return json({ keys: [this.key.jwk] });
    if (path === '/authorize') return this.#authorize(url.searchParams, response);
    if (path === '/token') return this.#token(request, json);
    if (path === '/userinfo') return this.#userinfo(request, json);
    if (path === '/logout') return response.writeHead(302, { Location: url.searchParams.get('post_logout_redirect_uri') }).end();
    return response.writeHead(404).end();
  }

  #metadata() {
    return {
      issuer: this.lies.issuer ?? this.issuer,
      authorization_endpoint: `${this.issuer}/authorize`,
      token_endpoint: `${this.issuer}/token`,
      jwks_uri: `${this.issuer}/keys`,
      userinfo_endpoint: `${this.issuer}/userinfo`,
      end_session_endpoint: `${this.issuer}/logout`,
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: [this.algorithm],
      code_challenge_methods_supported: ['S256'],
      token_endpoint_auth_methods_supported: this.authMethods ?? ['client_secret_basic', 'none'],
      authorization_response_iss_parameter_supported: true,
    };
  }

  #authorize(query, response) {
    const ask = Object.fromEntries(query);
    const wrong = ask.response_type !== 'code' || ask.client_id !== this.clientId || !ask.scope.split(' ').includes('openid')
      || ask.code_challenge_method !== 'S256' || !/^[\w-]{43}$/.test(ask.code_challenge) || !ask.state || !ask.nonce
      || !ask.redirect_uri.endsWith('/api/v1/auth/oidc/callback');
    if (wrong) return response.writeHead(400).end(`bad request: ${JSON.stringify(ask)}`);
    const back = new URL(ask.redirect_uri);
    back.searchParams.set('state', ask.state);
    back.searchParams.set('session_state', 'of no interest');
    if (!this.lies.noIss) back.searchParams.set('iss', this.lies.answerIss ?? this.issuer);
    if (this.lies.denies) {
      back.searchParams.set('error', 'access_denied');
      back.searchParams.set('error_description', '<script>alert(1)</script>');
    } else {
      const code = randomBytes(16).toString('base64url');
      this.codes.set(code, { ...ask, person: this.person });
      back.searchParams.set('code', code);
    }
    return response.writeHead(302, { Location: back.href }).end();
  }

  #knows(headers, form) {
    const decoded = (text) => decodeURIComponent(text);
    const [kind, value] = (headers.authorization ?? '').split(' ');
    if (kind === 'Basic') {
      const [id, secret] = Buffer.from(value, 'base64').toString().split(':').map(decoded);
      this.authenticated = 'client_secret_basic';
      return id === this.clientId && secret === this.clientSecret;
    }
    this.authenticated = form.get('client_secret') === null ? 'none' : 'client_secret_post';
    return form.get('client_id') === this.clientId && form.get('client_secret') === (this.clientSecret || null);
  }

  async #token(request, json) {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const form = new URLSearchParams(Buffer.concat(chunks).toString());
    if (!this.#knows(request.headers, form)) return json({ error: 'invalid_client' }, 401);
    const ask = this.codes.get(form.get('code'));
    this.codes.delete(form.get('code'));
    const challenge = sha256(form.get('code_verifier') ?? '').toString('base64url');
    if (!ask || form.get('grant_type') !== 'authorization_code' || form.get('redirect_uri') !== ask.redirect_uri || challenge !== ask.code_challenge)
      return json({ error: 'invalid_grant', error_description: 'no' }, 400);
    const access = randomBytes(16).toString('base64url');
    this.access.set(access, ask.person);
    return json({ access_token: access, token_type: 'Bearer', expires_in: 300, id_token: this.#idToken(ask, access) });
  }

  #idToken(ask, access) {
    const { lies } = this;
    const { sub, ...about } = ask.person;
    const claims = {
      iss: lies.tokenIss ?? this.issuer, sub, aud: lies.aud ?? this.clientId, nonce: lies.nonce ?? ask.nonce,
      iat: seconds() - (lies.old ?? 0), exp: seconds() + (lies.expired ? -120 : 300),
      at_hash: sha256(lies.atHash ?? access).subarray(0, 16).toString('base64url'),
      ...(lies.azp ? { azp: lies.azp } : {}), ...(lies.thin ? {} : about),
    };
    const header = { alg: this.algorithm, kid: this.key.kid, typ: 'JWT' };
    if (lies.unsigned) return `${base64url(JSON.stringify({ ...header, alg: 'none' }))}.${base64url(JSON.stringify(claims))}.`;
    if (lies.confused) {  // the public key as the secret of an HMAC
      const text = `${base64url(JSON.stringify({ ...header, alg: 'HS256' }))}.${base64url(JSON.stringify(claims))}`;
      const secret = this.key.publicKey.export({ type: 'spki', format: 'pem' });
      return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
    }
    if (lies.otherKey) return signed(newKey(this.algorithm), header, claims);
    return signed(this.key, header, claims);
  }

  #userinfo(request, json) {
    const person = this.access.get((request.headers.authorization ?? '').replace('Bearer ', ''));
    if (!person) return json({ error: 'invalid_token' }, 401);
    return json(this.lies.userinfoSub ? { ...person, sub: this.lies.userinfoSub } : person);
  }
}
