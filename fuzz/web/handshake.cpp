// The opening handshake (web/websocket) and the CONNECT that follows it (wire/socketio): the input is an
// upgrade request, and behind it, instead of frames, the packet's payload. Whatever a request asks for, the
// 101 has our lines and no others; auth is an object or nothing, and a refusal quotes it as JSON.
#include "web/websocket.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.hpp"
#include "base/utf8.hpp"
#include "support/property.hpp"
#include "wire/http/request_parser.hpp"
#include "wire/socketio/packet.hpp"
#include "wire/websocket/handshake.hpp"

namespace togglecast::fuzz {
namespace {

using wire::http::Request;
using wire::http::RequestParser;

std::size_t count(std::string_view text, std::string_view what) {
  std::size_t found = 0;
  for (auto at = text.find(what); at != std::string_view::npos; at = text.find(what, at + what.size()))
    ++found;
  return found;
}

void check_upgrade(const Request& request) {
  const auto problem = web::upgrade_problem(request);
  const std::string_view key = request.headers.value("Sec-WebSocket-Key");
  if (problem) {
    require(!problem->empty() && is_valid_utf8(*problem), "a refusal says why");
    return;
  }
  require(request.upgrade && request.method == wire::http::Method::get && request.version == 11,
          "an upgrade is asked for in HTTP/1.1 by GET");
  require(wire::websocket::is_valid_key(key), "a key is sixteen bytes");
  const std::string response = web::upgrade_response(request);
  require(response.starts_with("HTTP/1.1 101 Switching Protocols\r\n"), "the answer is 101");
  require(response.find("\r\n\r\n") == response.size() - 4, "the answer ends where its header does");
  require(
      count(response, "\r") == count(response, "\r\n") && count(response, "\n") == count(response, "\r\n"),
      "every line ends as lines do");
  require(response.find("\r\nSec-WebSocket-Accept: " + wire::websocket::accept_key(key) + "\r\n") !=
              std::string::npos,
          "the key is answered");
}

void check_auth(std::string_view payload) {
  wire::socketio::Decoder decoder({});
  const auto packet = decoder.text("0" + replace_invalid_utf8(payload));
  if (!packet || !*packet) return;
  const auto& connect = **packet;
  require(connect.type == wire::socketio::PacketType::connect, "a CONNECT is a CONNECT");
  require(connect.auth.is_object() || connect.auth.is_null(), "auth is an object or nothing");
  require(!connect.ack_id, "a CONNECT has no number");

  const std::string_view token = json::string_or_empty(connect.auth, "token");
  const std::string refusal = wire::socketio::encode_connect_error(connect.nsp, token, connect.auth);
  require(is_valid_utf8(refusal), "what is sent is UTF-8");
  const auto again = wire::socketio::Decoder({}).text(refusal);
  require(again.has_value() && *again && (**again).nsp == connect.nsp, "a refusal names its namespace");
  const auto welcome =
      wire::socketio::Decoder({}).text(wire::socketio::encode_connect(connect.nsp, token, token));
  require(welcome.has_value() && *welcome && (**welcome).nsp == connect.nsp &&
              json::string_or_empty((**welcome).auth, "sid") == token,
          "a welcome is read back");
}

struct Arrived {
  std::optional<Request> request;
  std::string rest;
};

Arrived read(const Pieces& pieces) {
  Arrived arrived;
  RequestParser parser({});
  for (std::string_view piece : pieces) {
    if (!arrived.request && parser.feed(piece) == RequestParser::State::complete)
      arrived.request = parser.take();
    if (arrived.request) arrived.rest += piece;
  }
  return arrived;
}

// What the socket would be given, and what behind the request belongs to it.
std::string outcome(const Arrived& arrived) {
  if (!arrived.request) return "no request";
  return web::upgrade_problem(*arrived.request).value_or("fine") + '\n' + arrived.rest;
}

void check(std::string_view bytes) {
  (void)same_however_cut(bytes, [](const Pieces& pieces) { return outcome(read(pieces)); });
  const Arrived arrived = read({bytes});
  if (!arrived.request) return;
  check_upgrade(*arrived.request);
  check_auth(arrived.rest);
}

}  // namespace
}  // namespace togglecast::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  togglecast::fuzz::check({reinterpret_cast<const char*>(data), size});
  return 0;
}
