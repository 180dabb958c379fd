#include "realtime/login.hpp"

#include "auth/roles.hpp"
#include "domain/entities/context.hpp"
#include "realtime/emit.hpp"
#include "realtime/rooms.hpp"

namespace togglecast::realtime {
namespace {

constexpr std::string_view kBearer = "Bearer ";

}  // namespace

Result<std::string> presented_token(const socketio::Socket& socket) {
  const auto* token = json::find(socket.auth(), "token");
  if (token != nullptr && !token->is_null()) {
    if (!token->is_string()) return fail(Errc::token_invalid, "auth.token must be a string");
    if (!token->get_string().empty()) return std::string(token->get_string());
  }
  if (socket.handshake() == nullptr) return std::string();
  const std::string_view header = socket.handshake()->headers.value("Authorization");
  const bool bearer = header.size() > kBearer.size() &&
                      wire::http::Headers::same_name(header.substr(0, kBearer.size()), kBearer);
  return bearer ? std::string(header.substr(kBearer.size())) : std::string();
}

Result<bool> wants_offsets(const socketio::Socket& socket) {
  const auto* offsets = json::find(socket.auth(), "offsets");
  if (offsets == nullptr || offsets->is_null()) return true;
  if (!offsets->is_bool()) return fail_field("/offsets", "auth.offsets must be true or false");
  return offsets->get_bool();
}

Result<ContextPtr> read_context(const json::value& from) {
  const auto* context = json::find(from, "context");
  if (context == nullptr || context->is_null()) return ContextPtr{};
  const json::value alone{{"context", *context}};
  domain::FieldReader in(alone);
  auto object = domain::read_context(in);
  if (auto ok = in.finish(); !ok) return tl::unexpected(ok.error());
  return std::make_shared<const json::object>(*std::move(object));
}

socketio::ConnectError connect_error(const Error& error) {
  const auto body = error_object(error);
  return {error.message, body.at("error")};
}

void take_role(socketio::Socket& socket, Peer& peer, const service::Principal& who) {
  if (peer.logged_in) socket.leave(role_room(peer.who.environment, peer.who.role));
  peer.who = who;
  peer.readable = auth::readable_kinds(who.role);
  socket.join(role_room(who.environment, who.role));
}

void take_client(socketio::Socket& socket, Peer& peer, const std::shared_ptr<const domain::Client>& client) {
  const std::string& environment = peer.who.environment;
  const domain::Id is = client->package_id.value_or(0);
  const domain::Id was = peer.client == nullptr ? is : peer.client->package_id.value_or(0);
  if (was != is) socket.leave(package_room(environment, was));
  if (peer.client == nullptr || was != is) socket.join(package_room(environment, is));
  peer.client = client;
  peer.active = client->active;
  peer.plain = client->overrides.empty();
}

}  // namespace togglecast::realtime
