// The page at `/`: the console. In a program that was built without it: the way to get it, the state of the
// server and the first steps, with commands for the address of this request.
#include <algorithm>
#include <string>
#include <utility>

#include "base/base64.hpp"
#include "base/digest.hpp"
#include "http_api/console/console.hpp"
#include "http_api/handlers/handlers.hpp"
#include "http_api/request/access.hpp"
#include "http_api/request/call.hpp"

namespace togglecast::http_api {
namespace {

constexpr std::string_view kStyle = R"css(
:root { color-scheme: light dark; --ink: #1c2430; --soft: #5b6777; --page: #f6f7f9; --card: #fff; --line: #dde2e9;
  --code: #f0f2f6; --on: #117a4b; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e9f0; --soft: #98a5b6; --page: #12161c; --card: #1a2029;
  --line: #2c3541; --code: #10141a; --on: #4cc38a; } }
* { box-sizing: border-box; }
body { margin: 0; padding: 3rem 1.25rem; background: var(--page); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif; }
main { max-width: 50rem; margin: 0 auto; }
header { display: flex; flex-wrap: wrap; align-items: baseline; gap: .25rem 1rem; margin-bottom: 1.5rem; }
h1 { margin: 0; font-size: 1.7rem; letter-spacing: -.01em; }
.state { color: var(--on); font-weight: 600; }
.state::before { content: ""; display: inline-block; width: .6em; height: .6em; margin-right: .45em;
  border-radius: 50%; background: currentColor; }
.facts { color: var(--soft); }
p { color: var(--soft); margin: 0 0 1.5rem; }
.notice { margin-bottom: 1.5rem; padding: .8rem 1rem; border: 1px solid var(--line); border-left: 4px solid #d9822b;
  border-radius: 7px; }
.notice p { margin: 0; }
.notice p + p { margin-top: .5rem; }
.notice code { white-space: nowrap; }
strong { color: var(--ink); }
ol { list-style: none; margin: 0; padding: 0; counter-reset: step; }
li { counter-increment: step; margin-bottom: 1rem; padding: 1.1rem 1.25rem 1.25rem; background: var(--card);
  border: 1px solid var(--line); border-radius: 10px; }
h2 { margin: 0 0 .5rem; font-size: 1.05rem; }
h2::before { content: counter(step) ". "; color: var(--soft); }
li p { margin: -.3rem 0 .7rem; font-size: .93rem; }
pre { margin: 0; padding: .8rem 1rem; overflow-x: auto; background: var(--code); border: 1px solid var(--line);
  border-radius: 7px; font: 13px/1.5 ui-monospace, "DejaVu Sans Mono", "Liberation Mono", monospace;
  user-select: all; -webkit-user-select: all; cursor: copy; }
footer { margin-top: 1.5rem; color: var(--soft); font-size: .9rem; }
a { color: inherit; }
code { font: .92em ui-monospace, "DejaVu Sans Mono", "Liberation Mono", monospace; }
)css";

constexpr std::string_view kPage = R"html(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Togglecast</title>
<link rel="icon" href="data:,">
<style>@style@</style>
</head>
<body>
<main>
<header>
<h1>Togglecast</h1>
<span class="state">@state@</span>
<span class="facts">version @version@ · environment @environment@</span>
</header>
<div class="notice">
<p><strong>The web console is missing.</strong> This program was built without the web console: npm was not there, the console
could not be built, or <code>--without-console</code> left it out. Everything else works without it.</p>
<p>To get it, stop the server and run <code>./start</code> without that option. It installs npm, builds the console and the
server, and says what is in its way. By hand: install npm (on Debian <code>apt-get install npm</code>), run
<code>console/build</code>, and build the server again.</p>
</div>
<p>Five steps show how a change by an admin reaches a client. Run them in this order in one terminal. A click selects
all commands of a step. The command <code>togglecast quickstart</code> takes such steps for you.</p>
<ol>
<li>
<h2>Log in</h2>
<p>The first start printed the password, or the file that holds it. <code>ask</code> sends a request and shows a refusal.</p>
<pre>ask() {
  local answer
  answer=$(curl -sS --fail-with-body -H "Authorization: Bearer $ADMIN" \
    -H 'Content-Type: application/json' "$&#64;") || { echo "$answer" &gt;&amp;2; return 1; }
  echo "$answer"
}
PASSWORD='put the password here'
ADMIN=$(ask @base@/api/v1/auth/login \
  -d '{"username": "@owner@", "password": "'"$PASSWORD"'"}' |
  sed -n 's/.*"token":"\([^"]*\)".*/\1/p'); echo "$ADMIN"</pre>
</li>
<li>
<h2>Replace the first password</h2>
<p>Leave this step out if you chose the password yourself. One that the server made opens nothing but this change.</p>
<pre>NEW='put a new password here'
ask @base@/api/v1/auth/password \
  -d '{"current": "'"$PASSWORD"'", "new": "'"$NEW"'"}'</pre>
</li>
<li>
<h2>Create a client and its token</h2>
<pre>CLIENT=$(ask @base@/api/v1/clients \
  -H 'Idempotency-Key: first-client' -d '{"key": "demo", "name": "Demo"}' |
  sed -n 's/.*"id":\([0-9]*\).*/\1/p')
TOKEN=$(ask -X POST @base@/api/v1/clients/$CLIENT/tokens |
  sed -n 's/.*"token":"\([^"]*\)".*/\1/p'); echo "$TOKEN"</pre>
</li>
<li>
<h2>Listen with the official Socket.IO client</h2>
<p>This step needs Node.js and npm. The client runs in the background; <code>kill %1</code> ends it.</p>
<pre>npm install --no-save socket.io-client
TOKEN=$TOKEN node -e '
  const { io } = require("socket.io-client");
  const socket = io("@base@/client", { auth: { token: process.env.TOKEN } });
  socket.on("client_connected", (view) => console.log("connected as", view.client.key));
  socket.on("connect_error", (error) => console.log(error.message));
  socket.on("platform_update", (update) => console.log("platform_update", update));
' &amp;</pre>
</li>
<li>
<h2>Switch a platform</h2>
<pre>PLATFORM=$(ask @base@/api/v1/platforms \
  -H 'Idempotency-Key: first-platform' \
  -d '{"key": "first-platform", "name": "First platform"}' |
  sed -n 's/.*"id":\([0-9]*\).*/\1/p')
ask -X POST @base@/api/v1/platforms/$PLATFORM/toggle</pre>
</li>
</ol>
<footer>Health: <code>/healthz</code> · Readiness: <code>/readyz</code> · Socket.IO: <code>/socket.io/</code>, namespaces
<code>/admin</code> and <code>/client</code> · All requests, those for features and packages too:
<a href="/api/v1/openapi.json">/api/v1/openapi.json</a></footer>
</main>
</body>
</html>
)html";

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

// Replaces each `@name@` by its value.
std::string filled(std::string_view text,
                   std::initializer_list<std::pair<std::string_view, std::string>> values) {
  std::string out;
  while (!text.empty()) {
    const std::size_t at = std::min(text.find('@'), text.size());
    out += text.substr(0, at);
    text.remove_prefix(at);
    if (text.empty()) break;
    for (const auto& [name, value] : values) {
      if (!text.substr(1).starts_with(name)) continue;
      out += value;
      text.remove_prefix(name.size() + 1);
      break;
    }
    text.remove_prefix(1);  // the second @
  }
  return out;
}

// The address that the browser used. The page puts it into commands, so it may contain only the characters of
// a host.
std::string base_address(const Call& call) {
  std::string_view host = call.peer().host_of(call.request());
  const bool plain = std::all_of(host.begin(), host.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view(".-_:[]").find(c) != std::string_view::npos;
  });
  if (!plain || host.empty()) host = "localhost";
  return (call.peer().secure ? "https://" : "http://") + std::string(host);
}

std::string content_policy() {
  const Sha256 digest = sha256(kStyle);
  const std::string_view bytes(reinterpret_cast<const char*>(digest.data()), digest.size());
  return "default-src 'none'; style-src 'sha256-" + base64_encode(bytes) +
         "'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
}

}  // namespace

void front_page(const CallPtr& call) {
  if (const Console* console = call->api().options().console; console != nullptr) {
    if (auto page = console->answer_index(call->request())) return call->respond(*std::move(page));
  }
  static const std::string policy = content_policy();
  const Options& options = call->api().options();
  wire::http::Response response;
  response.headers.add("Content-Type", "text/html; charset=utf-8");
  response.headers.add("Content-Security-Policy", policy);
  response.headers.add("Referrer-Policy", "no-referrer");
  response.headers.add("Cache-Control", "no-store");
  response.body = filled(kPage, {{"style", std::string(kStyle)},
                                 {"state", call->api().phase() == Phase::draining ? "stopping" : "running"},
                                 {"version", escaped(options.version)},
                                 {"environment", escaped(options.environment)},
                                 {"owner", escaped(options.owner)},
                                 {"base", escaped(base_address(*call))}});
  call->respond(std::move(response));
}

}  // namespace togglecast::http_api
