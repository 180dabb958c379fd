// Ports for servers of tests.
import net from 'node:net';

const isFree = (port) => new Promise((resolve) => {
  const probe = net.createServer();
  probe.once('error', () => resolve(false));
  probe.listen(port, () => probe.close(() => resolve(true)));
});

// Test files that run at once ask for ports at once: who has one keeps its name, a socket without a file, until the end.
const isOurs = (port) => new Promise((resolve) => {
  const claim = net.createServer();
  claim.once('error', () => resolve(false));
  claim.listen(`\0togglecast-test-port-${port}`, () => resolve(true)).unref();
});

// Below those that the system hands out by itself, so that no connection of a test that runs meanwhile takes one between
// the probe and the server's start.
const [kFirstPort, kLastPort] = [11_000, 31_999];
let nextPort = kFirstPort + Math.floor(Math.random() * (kLastPort - kFirstPort));

export async function freePort() {
  for (;;) {
    const port = nextPort;
    nextPort = port < kLastPort ? port + 1 : kFirstPort;
    if ((await isOurs(port)) && (await isFree(port))) return port;
  }
}
