#include "realtime/session/credentials.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "domain/entities/context.hpp"
#include "realtime/protocol/packets.hpp"

namespace togglecast::realtime {
namespace {

constexpr std::string_view kBearer = "Bearer";

// Names under which other services take what we take as `token`; in lower case, without '_' and '-'.
constexpr std::array<std::string_view, 9> kOtherNames{
    "token", "accesstoken", "authtoken", "apikey", "key", "apitoken", "bearer", "jwt", "authorization"};

bool is_name_of_a_token(std::string_view name) {
  std::string plain;
  for (const char c : name.substr(0, 32)) {
    if (c != '_' && c != '-') plain += static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  }
  return std::find(kOtherNames.begin(), kOtherNames.end(), plain) != kOtherNames.end();
}

// The token of `Authorization: Bearer`; nothing without such a header.
std::optional<std::string> bearer_token(const engineio::Handshake& handshake) {
  const std::string_view header = handshake.headers.value("Authorization");
  if (!wire::http::Headers::same_name(header.substr(0, kBearer.size()), kBearer)) return std::nullopt;
  std::string_view token = header.substr(kBearer.size());
  if (!token.empty() && token.front() != ' ') return std::nullopt;
  while (!token.empty() && token.front() == ' ') token.remove_prefix(1);
  return std::string(token);
}

tl::unexpected<Error> misplaced(std::string_view what) {
  return fail(Errc::token_invalid, std::string(what) + "; send the token as auth.token");
}

}  // namespace

Result<std::string> presented_token(const socketio::Socket& socket) {
  const auto* token = json::find(socket.auth(), "token");
  if (token != nullptr && token->is_null()) token = nullptr;
  if (token != nullptr && !token->is_string())
    return fail(Errc::token_invalid, "auth.token must be a string");
  if (token != nullptr && !token->get_string().empty()) return std::string(token->get_string());
  const auto* handshake = socket.handshake();
  const auto bearer = handshake == nullptr ? std::nullopt : bearer_token(*handshake);
  if (bearer && !bearer->empty()) return *bearer;
  if (token != nullptr)
    return fail(
        Errc::token_invalid,
        "auth.token is empty; an owner makes a client's token with POST /api/v1/clients/{id}/tokens, and "
        "an admin gets one from POST /api/v1/auth/login");
  if (bearer) return misplaced("the header Authorization has no token behind 'Bearer'");
  if (const auto* auth = socket.auth().if_object()) {
    for (const auto& member : *auth) {
      if (is_name_of_a_token(member.key()) && !member.value().is_null())
        return misplaced("auth." + std::string(member.key()).substr(0, 32) + " is not read");
    }
  }
  if (handshake != nullptr) {
    for (const auto& [name, value] : handshake->query.parameters()) {
      if (is_name_of_a_token(name))
        return misplaced("a token in the URL (" + name.substr(0, 32) +
                         "=…) is not read, because URLs end up in logs");
    }
  }
  return std::string();
}

json::array warnings_of(const Error& error) {
  json::array warnings;
  for (const auto& issue : error.details)
    warnings.push_back(json::object{{"pointer", issue.pointer}, {"reason", issue.reason}});
  if (warnings.empty()) warnings.push_back(json::object{{"pointer", ""}, {"reason", error.message}});
  return warnings;
}

Result<bool> wants_offsets(const socketio::Socket& socket) {
  const auto* offsets = json::find(socket.auth(), "offsets");
  if (offsets == nullptr || offsets->is_null()) return true;
  if (!offsets->is_bool())
    return fail_field("/offsets", "must be true or false; the connection gets offsets");
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
