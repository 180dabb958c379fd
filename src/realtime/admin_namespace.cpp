#include "realtime/admin_namespace.hpp"

#include <optional>
#include <string>
#include <utility>

#include "auth/roles.hpp"
#include "domain/schema/environment.hpp"
#include "domain/schema/fields.hpp"
#include "domain/schema/kind.hpp"
#include "domain/schema/version.hpp"
#include "realtime/protocol/packets.hpp"
#include "realtime/protocol/requests.hpp"
#include "realtime/session/bounded_send.hpp"
#include "service/accounts/submit_write.hpp"

namespace togglecast::realtime {
namespace {

using socketio::Event;
using socketio::Socket;

constexpr std::size_t kUsualActivity = 50;

Result<void> may_read(const SocketSubscriber& subscriber, domain::Kind kind) {
  if (auth::readable_kinds(subscriber.role()).contains(kind)) return {};
  return fail(Errc::forbidden, "the role " + std::string(domain::to_string(subscriber.role().here())) +
                                   " may not read entities of type " + std::string(domain::to_string(kind)));
}

// The others belong to the environment.
std::string home_of(domain::Kind kind, const SocketSubscriber& subscriber) {
  return domain::kInstallationKinds.contains(kind) ? std::string(domain::kSystemEnvironment)
                                                   : subscriber.who.environment;
}

std::optional<domain::Kind> kind_in(domain::FieldReader& in, const json::value& request) {
  const auto kind = domain::parse_kind(json::string_or_empty(request, "entity_type"));
  if (!in.has_value("entity_type") || !kind)
    in.refuse("entity_type", "must name a kind of entity, such as 'platform'");
  return kind;
}

// `state`, which is `viewing` when absent: whether the entity is edited.
bool editing_in(domain::FieldReader& in) {
  const auto* state = in.any("state");
  if (state == nullptr || state->is_null() || *state == json::value(kViewing)) return false;
  if (*state == json::value(kEditing)) return true;
  in.refuse("state", "must be 'viewing' or 'editing'");
  return false;
}

// {entity_type, entity_id}, of a kind that this admin may read, or a change. With `editing`, also {state?}.
Result<EntityRef> entity_argument(const Event& event, const SocketSubscriber& subscriber,
                                  bool* editing = nullptr) {
  const auto request = object_argument(event);
  if (!request) return tl::unexpected(request.error());
  domain::FieldReader in(*request);
  if (editing != nullptr) *editing = editing_in(in);
  const bool is_change = json::string_or_empty(*request, "entity_type") == kChangeType;
  std::optional<domain::Kind> kind = domain::Kind::platform;
  if (is_change) {
    (void)in.has_value("entity_type");
  } else {
    kind = kind_in(in, *request);
  }
  const auto id = in.id("entity_id");
  in.require({"entity_id"});
  if (auto ok = in.finish(); !ok) return tl::unexpected(ok.error());
  if (is_change) return EntityRef{subscriber.who.environment, *kind, *id, true};
  if (auto ok = may_read(subscriber, *kind); !ok) return tl::unexpected(ok.error());
  return EntityRef{home_of(*kind, subscriber), *kind, *id};
}

// {limit?, before?, epoch?, entity_type?, entity_id?}
Result<service::ActivityQuery> activity_query(const Event& event) {
  const auto request = object_argument(event);
  if (!request) return tl::unexpected(request.error());
  domain::FieldReader in(*request);
  service::ActivityQuery query;
  query.limit = kUsualActivity;
  if (in.has_value("limit"))
    query.limit = static_cast<std::size_t>(in.integer("limit", 1, service::kMaxActivity).value_or(1));
  if (in.has_value("before")) query.before = in.integer("before", 1, domain::kMaxId).value_or(1);
  if (in.has_value("epoch")) {
    query.before_epoch = in.integer("epoch", 0, domain::kMaxId);
    if (!in.has_value("before")) in.refuse("epoch", "needs before beside it");
  }
  if (in.has_value("entity_type")) query.kind = kind_in(in, *request);
  if (in.has_value("entity_id")) {
    query.id = in.id("entity_id");
    if (!in.has_value("entity_type")) in.refuse("entity_id", "needs entity_type beside it");
  }
  if (auto ok = in.finish(); !ok) return tl::unexpected(ok.error());
  return query;
}

// Answers on the socket's shard with what came from another thread.
auto answering(const Reply& reply) {
  return [reply](Result<json::object> payload) {
    reply.resume([reply, payload = std::move(payload)] {
      if (payload) {
        reply(*payload);
      } else {
        reply.refuse(payload.error());
      }
    });
  };
}

}  // namespace

AdminNamespace::AdminNamespace(socketio::Namespace& nsp, const AuthParts& auth,
                               service::ActivityService& activity, service::IdempotentSends& sends,
                               AssetRequests& assets, MessageDispatcher& messages, Dashboard& dashboard,
                               DashboardFeed& feed, EntitySubscriptions& subscriptions,
                               delivery::Rollouts& rollouts, Welcome welcome)
    : deliveries_(auth.deliveries),
      model_(auth.model),
      newest_(auth.newest),
      clock_(auth.clock),
      activity_(activity),
      sends_(sends),
      assets_(assets),
      messages_(messages),
      dashboard_(dashboard),
      feed_(feed),
      subscriptions_(subscriptions),
      rollouts_(rollouts),
      gate_(nsp, event::kAdminConnect, event::kAdminRequests, auth.authenticator, auth.options, auth.log,
            auth.metrics),
      auth_(nsp, auth,
            {.kind = service::Principal::Kind::admin,
             .login = event::kAdminConnect,
             .prepare = {},
             .compare =
                 [this](SocketSubscriber& subscriber, const domain::SnapshotPtr& from,
                        const domain::SnapshotPtr& to, std::function<void(ConnectionAuth::ViewPtr)> then) {
                   return compare(subscriber, from, to, std::move(then));
                 },
             .resumed = event::kAdminResumed,
             .admit = [this](SocketSubscriber& subscriber,
                             const ConnectionAuth::Claim& claim) { return admit(subscriber, claim); },
             .welcome = std::move(welcome),
             .role_changed = [this](SocketSubscriber& subscriber) { leave_unreadable(subscriber); }}) {
  gate_.on(event::kConfigCheck, this, &AdminNamespace::config_check);
  gate_.on(event::kAssetGet, this, &AdminNamespace::asset_get);
  gate_.on(event::kDashboard, this, &AdminNamespace::dashboard);
  gate_.on(event::kSubscribeDashboard, this, &AdminNamespace::subscribe_dashboard);
  gate_.on(event::kUnsubscribeDashboard, this, &AdminNamespace::unsubscribe_dashboard);
  gate_.on(event::kActivityFeed, this, &AdminNamespace::activity_feed);
  gate_.on(event::kSubscribe, this, &AdminNamespace::subscribe);
  gate_.on(event::kUnsubscribe, this, &AdminNamespace::unsubscribe);
  gate_.on(event::kAnnounce, this, &AdminNamespace::announce);
  gate_.on(event::kSystemMetrics, this, &AdminNamespace::system_metrics);
  nsp.on_disconnecting([this](Socket& socket, socketio::DisconnectReason) {
    const auto* subscriber = socket.state<SocketSubscriber>();
    if (subscriber == nullptr) return;
    subscriptions_.gone(*subscriber);
    feed_.gone(*subscriber);
  });
}

// What an admin that resumes missed between two states, unless that is too much to be told one by one.
bool AdminNamespace::compare(SocketSubscriber& subscriber, const domain::SnapshotPtr& from,
                             const domain::SnapshotPtr& to,
                             std::function<void(ConnectionAuth::ViewPtr)> then) const {
  const auto readable = auth::readable_kinds(subscriber.who.role);
  if (domain::admin_differences(*from, *to, readable).size() > delivery::kMostMissed) return false;
  deliveries_[subscriber.socket.shard().index()]->compare_admin(
      subscriber, from, to, readable, [to, then = std::move(then)](std::vector<domain::ViewUpdate> missed) {
        auto view = std::make_unique<SeenView>(SeenView{{to, nullptr, nullptr}, {}});
        view->resumed = std::make_unique<Resumed>(Resumed{{}, std::move(missed)});
        then(std::move(view));
      });
  return true;
}

Result<json::object> AdminNamespace::admit(SocketSubscriber& subscriber,
                                           const ConnectionAuth::Claim& claim) const {
  const auto& who = claim.who;
  const bool machine = who.kind == service::Principal::Kind::machine;
  const auto system = model_.current(domain::kSystemEnvironment);
  const auto admin = machine ? nullptr : system->find<domain::AdminUser>(who.id);
  if (!machine && admin == nullptr) return fail(Errc::revoked, "this admin's account is gone");
  deliveries_[subscriber.socket.shard().index()]->enter(
      subscriber, who.environment, who.role, claim.view == nullptr ? nullptr : claim.view->seen.state);
  leave_unreadable(subscriber);
  if (machine)
    return json::object{{"machine", {{"id", who.id}, {"name", who.name}, {"scopes", to_json(who.scopes)}}},
                        {"environment", who.environment}};
  return json::object{
      {"admin",
       {{"id", admin->id}, {"username", admin->username}, {"role", domain::to_string(who.role.here())}}},
      {"environment", who.environment}};
}

// Tells whether the admin's copy is current, then sends ordinary updates if it is not. A copy that is out of
// reach has to be read again.
void AdminNamespace::asset_get(const Event& event, SocketSubscriber& subscriber, const Reply& reply) {
  assets_.answer(event, subscriber, reply);
}

void AdminNamespace::config_check(const Event& event, SocketSubscriber& subscriber, const Reply& reply) {
  const auto claimed = revision_argument(event, *subscriber.home().state);
  if (!claimed) return reply.refuse(claimed.error());
  const domain::Revision revision = claimed->value_or(delivery::ShardDelivery::told_admin(subscriber));
  newest_.answer(subscriber, revision, reply, [this, revision, reply](SocketSubscriber& of) {
    const auto state = of.home().state;
    const Result<delivery::Missed> missed =
        deliveries_[of.socket.shard().index()]->catch_up_admin(of, revision);
    if (!missed) return reply.refuse(missed.error());
    json::object status{{"up_to_date", *missed == delivery::Missed::nothing},
                        {"revision", state->revision()},
                        {"epoch", state->head().epoch}};
    if (*missed == delivery::Missed::out_of_reach) status["reload"] = true;
    reply(std::move(status));
  });
}

// What a lower role may not read it does not follow either.
void AdminNamespace::leave_unreadable(SocketSubscriber& subscriber) const {
  for (const EntityRef& left : subscriptions_.keep_only(subscriber, auth::readable_kinds(subscriber.role())))
    deliver(subscriber.socket, plain_packet(event::kAdmin, event::kUnsubscribe.reply, to_json(left)));
}

void AdminNamespace::dashboard(const Event& event, SocketSubscriber& subscriber, const Reply& reply) {
  if (auto ok = no_argument(event); !ok) return reply.refuse(ok.error());
  dashboard_.update(subscriber.who, answering(reply));
}

void AdminNamespace::subscribe_dashboard(const Event& event, SocketSubscriber& subscriber,
                                         const Reply& reply) {
  if (auto ok = no_argument(event); !ok) return reply.refuse(ok.error());
  reply(feed_.watch(subscriber));
}

void AdminNamespace::unsubscribe_dashboard(const Event& event, SocketSubscriber& subscriber,
                                           const Reply& reply) {
  if (auto ok = no_argument(event); !ok) return reply.refuse(ok.error());
  reply(json::object{{"unsubscribed", feed_.unwatch(subscriber)}});
}

void AdminNamespace::system_metrics(const Event& event, SocketSubscriber& subscriber, const Reply& reply) {
  if (auto ok = no_argument(event); !ok) return reply.refuse(ok.error());
  dashboard_.system_metrics(subscriber.who, answering(reply));
}

void AdminNamespace::activity_feed(const Event& event, SocketSubscriber& subscriber, const Reply& reply) {
  const auto query = activity_query(event);
  if (!query) return reply.refuse(query.error());
  const bool of_system = query->kind && domain::kInstallationKinds.contains(*query->kind);
  activity_.page(subscriber.who, *query,
                 [this, of_system, environment = subscriber.who.environment,
                  answer = answering(reply)](Result<service::ActivityPage> page) {
                   if (!page) return answer(tl::unexpected(page.error()));
                   const auto finish = [answer, next = page->next, kept_since = page->kept_since](
                                           json::array entries, const delivery::DeliveryCounts&) {
                     json::object payload{{"items", std::move(entries)}};
                     if (next != 0) payload["next"] = next;
                     if (!kept_since.is_null()) payload["kept_since"] = kept_since;
                     answer(std::move(payload));
                   };
                   if (of_system) return finish(std::move(page->entries), {});
                   rollouts_.add_to(std::move(page->entries), environment, finish);
                 });
}

void AdminNamespace::subscribe(const Event& event, SocketSubscriber& subscriber, const Reply& reply) {
  const auto& socket = event.socket();
  bool editing = false;
  const auto entity = entity_argument(event, subscriber, &editing);
  if (!entity) return reply.refuse(entity.error());
  if (entity->is_change) return subscribe_change(*entity, subscriber, reply);
  const auto state = deliveries_[socket.shard().index()]->current(entity->environment);
  json::value body = state == nullptr ? json::value() : state->body(entity->kind, entity->id);
  if (body.is_null()) {
    const std::string name = std::string(domain::to_string(entity->kind)) + " " + std::to_string(entity->id);
    return reply.refuse({Errc::not_found, "there is no " + name});
  }
  if (!subscriptions_.add(subscriber, *entity, editing))
    return reply.refuse({Errc::payload_too_large, "too many subscriptions on this connection"});
  json::object payload = to_json(*entity);
  payload["state"] = state_of(editing);
  payload["data"] = domain::with_etag(std::move(body), state->head().epoch);
  payload["revision"] = state->revision();
  payload["epoch"] = state->head().epoch;
  reply(std::move(payload));
}

// Only the shards together know whether the change is kept.
void AdminNamespace::subscribe_change(const EntityRef& change, SocketSubscriber& subscriber,
                                      const Reply& reply) {
  if (!subscriptions_.add(subscriber, change))
    return reply.refuse({Errc::payload_too_large, "too many subscriptions on this connection"});
  const auto socket = subscriber.socket.weak_from_this();  // another shard may let go of it
  rollouts_.find({{change.environment, {change.id}}}, [this, change, socket,
                                                       reply](const delivery::Rollouts::Found& found) {
    auto progress = found.at(change.environment).progress(0);
    reply.resume([this, change, socket, reply, progress = std::move(progress)] {
      const auto keep = socket.lock();
      auto* still = keep != nullptr && keep->connected() ? keep->state<SocketSubscriber>() : nullptr;
      if (still == nullptr) return;
      if (!progress) {
        subscriptions_.remove(*still, change);
        return reply.refuse(rollouts_.not_kept(change.environment, change.id));
      }
      json::object payload = to_json(change);
      payload["data"] = *progress;
      payload["revision"] = still->home().state->revision();
      payload["epoch"] = still->home().state->head().epoch;
      reply(std::move(payload));
      subscriptions_.follow_rollout(change, change.id);
    });
  });
}

void AdminNamespace::unsubscribe(const Event& event, SocketSubscriber& subscriber, const Reply& reply) {
  const auto entity = entity_argument(event, subscriber);
  if (!entity) return reply.refuse(entity.error());
  subscriptions_.remove(subscriber, *entity);
  reply(to_json(*entity));
}

void AdminNamespace::announce(const Event& event, SocketSubscriber& subscriber, const Reply& reply) {
  auto request = object_argument(event);
  if (!request) return reply.refuse(request.error());
  auto key = service::take_idempotency_key(*request);
  if (!key) return reply.refuse(key.error());
  auto announcement = service::read_announcement(*request);
  if (!announcement) return reply.refuse(announcement.error());
  service::WriteOptions options;
  options.idempotency_key = *std::move(key);
  // As POST /api/v1/broadcasts/broadcast_announcement names it: the key is the same one there.
  auto named = service::idempotency_of(subscriber.who, options, "broadcast broadcast_announcement", *request);
  if (!named) return reply.refuse(named.error());
  announcement->message.idempotency = *named;
  const auto done = once(subscriber.who, *named, reply);
  if (!done) return;
  service::send_guarded(*done, [&](const service::SendDone& sent) {
    messages_.broadcast_announcement(subscriber.who, *announcement, sent);
  });
}

std::optional<service::SendDone> AdminNamespace::once(const service::Principal& who,
                                                      const std::optional<storage::IdempotencyKey>& key,
                                                      const Reply& reply) {
  auto answer = [answer = answering(reply)](const Result<service::SendResult>& told, bool) {
    if (!told) return answer(tl::unexpected(told.error()));
    json::object sent{{"id", told->id}, {"recipients", told->connections}};
    service::add_nodes(sent, *told);
    answer(std::move(sent));
  };
  if (key) return sends_.first(*key, who.environment, clock_.now(), std::move(answer));
  return service::SendDone(
      [answer = std::move(answer)](const Result<service::SendResult>& told) { answer(told, false); });
}

}  // namespace togglecast::realtime
