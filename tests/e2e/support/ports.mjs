// Ports for servers of tests.
import net from 'node:net';

const isFree = (port) => new Promise((resolve) => {
  const probe = net.createServer();
  probe.once('error', () => resolve(false));
  probe.listen(port, () => probe.close(() => resolve(true)));
});

// Below those that the system hands out by itself, so that no connection of a test that runs meanwhile takes one between
// the probe and the server's start; from a random one on, so that files which run at once hardly meet.
const [kFirstPort, kLastPort] = [11_000, 31_999];
let nextPort = kFirstPort + Math.floor(Math.random() * (kLastPort - kFirstPort));

export async function freePort() {
  for (;;) {
    const port = nextPort;
    nextPort = port < kLastPort ? port + 1 : kFirstPort;
    if (await isFree(port)) return port;
  }
}
