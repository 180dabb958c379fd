// Answers of an HTTP server that is slow, lies, or says too much: {slow, result, answer(request, response)}. `result` is the
// label that the client of Togglecast counts it by.
const kEvery = 100;
const kEndless = Buffer.alloc(64 << 10, ' ');

/** Writes a piece again and again until the other side has enough. */
function drip(response, write) {
  const timer = setInterval(write, kEvery);
  response.once('close', () => clearInterval(timer));
}

const raw = (text) => (request) => request.socket.end(text);

function pour(response, more) {
  const pump = () => {
    while (!response.destroyed && more());
  };
  response.on('drain', pump);
  pump();
}

export const kFaultyAnswers = {
  'holds its answer': { slow: true, result: 'timeout', answer() {} },
  'drips its answer': {
    slow: true,
    result: 'timeout',
    answer(_, response) {
      response.writeHead(200, { 'Content-Type': 'application/json' });
      drip(response, () => response.write(' '));
    },
  },
  'drips its headers': {
    slow: true,
    result: 'timeout',
    answer(request, response) {
      request.socket.write('HTTP/1.1 200 OK\r\nX-Slow: ');
      drip(response, () => request.socket.write('x'));
    },
  },
  'answers without end': {
    result: 'too_large',
    answer(_, response) {
      response.writeHead(200, { 'Content-Type': 'application/json' });
      pour(response, () => response.write(kEndless));
    },
  },
  'announces a huge answer': {
    result: 'too_large',
    answer: (_, response) => response.writeHead(200, { 'Content-Length': String(2 ** 40) }).write('{'),
  },
  'sends headers without end': {
    result: 'too_large',
    answer(request, response) {
      request.socket.write('HTTP/1.1 200 OK\r\n');
      request.socket.on('drain', () => request.socket.write(`X-More: ${'x'.repeat(8000)}\r\n`.repeat(8)));
      drip(response, () => request.socket.write(`X-More: ${'x'.repeat(8000)}\r\n`));
    },
  },
  'cuts the connection': { result: 'unavailable', answer: (request) => request.socket.destroy() },
  'sends less than it announces': { result: 'unavailable', answer: raw('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"keys": [') },
  'speaks another language': { result: 'unavailable', answer: raw('SSH-2.0-OpenSSH_9.2\r\n') },
  'redirects': { result: 'http_error', answer: (_, response) => response.writeHead(307, { Location: '/elsewhere' }).end() },
  'answers an error': { result: 'http_error', answer: (_, response) => response.writeHead(500).end('{"keys": []}') },
  'answers garbage': { result: 'ok', answer: (_, response) => response.end(Buffer.from([0xff, 0xfe, 0x00, 0x7b, 0x22])) },
  'answers a page': { result: 'ok', answer: (_, response) => response.writeHead(200, { 'Content-Type': 'text/html' }).end('<html>Log in here</html>') },
  'answers deep nonsense': { result: 'ok', answer: (_, response) => response.end(`{"keys": ${'['.repeat(100_000)}`) },
  'answers an empty object': { result: 'ok', answer: (_, response) => response.end('{}') },
};

/** `answer` for each request, and counts in `seen` how many came (`asked`) and how many wait for their end (`open`). */
export function watched(seen, { answer }) {
  return (request, response) => {
    seen.asked = (seen.asked ?? 0) + 1;
    seen.open = (seen.open ?? 0) + 1;
    request.socket.on('error', () => {});
    response.once('close', () => (seen.open -= 1));
    const { bytesWritten } = request.socket;
    response.once('close', () => (seen.sent = request.socket.bytesWritten - bytesWritten));
    answer(request, response);
  };
}
