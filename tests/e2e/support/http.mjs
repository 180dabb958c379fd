// HTTP/1.1 by hand, so that tests can say exactly what goes over the wire.
import { Tcp } from './tcp.mjs';

function chunked(bytes) {
  const parts = [];
  for (let at = 0; ; ) {
    const line = bytes.indexOf('\r\n', at);
    if (line < 0) return undefined;
    const size = parseInt(bytes.toString('latin1', at, line), 16);
    if (bytes.length < line + 2 + size + 2) return undefined;
    if (size === 0) return { value: Buffer.concat(parts), used: line + 4 };
    parts.push(bytes.subarray(line + 2, line + 2 + size));
    at = line + 2 + size + 2;
  }
}

function parseResponse(bytes, ended, hasBody) {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [statusLine, ...lines] = bytes.toString('latin1', 0, end).split('\r\n');
  const headers = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    headers[name] = name in headers ? `${headers[name]}, ${value}` : value;
  }
  const status = Number(statusLine.split(' ')[1]);
  const rest = bytes.subarray(end + 4);
  let body = { value: Buffer.alloc(0), used: 0 };
  if (hasBody && status >= 200 && status !== 204 && status !== 304) {
    if (/chunked/i.test(headers['transfer-encoding'] ?? '')) body = chunked(rest);
    else if (headers['content-length'] !== undefined) {
      const length = Number(headers['content-length']);
      body = rest.length < length ? undefined : { value: rest.subarray(0, length), used: length };
    } else body = ended ? { value: rest, used: rest.length } : undefined;
  }
  if (!body) return undefined;
  const value = { status, statusLine, headers, bytes: Buffer.from(body.value), body: body.value.toString('utf8') };
  return { value, used: end + 4 + body.used };
}

/** One connection, any number of requests, answers in the order of arrival. */
export class HttpConnection {
  static async open(port, host) {
    return new HttpConnection(await Tcp.connect(port, host));
  }

  constructor(tcp) {
    this.tcp = tcp;
    this.closed = tcp.closed;
  }

  write(bytes) {
    this.tcp.write(bytes);
  }

  send(target, options) {
    this.write(requestBytes(target, options));
  }

  response({ hasBody = true, ms } = {}) {
    return this.tcp.read((bytes, ended) => parseResponse(bytes, ended, hasBody), 'an HTTP response', ms);
  }

  drop() {
    this.tcp.drop();
  }
}

export function requestBytes(target, { method = 'GET', headers = {}, body } = {}) {
  const all = { Host: 'localhost', ...headers };
  const sized = Object.keys(all).some((name) => /^(content-length|transfer-encoding)$/i.test(name));
  if (body !== undefined && !sized) all['Content-Length'] = Buffer.byteLength(body);
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = Buffer.from(`${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n`, 'latin1');
  return body === undefined ? head : Buffer.concat([head, Buffer.from(body)]);
}

/** The body as chunks of `size` bytes, for Transfer-Encoding: chunked. */
export function chunks(body, size) {
  const bytes = Buffer.from(body);
  const parts = [];
  for (let at = 0; at < bytes.length; at += size) {
    const part = bytes.subarray(at, at + size);
    parts.push(Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n'));
  }
  return Buffer.concat([...parts, Buffer.from('0\r\n\r\n')]);
}

/** One request on a connection of its own. */
export async function request(port, target, options = {}) {
  const connection = await HttpConnection.open(port);
  try {
    connection.send(target, { ...options, headers: { Connection: 'close', ...options.headers } });
    return await connection.response({ hasBody: options.method !== 'HEAD', ms: options.ms });
  } finally {
    connection.drop();
  }
}
