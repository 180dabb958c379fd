// What a program has that follows GET /api/v1/stream with nothing but HTTP: a copy that events change. Its connection may
// be cut behind any byte; it comes back with the last id that it has read.
import http from 'node:http';
import { Copy } from './crash/copy.mjs';
import { until } from './deadline.mjs';

export class StreamCopy {
  constructor(t, { url, token, context, name = 'a stream' }, problem) {
    this.target = `${url}/api/v1/stream${context ? `?context=${encodeURIComponent(JSON.stringify(context))}` : ''}`;
    this.token = token;
    this.copy = new Copy(name, problem);
    this.cuts = 0;
    this.left = Infinity;  // bytes that it still reads
    t.after(() => this.cut());
  }

  get connected() {
    return this.request !== undefined;
  }

  connect() {
    const request = http.get(this.target, {
      agent: false,
      headers: { Authorization: `Bearer ${this.token}`, ...(this.lastId ? { 'Last-Event-ID': this.lastId } : {}) },
    });
    this.request = request;
    this.rest = Buffer.alloc(0);
    request.on('error', () => this.#gone(request));
    request.on('response', (response) => {
      this.status = response.statusCode;
      response.on('error', () => {});
      response.on('close', () => this.#gone(request));
      response.on('data', (bytes) => this.#read(request, bytes));
    });
  }

  /** Ends the connection, at once or when it has read so many bytes more. */
  cut(after = 0) {
    this.left = after;
    if (after === 0 && this.request) this.#gone(this.request);
  }

  #gone(request) {
    if (this.request !== request) return;
    this.request = undefined;
    this.left = Infinity;
    this.cuts += 1;
    request.destroy();
    this.copy.ended();
  }

  #read(request, bytes) {
    if (this.request !== request) return;
    const read = bytes.subarray(0, this.left);
    this.left -= read.length;
    this.rest = Buffer.concat([this.rest, read]);
    for (let end = this.rest.indexOf('\n\n'); end >= 0; end = this.rest.indexOf('\n\n')) {
      this.#event(this.rest.subarray(0, end).toString());
      this.rest = this.rest.subarray(end + 2);
    }
    if (this.left <= 0) this.#gone(request);
  }

  #event(text) {
    const fields = Object.fromEntries(text.split('\n').filter((line) => !line.startsWith(':')).map((line) => /^([^:]+): ?(.*)$/.exec(line).slice(1)));
    if (fields.data === undefined) return;
    this.copy.hear(fields.event, [JSON.parse(fields.data), fields.id]);
    if (fields.id) this.lastId = fields.id;
  }

  /** Connects if need be, until it has this revision. */
  async reaches(revision) {
    this.left = Infinity;
    await until(() => {
      if (!this.connected) this.connect();
      return this.copy.began && this.copy.revision >= revision;
    }, `revision ${revision} on ${this.copy.name}`);
  }
}
