#include "realtime/session/credentials.hpp"

#include "domain/entities/context.hpp"
#include "realtime/protocol/packets.hpp"

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

Result<delivery::ContextPtr> read_context(const json::value& from) {
  const auto* context = json::find(from, "context");
  if (context == nullptr || context->is_null()) return delivery::ContextPtr{};
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

}  // namespace togglecast::realtime
