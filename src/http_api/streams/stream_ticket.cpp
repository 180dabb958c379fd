#include "http_api/streams/stream_ticket.hpp"

#include <cstddef>
#include <memory>
#include <utility>

#include "base/base64.hpp"
#include "base/json.hpp"
#include "base/secret.hpp"
#include "domain/schema/ids.hpp"

namespace togglecast::http_api {
namespace {

using service::Principal;

constexpr std::size_t kIv = 16;
constexpr std::size_t kLongest = 4'096;

tl::unexpected<Error> no_ticket() {
  return fail(Errc::token_invalid,
              "this is no ticket of a stream, or its time is over; POST /ofrep/v1/evaluate/flags gives one");
}

std::int64_t number(const json::value& body, std::string_view name) {
  const json::value* found = json::find(body, name);
  return found == nullptr ? 0 : domain::integer_in(*found).value_or(0);
}

json::object members_of(const Principal& client) {
  json::object body{{"client", client.id}, {"environment", client.environment}};
  if (client.issued_by == nullptr) {
    body["key"] = client.signing_key;
    body["token"] = client.token_id;
  } else {
    body["issuer"] = client.issued_by->issuer;
    body["thumbprint"] = client.issued_by->key;
    body["issued_at"] = client.issued_by->issued_at;
    body["expires_at"] = client.expires_at.value;
  }
  return body;
}

}  // namespace

std::string StreamTickets::iv_of(std::string_view text) const { return proof_.sign(text).substr(0, kIv); }

void StreamTickets::cross(std::string& text, std::string_view iv) const {
  std::string block;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::size_t at = block.empty() ? 0 : i % block.size();
    if (at == 0) block = pad_.sign(std::string(iv) + ' ' + std::to_string(i));
    text[i] = static_cast<char>(text[i] ^ block[at]);
  }
}

std::string StreamTickets::name_of(const Principal& client) {
  std::string name = std::to_string(client.id) + ' ' + client.environment + ' ';
  if (client.issued_by == nullptr)
    return name + std::to_string(client.signing_key) + ' ' + std::to_string(client.token_id);
  return name + std::to_string(client.issued_by->issuer) + ' ' + client.issued_by->key + ' ' +
         std::to_string(client.issued_by->issued_at) + ' ' + std::to_string(client.expires_at.value);
}

std::string StreamTickets::seal(const Principal& client) const {
  const std::string name = name_of(client);
  if (auto known = sealed_.find(name)) return *std::move(known);
  std::string text = json::canonical(members_of(client));
  const std::string iv = iv_of(text);
  cross(text, iv);
  std::string ticket = base64url_encode(iv + text);
  sealed_.keep(name, ticket);
  return ticket;
}

Result<Principal> StreamTickets::open(std::string_view ticket) const {
  if (ticket.size() > kLongest) return no_ticket();
  const auto bytes = base64url_decode(ticket);
  if (!bytes || bytes->size() <= kIv) return no_ticket();
  const std::string iv = bytes->substr(0, kIv);
  std::string text = bytes->substr(kIv);
  cross(text, iv);
  if (!equal_in_constant_time(iv_of(text), iv)) return no_ticket();
  const auto body = json::parse(text);
  if (!body) return no_ticket();
  Principal who;
  who.kind = Principal::Kind::client;
  who.id = number(*body, "client");
  who.environment = json::string_or_empty(*body, "environment");
  if (json::find(*body, "issuer") == nullptr) {
    who.signing_key = static_cast<std::uint32_t>(number(*body, "key"));
    who.token_id = number(*body, "token");
  } else {
    who.expires_at = {number(*body, "expires_at")};
    who.issued_by = std::make_shared<const service::IssuedBy>(
        service::IssuedBy{number(*body, "issuer"), std::string(json::string_or_empty(*body, "thumbprint")),
                          number(*body, "issued_at")});
  }
  return who;
}

}  // namespace togglecast::http_api
