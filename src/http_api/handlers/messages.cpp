// Messages from other back ends: POST /api/v1/broadcasts/{name}.
#include "service/messages/message_sender.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "domain/schema/fields.hpp"
#include "http_api/handlers/handlers.hpp"
#include "http_api/request/call.hpp"
#include "service/accounts/submit_write.hpp"
#include "service/messages/idempotent_sends.hpp"

namespace togglecast::http_api {
namespace {

using service::MessageSender;
using service::Principal;
using service::SendDone;

// Answers 200 with the number of connections, the id of the message and the revision that was sent.
service::IdempotentSends::Answer answer_of(const CallPtr& call) {
  return [call](const Result<service::SendResult>& outcome, bool replayed) {
    call->resume([call, outcome, replayed] {
      if (!outcome) return call->refuse(outcome.error());
      json::object body{{"connections", outcome->connections}};
      if (!outcome->id.empty()) body["id"] = outcome->id;
      if (outcome->revision != 0) body["revision"] = outcome->revision;
      service::add_nodes(body, *outcome);
      call->answer({.body = std::move(body), .replayed = replayed || outcome->replayed});
    });
  };
}

Result<domain::Id> read_id(const json::value& body, std::string_view member) {
  domain::FieldReader in(body);
  in.require({member});
  const auto id = in.id(member);
  if (auto ok = in.finish(); !ok) return tl::unexpected(ok.error());
  return *id;
}

using Key = std::optional<storage::IdempotencyKey>;

template <typename T, typename Send>
void send(const CallPtr& call, const Key& key, SendDone done, Result<T> message, Send send_it) {
  if (!message) return done(tl::unexpected(message.error()));
  if constexpr (requires { message->message.idempotency; }) message->message.idempotency = key;
  (call->api().options().messages->*send_it)(call->who(), *std::move(message), std::move(done));
}

struct NamedBroadcast {
  std::string_view name;
  void (*perform)(const CallPtr& call, const json::value& body, const Key& key, SendDone done);
};

constexpr NamedBroadcast kBroadcasts[] = {
    {"broadcast_platform_update",
     [](const CallPtr& call, const json::value& body, const Key& key, SendDone done) {
       send(call, key, std::move(done), read_id(body, "platform_id"),
            &MessageSender::broadcast_platform_update);
     }},
    {"broadcast_feature_update",
     [](const CallPtr& call, const json::value& body, const Key& key, SendDone done) {
       send(call, key, std::move(done), read_id(body, "feature_id"),
            &MessageSender::broadcast_feature_update);
     }},
    {"broadcast_package_update",
     [](const CallPtr& call, const json::value& body, const Key& key, SendDone done) {
       send(call, key, std::move(done), read_id(body, "package_id"),
            &MessageSender::broadcast_package_update);
     }},
    {"broadcast_config_sync",
     [](const CallPtr& call, const json::value& body, const Key& key, SendDone done) {
       send(call, key, std::move(done), service::read_config_sync(body),
            &MessageSender::broadcast_config_sync);
     }},
    {"send_admin_notification",
     [](const CallPtr& call, const json::value& body, const Key& key, SendDone done) {
       send(call, key, std::move(done), service::read_admin_notification(body),
            &MessageSender::send_admin_notification);
     }},
    {"send_client_notification",
     [](const CallPtr& call, const json::value& body, const Key& key, SendDone done) {
       send(call, key, std::move(done), service::read_client_notification(body),
            &MessageSender::send_client_notification);
     }},
    {"broadcast_announcement",
     [](const CallPtr& call, const json::value& body, const Key& key, SendDone done) {
       send(call, key, std::move(done), service::read_announcement(body),
            &MessageSender::broadcast_announcement);
     }},
    {"broadcast_system_status",
     [](const CallPtr& call, const json::value& body, const Key& key, SendDone done) {
       send(call, key, std::move(done), service::read_system_status(body),
            &MessageSender::broadcast_system_status);
     }},
};

Result<Key> key_of(const CallPtr& call, std::string_view name, const json::value& body) {
  const auto options = call->write_options();
  if (!options) return tl::unexpected(options.error());
  return service::idempotency_of(call->who(), *options, "broadcast " + std::string(name), body);
}

// The callback to send with; nothing when a request with the same Idempotency-Key was sent before.
std::optional<SendDone> once(const CallPtr& call, const Key& key) {
  auto answer = answer_of(call);
  if (key)
    return call->application().idempotent_sends().first(*key, call->who().environment,
                                                        call->api().clock().now(), std::move(answer));
  return SendDone(
      [answer = std::move(answer)](const Result<service::SendResult>& outcome) { answer(outcome, false); });
}

Error unknown_method(std::string_view name) {
  std::string known;
  for (const NamedBroadcast& method : kBroadcasts)
    known.append(known.empty() ? "" : ", ").append(method.name);
  return {Errc::not_found,
          "there is no broadcast '" + std::string(name.substr(0, 64)) + "'; there are " + known,
          {}};
}

}  // namespace

void broadcast(const CallPtr& call) {
  const std::string_view name = call->parameter("name");
  for (const NamedBroadcast& method : kBroadcasts) {
    if (method.name != name) continue;
    if (call->api().options().messages == nullptr)
      return call->refuse({Errc::unavailable, "this server has no sockets, so it cannot send messages", {}});
    const auto body = call->optional_body();
    if (!body) return call->refuse(body.error());
    const auto key = key_of(call, name, *body);
    if (!key) return call->refuse(key.error());
    if (const auto done = once(call, *key))
      service::send_guarded(*done, [&](const SendDone& sent) { method.perform(call, *body, *key, sent); });
    return;
  }
  call->refuse(unknown_method(name));
}

}  // namespace togglecast::http_api
