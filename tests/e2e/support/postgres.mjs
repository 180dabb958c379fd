// A PostgreSQL of the calling test, on a UNIX socket in a folder of its own: tests/servers/postgres. And a PgBouncer.
import { execFile } from 'node:child_process';
import { chmod, chown, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { BoundedDisk } from './bounded-disk.mjs';
import { until } from './deadline.mjs';
import { Process } from './server.mjs';

const script = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../servers/postgres');
const run = promisify(execFile);

export class Postgres {
  /** Starts a server with an empty database and waits until it takes connections. `settings` as in postgresql.conf. */
  static async start(settings = {}) {
    const server = await Postgres.notStarted(settings);
    await server.begin();
    return server;
  }

  static async notStarted(settings = {}) {
    return new Postgres(await mkdtemp(path.join(os.tmpdir(), 'tg-pg-')), settings);  // short: it holds a socket
  }

  /** With its data on a disk of `size`, as mount(8) writes it, which can be filled: see BoundedDisk. */
  static async startOnDisk(size, settings = {}) {
    const server = await Postgres.onDisk(size, settings);
    await server.begin();
    return server;
  }

  /** The same, not started yet. */
  static async onDisk(size, settings = {}) {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'tg-pg-'));
    const data = path.join(folder, 'data');
    await mkdir(data);
    const disk = await BoundedDisk.mount(data, size).catch(async (error) => {
      await rm(folder, { recursive: true });
      throw error;
    });
    return new Postgres(folder, settings, disk);
  }

  constructor(folder, settings, disk = undefined) {
    this.folder = folder;
    this.settings = settings;
    this.disk = disk;
    this.url = this.urlOf('togglecast');
  }

  urlOf(database, user = 'togglecast') {
    const port = this.settings.port ? `&port=${this.settings.port}` : '';
    return `postgresql://${user}@/${database}?connect_timeout=30&host=${encodeURIComponent(this.folder)}${port}`;
  }

  /** Starts it again after `end`. */
  async begin(ms = 60_000) {
    const settings = Object.entries(this.settings).map(([name, value]) => `${name}=${value}`);
    let outputs = '';
    await until(async () => {
      // After SIGKILL, what is left of the last one keeps the data for a moment.
      if (!this.process?.running) {
        outputs += this.process?.output ?? '';
        const args = [this.folder, ...settings];
        this.process = this.disk ? new Process(...this.disk.enter(script, args)) : new Process(script, args);
      }
      return this.query('SELECT 1').then(() => true, () => false);
    }, 'a PostgreSQL that takes connections', ms).catch((error) => {
      throw new Error(`${error.message}\n${outputs}${this.process.output}`);
    });
  }

  /** A clean stop with SIGINT; SIGKILL also ends its children, as a crash of the machine does. */
  async end(signal = 'SIGINT') {
    return this.process.end(signal, 60_000);
  }

  /** Gives back the room on its disk, of which it may have died. */
  async roomAgain() {
    await this.disk.empty();
    await until(() => this.query('SELECT 1').then(() => true, () => !this.process.running), 'a PostgreSQL that is back, or has ended', 60_000);
    if (!this.process.running) await this.begin();
  }

  /** The rows that `sql` answers, each as its columns. */
  async query(sql, url = this.url) {
    const { stdout } = await run('psql', [url, '-X', '-A', '-t', '-q', '-v', 'ON_ERROR_STOP=1', '-c', sql], { timeout: 60_000 });
    return stdout.split('\n').filter(Boolean).map((line) => line.split('|'));
  }

  /** Another empty database of the same server; answers its URL. */
  async database(name) {
    await this.query(`CREATE DATABASE ${name}`, this.urlOf('postgres'));
    return this.urlOf(name);
  }

  async remove() {
    if (this.process?.running) await this.end('SIGQUIT');
    await this.disk?.unmount();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** A PgBouncer in front of `postgres`, in transaction mode, on a UNIX socket: its `url`, `end` and `remove`. */
export async function startPgBouncer(postgres, { database = 'togglecast', poolSize = 3 } = {}) {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'tg-pgb-'));
  await chmod(folder, 0o755);
  const file = path.join(folder, 'pgbouncer.ini');
  await writeFile(file, [
    '[databases]', `${database} = host=${postgres.folder} dbname=${database} user=togglecast`,
    '[pgbouncer]', 'pool_mode = transaction', `default_pool_size = ${poolSize}`, 'listen_addr =', 'listen_port = 6432',
    `unix_socket_dir = ${folder}`, 'auth_type = any', `logfile = ${folder}/log`, ''].join('\n'));
  const root = process.getuid() === 0;
  if (root) {
    const { stdout } = await run('id', ['-u', 'postgres']);
    await chown(folder, Number(stdout), 0);
  }
  const [command, ...args] = root
    ? ['setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups', '/usr/sbin/pgbouncer', file]
    : ['/usr/sbin/pgbouncer', file];
  const bouncer = new Process(command, args);
  const url = `postgresql://togglecast@/${database}?connect_timeout=30&host=${encodeURIComponent(folder)}&port=6432`;
  await until(async () => {
    if (!bouncer.running) throw new Error(`PgBouncer ended:\n${bouncer.output}`);
    return postgres.query('SELECT 1', url).then(() => true, () => false);
  }, 'a PgBouncer that takes connections', 60_000);
  return {
    url,
    process: bouncer,
    async remove() {
      await bouncer.end('SIGINT');
      await rm(folder, { recursive: true, force: true });
    },
  };
}
