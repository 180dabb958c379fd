#include "http_api/ofrep/ofrep_request.hpp"

#include <optional>
#include <utility>

#include "domain/entities/context.hpp"
#include "domain/schema/fields.hpp"
#include "wire/http/text.hpp"

namespace togglecast::http_api {
namespace {

constexpr std::string_view kClientHeader = "Togglecast-Client";
constexpr std::string_view kClientMember = "client";
constexpr std::string_view kTargetingKey = "targetingKey";
constexpr std::size_t kShownKey = 100;  // characters of a client's key, in messages

// Stock clients send `{"context": {}}` or no body at all for a user that they do not know.
Result<std::optional<json::object>> read_context(const Call& call) {
  auto body = call.optional_body();
  if (!body) return fail(Errc::parse_error, body.error().message);
  json::value* sent = body->as_object().if_contains("context");
  if (sent == nullptr || sent->is_null()) return std::nullopt;
  if (const json::value* key = json::find(*sent, kTargetingKey);
      key != nullptr && !key->is_string() && !key->is_null())
    return fail_field("/context/targetingKey", "must be a string");
  json::object members;
  members["context"] = std::move(*sent);
  const json::value wrapped(std::move(members));
  domain::FieldReader in(wrapped);
  auto context = domain::read_context(in);
  return in.finish().map([&] { return context; });
}

// The key of the client that a server names.
std::optional<std::string> take_client(const Call& call, std::optional<json::object>& context) {
  const auto header = wire::http::trimmed(call.request().headers.value(kClientHeader));
  std::optional<std::string> named;
  if (context) {
    if (context->contains(kTargetingKey)) named = json::string_or_empty(*context, kTargetingKey);
    if (const auto* member = context->if_contains(kClientMember); member != nullptr && member->is_string()) {
      named = std::string(std::string_view(member->get_string()));
      context->erase(kClientMember);  // rules read the record of the client there
    }
  }
  if (!header.empty()) named = std::string(header);
  return named;
}

}  // namespace

Result<domain::Viewpoint> read_ofrep(const Call& call, json::object& refused) {
  auto context = read_context(call);
  if (!context) return tl::unexpected(context.error());
  domain::Viewpoint viewpoint;
  viewpoint.state = call.application().model().current(call.who().environment);
  if (call.who().kind == service::Principal::Kind::client) {
    viewpoint.client = viewpoint.state->find<domain::Client>(call.who().id);
    if (viewpoint.client == nullptr) return fail(Errc::revoked, "this client is gone");
  } else {
    const auto named = take_client(call, *context);
    if (!named) {
      refused["errorCode"] = "TARGETING_KEY_MISSING";
      return fail(Errc::invalid_argument,
                  "the request names no client; send its key in the header Togglecast-Client, in the member "
                  "client of the context, or as targetingKey");
    }
    viewpoint.client = viewpoint.state->find_by_key<domain::Client>(*named);
    if (viewpoint.client == nullptr)
      return fail(Errc::invalid_argument,
                  "there is no client '" + named->substr(0, kShownKey) +
                      "'; the header Togglecast-Client, the member client of the context, or else "
                      "targetingKey names one");
  }
  if (*context) viewpoint.context = std::make_shared<const json::object>(**std::move(context));
  return viewpoint;
}

}  // namespace togglecast::http_api
