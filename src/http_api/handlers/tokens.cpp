#include <algorithm>

#include "http_api/handlers/entities.hpp"
#include "http_api/handlers/handlers.hpp"

namespace togglecast::http_api {

void list_tokens(const CallPtr& call) {
  const auto client = call->id("id");
  if (!client) return call->refuse(client.error());
  const auto query = call->page_query({});
  if (!query) return call->refuse(query.error());
  if (answer_kept_page(*call, domain::Kind::client, *query)) return;
  answer_page(*call, call->application().tokens().page(call->who(), *client, *query), *query);
}

// Only this answer shows the token itself.
void issue_token(const CallPtr& call) {
  const auto client = call->id("id");
  if (!client) return call->refuse(client.error());
  const auto body = call->optional_body();
  if (!body) return call->refuse(body.error());
  const auto options = call->write_options();
  if (!options) return call->refuse(options.error());
  const std::string collection = "/api/v1/clients/" + std::to_string(*client) + "/tokens/";
  call->application().tokens().issue(
      call->who(), *client, *body, *options, [call, collection](Result<service::IssuedToken> issued) {
        call->resume([call, collection, issued = std::move(issued)] {
          if (!issued) return call->refuse(issued.error());
          Answer answer =
              with_entity({.status = 201,
                           .revision = issued->revision,
                           .location = collection + json::serialize(*json::find(issued->record, "id")),
                           .replayed = issued->replayed},
                          issued->record, issued->epoch);
          answer.body->as_object()["token"] = issued->token.reveal();
          call->answer(answer);
        });
      });
}

void revoke_token(const CallPtr& call) {
  const auto client = call->id("id");
  if (!client) return call->refuse(client.error());
  const auto token = call->id("token_id");
  if (!token) return call->refuse(token.error());
  const auto options = call->write_options();
  if (!options) return call->refuse(options.error());
  const auto tokens = call->application().tokens().list(call->who(), *client);
  if (!tokens) return call->refuse(tokens.error());
  const bool belongs_to_client =
      std::any_of(tokens->begin(), tokens->end(), [&](const auto& one) { return one->id == *token; });
  if (!belongs_to_client) {
    return call->refuse({Errc::not_found,
                         "client " + std::to_string(*client) + " has no token " + std::to_string(*token),
                         {}});
  }
  call->application().tokens().revoke(call->who(), *token, *options,
                                      removed(call, {domain::Kind::token, *token}));
}

// Counting tokens takes a look at all of them.
void list_signing_keys(const CallPtr& call) {
  call->work([call] {
    const auto keys = call->application().signing_keys().list(call->who());
    call->resume([call, keys] {
      if (!keys) return call->refuse(keys.error());
      call->answer({.body = json::object{{"items", *keys}}});
    });
  });
}

void retire_signing_key(const CallPtr& call) {
  const auto options = call->write_options();
  if (!options) return call->refuse(options.error());
  call->application().signing_keys().retire(call->who(), std::string(call->parameter("kid")), *options,
                                            removed(call, {domain::Kind::signing_key, 0}));
}

void rotate_signing_key(const CallPtr& call) {
  const auto options = call->write_options();
  if (!options) return call->refuse(options.error());
  call->application().signing_keys().rotate(call->who(), *options, [call](Result<changes::Written> written) {
    call->resume([call, written = std::move(written)] {
      if (!written) return call->refuse(written.error());
      json::object body = written->body.as_object();
      const auto made = parse_iso8601(json::string_or_empty(written->body, "created_at"));
      body["signs_at"] =
          to_iso8601({made.value_or(UnixMillis{}).value + Milliseconds(service::kAnnounced).count()});
      call->answer({.status = 201, .body = std::move(body), .replayed = written->replayed});
    });
  });
}

}  // namespace togglecast::http_api
