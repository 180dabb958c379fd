// nginx and HAProxy with the files of deploy/, changed only where a test must: addresses, ports, certificates, times.
// They run in a folder of their own, never as root.
import { chmod, chown, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import https from 'node:https';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import tls from 'node:tls';
import { fileURLToPath } from 'node:url';
import { certificate } from './certificate.mjs';
import { until, within } from './deadline.mjs';
import { freePort, Process } from './server.mjs';

const kDeploy = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../../deploy');
const kNobody = 65534;
const kName = 'flags.example';
const kNodePorts = ['5001', '5002', '5003'];

/** Replaces each of [pattern, text]; a pattern that does not occur is a mistake of the test. */
export function changed(config, changes) {
  for (const [pattern, text] of changes) {
    const next = config.replaceAll(pattern, text);
    if (next === config && !config.includes(text)) throw new Error(`${pattern} does not occur in the configuration`);
    config = next;
  }
  return config;
}

const withPorts = (ports) => kNodePorts.map((port, n) => [new RegExp(`127\\.0\\.0\\.1:${port}\\b`, 'g'), `127.0.0.1:<${n}>`])
  .concat(ports.map((port, n) => [`<${n}>`, String(port)]));

const kKinds = {
  nginx: {
    announced: [[/(listen [^;]+);/g, '$1 proxy_protocol; set_real_ip_from 127.0.0.1; real_ip_header proxy_protocol;']],
    async prepare(folder, { port, ports, files, changes }) {
      const config = changed(await readFile(path.join(kDeploy, 'nginx/togglecast.conf'), 'utf8'), [
        ...withPorts(ports),
        ['listen 443 ', `listen 127.0.0.1:${port} `],
        [/ssl_certificate +\S+;/g, `ssl_certificate ${files.certificate};`],
        [/ssl_certificate_key +\S+;/g, `ssl_certificate_key ${files.key};`],
        ...changes,
      ]);
      await writeFile(path.join(folder, 'togglecast.conf'), config);
      const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `  ${kind}_temp_path ${folder}/${kind};\n`).join('');
      await writeFile(path.join(folder, 'nginx.conf'), `daemon off;\npid ${folder}/nginx.pid;\nerror_log stderr warn;\nworker_processes 2;\n`
        + `events { worker_connections 2048; }\nhttp {\n  access_log off;\n${temporary}  include ${folder}/togglecast.conf;\n}\n`);
      return ['nginx', ['-p', folder, '-c', `${folder}/nginx.conf`, '-e', 'stderr']];
    },
  },
  haproxy: {
    announced: [[/( bind .*)/g, '$1 accept-proxy']],
    async prepare(folder, { port, ports, files, changes }) {
      const pem = path.join(folder, 'both.pem');
      await writeFile(pem, (await readFile(files.certificate, 'utf8')) + (await readFile(files.key, 'utf8')));
      const config = changed(await readFile(path.join(kDeploy, 'haproxy/haproxy.cfg'), 'utf8'), [
        ...withPorts(ports),
        ['bind :443 ', `bind 127.0.0.1:${port} `],
        [/crt \S+/g, `crt ${pem}`],
        ...changes,
      ]);
      await writeFile(path.join(folder, 'haproxy.cfg'), config);
      return ['haproxy', ['-db', '-f', path.join(folder, 'haproxy.cfg')]];
    },
  },
};

/** A running proxy. `url` is https, with the authority `ca`. */
export class Balancer {
  /**
   * Starts `kind`, nginx or haproxy, before the nodes with these three ports (fewer: repeated) and waits until it passes
   * a request on. `changes`: further [pattern, text] for its file. With `announced`, clients may have any address: a PROXY
   * header of the test names it.
   */
  static async start(kind, nodePorts, { changes = [], announced = false } = {}) {
    const folder = await mkdtemp(path.join(os.tmpdir(), `togglecast-${kind}-`));
    const balancer = new Balancer();
    Object.assign(balancer, { kind, folder, announced, port: await freePort() });
    balancer.url = `https://localhost:${balancer.port}`;
    const ports = kNodePorts.map((_, n) => nodePorts[n % nodePorts.length]);
    const files = await certificate(folder, kind, { names: [kName] });
    balancer.ca = await readFile(files.certificate);
    const [command, args] = await kKinds[kind].prepare(folder, {
      port: balancer.port, ports, files, changes: [...changes, ...(announced ? kKinds[kind].announced : [])],
    });
    const root = process.getuid() === 0;
    if (root) {
      await chown(folder, kNobody, kNobody);
      await chmod(files.key, 0o644); // of a certificate that lives as long as the test
    }
    // There, and not in a folder of root: HAProxy goes back to where it was started.
    balancer.process = new Process(command, args, { cwd: folder, ...(root ? { uid: kNobody, gid: kNobody } : {}) });
    await until(async () => {
      if (!balancer.process.running) throw new Error(`${kind} ended:\n${balancer.process.output}`);
      return balancer.request('/healthz').then(({ status }) => status === 200, () => false);
    }, `an answer through ${kind}`);
    return balancer;
  }

  /** The text of the file as it is in deploy/. */
  static file(kind) {
    return readFile(path.join(kDeploy, kind === 'nginx' ? 'nginx/togglecast.conf' : 'haproxy/haproxy.cfg'), 'utf8');
  }

  #connect(from) {
    const tcp = net.connect(this.port, '127.0.0.1');
    if (this.announced) tcp.write(`PROXY TCP4 ${from} 127.0.0.1 1000 443\r\n`);
    return tls.connect({ socket: tcp, servername: 'localhost', ca: this.ca });
  }

  /** One request on a connection of its own, from the address `from`. A 101 is an answer too. */
  request(target, { method = 'GET', headers = {}, body, from = '192.0.2.1', host = `localhost:${this.port}` } = {}) {
    const options = { path: target, method, createConnection: () => this.#connect(from) };
    return within(new Promise((resolve, reject) => {
      const request = https.request({ ...options, headers: { Host: host, ...headers } }, (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (more) => (text += more));
        answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, body: text }));
      });
      request.on('upgrade', (answer, socket) => {
        socket.destroy();
        resolve({ status: answer.statusCode, headers: answer.headers, body: '' });
      });
      request.on('error', reject);
      request.end(body);
    }), `${method} ${target} through ${this.kind}`, 120_000);
  }

  async end() {
    if (this.process.running) await this.process.end('SIGTERM');
    await rm(this.folder, { recursive: true, force: true });
  }
}
