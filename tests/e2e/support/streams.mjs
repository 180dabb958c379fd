// Server-sent events with curl: the raw text of a stream, read as the standard says.
import { spawn } from 'node:child_process';
import { Inbox, within } from './deadline.mjs';

export class Stream {
  /** `curl -N` of a URL; ended with the test. */
  constructor(t, url, { headers = {} } = {}) {
    const fields = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
    this.child = spawn('curl', ['-sS', '-N', '-i', ...fields, url], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.events = new Inbox();
    this.text = '';
    this.lastId = '';
    let rest = '';
    let event = {};
    this.head = new Promise((resolve, reject) => {
      this.gotHead = resolve;
      this.child.once('error', reject); // there is no curl
    });
    this.head.catch(() => {}); // also where nobody waits for it
    const line = (text) => {
      if (text === '') {
        if (event.data !== undefined) this.events.push({ name: event.event ?? 'message', data: JSON.parse(event.data), id: this.lastId });
        event = {};
        return;
      }
      const [, name, value] = /^([^:]*):? ?(.*)$/.exec(text);
      if (name === 'data') event.data = event.data === undefined ? value : `${event.data}\n${value}`;
      else if (name === 'id') this.lastId = value;
      else if (name === 'retry') this.retry = Number(value);
      else if (name !== '') event[name] = value;
    };
    this.child.stdout.setEncoding('utf8').on('data', (text) => {
      this.text += text;
      rest += text;
      if (!this.status) {
        const end = rest.indexOf('\r\n\r\n');
        if (end < 0) return;
        this.status = Number(rest.slice(9, 12));
        this.headers = rest.slice(0, end).toLowerCase();
        rest = rest.slice(end + 4);
        this.gotHead();
      }
      if (this.status !== 200) return;
      const lines = rest.split('\n');
      rest = lines.pop();
      lines.forEach(line);
    });
    this.exited = new Promise((resolve) => this.child.once('close', resolve)).then(() => this.events.end('the stream has ended'));
    t.after(() => this.close());
  }

  next(what) {
    return this.events.next(what);
  }

  /** The next event of this name; others are skipped. */
  async until(name, fits = () => true) {
    for (;;) {
      const event = await this.next(name);
      if (event.name === name && fits(event.data)) return event;
    }
  }

  ended(what) {
    return within(this.exited, what);
  }

  close() {
    this.child.kill('SIGKILL');
    return this.exited;
  }
}
