// The same server on npm's socket.io with its default `ws`: answers the load generator in the same words.
//   node server.mjs [--bytes 200] [--token-key KEY] [--compress 1]
import { createServer } from "node:http";
import { createHmac, timingSafeEqual } from "node:crypto";
import { Server } from "socket.io";

const options = new Map();
for (let i = 2; i + 1 < process.argv.length; i += 2) options.set(process.argv[i], process.argv[i + 1]);
const key = options.get("--token-key");
const news = "x".repeat(Number(options.get("--bytes") ?? 200) - 13);

const http = createServer();
const io = new Server(http, {
  serveClient: false,
  perMessageDeflate: options.has("--compress") ? { threshold: 256 } : false,
});

function tokenIsGood(token = "") {
  const [head, body, signature] = token.split(".");
  if (!signature) return false;
  const expected = createHmac("sha256", key).update(`${head}.${body}`).digest();
  const given = Buffer.from(signature, "base64url");
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return false;
  return JSON.parse(Buffer.from(body, "base64url").toString()).exp > Date.now() / 1000;
}

if (key) io.use((socket, next) => next(tokenIsGood(socket.handshake.auth.token) ? undefined : new Error("unauthorized")));
io.on("connection", (socket) => {
  socket.join(["plan:gold", "tenant:seven"]);
  socket.on("echo", (value, ack) => ack(value));
  socket.on("go", (times) => {
    for (let i = 0; i < times; ++i) io.to("plan:gold").emit("news", news);
  });
});
http.listen(0, "127.0.0.1", () => console.log(`listening on ${http.address().port}`));
