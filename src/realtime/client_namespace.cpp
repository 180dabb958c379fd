#include "realtime/client_namespace.hpp"

#include <optional>
#include <string>
#include <utility>

#include "base/digest.hpp"
#include "base/json_text.hpp"
#include "domain/state/client_view.hpp"
#include "domain/state/flag_name.hpp"
#include "realtime/feature_check.hpp"
#include "realtime/protocol/requests.hpp"
#include "service/messages/idempotent_sends.hpp"

namespace togglecast::realtime {
namespace {

using namespace std::string_view_literals;
using delivery::SubscriberIndex;
using socketio::Event;
using socketio::Socket;

}  // namespace

ClientNamespace::ClientNamespace(net::ShardPool& shards, socketio::Namespace& nsp, const AuthParts& auth,
                                 std::vector<ReportedMetrics>& reported, MetricHistory& history,
                                 AssetRequests& assets, Welcome welcome)
    : shards_(shards),
      deliveries_(auth.deliveries),
      options_(auth.options),
      newest_(auth.newest),
      clock_(auth.clock),
      log_(auth.log),
      reported_(reported),
      history_(history),
      answers_(shards.size()),
      remembered_(shards.size(), RememberedReports({.age = auth.options.idempotency_age})),
      assets_(assets),
      limit_(shards, auth.deliveries, auth.options, auth.log, auth.metrics),
      gate_(nsp, event::kClientConnect, event::kClientRequests, auth.authenticator, auth.options, auth.log,
            auth.metrics),
      auth_(nsp, auth,
            {.kind = service::Principal::Kind::client,
             .login = event::kClientConnect,
             .prepare =
                 [this](SocketSubscriber& subscriber, const ConnectionAuth::Claim& claim,
                        std::function<void(ConnectionAuth::ViewPtr)> then, std::function<void()> superseded) {
                   prepare(subscriber, claim, std::move(then), std::move(superseded));
                 },
             .compare =
                 [this](SocketSubscriber& subscriber, const domain::SnapshotPtr& from,
                        const domain::SnapshotPtr& to, std::function<void(ConnectionAuth::ViewPtr)> then) {
                   return compare(subscriber, from, to, std::move(then));
                 },
             .resumed = event::kClientResumed,
             .admit = [this](SocketSubscriber& subscriber,
                             const ConnectionAuth::Claim& claim) { return admit(subscriber, claim); },
             .welcome = std::move(welcome)}),
      metrics_taken_(auth.metrics.counter("togglecast_realtime_reported_metrics_total",
                                          "Metrics that clients reported and that were taken.")) {
  gate_.on(event::kClientConfigCheck, this, &ClientNamespace::config_check);
  gate_.on(event::kAssetGet, this, &ClientNamespace::asset_get);
  gate_.on(event::kFeatureCheck, this, &ClientNamespace::feature_check);
  gate_.on(event::kReportMetrics, this, &ClientNamespace::report_metrics);
  gate_.on(event::kHeartbeat, this, &ClientNamespace::heartbeat);
  gate_.on(event::kConfigAck, this, &ClientNamespace::config_ack);
  nsp.on_ping([](Socket& socket) {
    if (auto* subscriber = socket.state<SocketSubscriber>()) SubscriberIndex::pinged(*subscriber);
  });
  nsp.on_pong([](Socket& socket) {
    if (auto* subscriber = socket.state<SocketSubscriber>()) SubscriberIndex::answered(*subscriber);
  });
  nsp.on_disconnect([this](Socket& socket, socketio::DisconnectReason) {
    const auto* subscriber = socket.state<SocketSubscriber>();
    if (subscriber != nullptr && subscriber->logged_in)
      limit_.leave(subscriber->who.environment, subscriber->who.id);
  });
}

delivery::ShardDelivery& ClientNamespace::delivery_of(const SocketSubscriber& subscriber) const {
  return *deliveries_[subscriber.socket.shard().index()];
}

void ClientNamespace::prepare(SocketSubscriber& subscriber, const ConnectionAuth::Claim& claim,
                              std::function<void(ConnectionAuth::ViewPtr)> then,
                              std::function<void()> superseded) const {
  auto& delivery = delivery_of(subscriber);
  const auto state = delivery.current(claim.who.environment);
  const auto client = state == nullptr ? nullptr : state->find<domain::Client>(claim.who.id);
  if (client == nullptr) return then(nullptr);
  delivery.evaluate(
      subscriber, client, state, claim.context,
      [then = std::move(then)](const domain::Viewpoint& seen, const delivery::ViewText& view) {
        then(std::make_unique<SeenView>(SeenView{seen, view}));
      },
      std::move(superseded));
}

bool ClientNamespace::compare(SocketSubscriber& subscriber, const domain::SnapshotPtr& from,
                              const domain::SnapshotPtr& to,
                              std::function<void(ConnectionAuth::ViewPtr)> then) const {
  auto was = from->find<domain::Client>(subscriber.who.id);
  auto is = to->find<domain::Client>(subscriber.who.id);
  if (was == nullptr || is == nullptr) return false;
  const auto done = [then = std::move(then)](const domain::Viewpoint& seen,
                                             std::vector<domain::ViewUpdate> missed) {
    auto view = std::make_unique<SeenView>(SeenView{seen, {}});
    view->resumed = std::make_unique<Resumed>(Resumed{{}, std::move(missed)});
    then(std::move(view));
  };
  domain::Viewpoint now{to, std::move(is), subscriber.context()};
  if (from->revision() == to->revision()) {
    done(now, {});
  } else {
    delivery_of(subscriber)
        .compare(subscriber, {from, std::move(was), subscriber.context()}, std::move(now), done);
  }
  return true;
}

Result<json::object> ClientNamespace::admit(SocketSubscriber& subscriber,
                                            const ConnectionAuth::Claim& claim) {
  if (claim.view == nullptr) return fail(Errc::revoked, "this client is gone");
  const domain::Client& client = *claim.view->seen.client;
  if (!subscriber.logged_in && !limit_.enter(subscriber.socket.shard(), claim.who.environment, client.id)) {
    return fail(Errc::unavailable, "client '" + client.key + "' has " +
                                       std::to_string(options_.connections_per_client) +
                                       " connections, as many as it may (--connections-per-client)");
  }
  subscriber.set_context(claim.context);
  delivery_of(subscriber).enter(subscriber, claim.view->seen);
  return json::object{};  // the view has a text of its own
}

// Tells whether the client is up to date, then sends ordinary updates if it is not.
void ClientNamespace::asset_get(const Event& event, SocketSubscriber& subscriber, const Reply& reply) {
  assets_.answer(event, subscriber, reply);
}

void ClientNamespace::config_check(const Event& event, SocketSubscriber& subscriber, const Reply& reply) {
  const auto claimed = revision_argument(event, *subscriber.home().state);
  if (!claimed) return reply.refuse(claimed.error());
  const auto answer = [reply](const SocketSubscriber& of, bool up_to_date) {
    const auto& state = *of.home().state;
    std::string text = R"({"up_to_date":)";
    json::append_bool(text, up_to_date);
    text += R"(,"revision":)";
    json::append_number(text, state.revision());
    text += R"(,"epoch":)";
    json::append_number(text, state.head().epoch);
    reply.text(text += '}');
  };
  if (!*claimed)
    return answer(subscriber, SubscriberIndex::told(subscriber) == subscriber.home().state->revision());
  const auto catch_up = [this, answer, reply, revision = **claimed](SocketSubscriber& of) {
    const auto keep = of.socket.weak_from_this();
    delivery_of(of).catch_up(of, revision, [answer, reply, keep](const Result<bool>& missed) {
      const auto socket = keep.lock();
      if (socket == nullptr || !socket->connected()) return;
      if (!missed) return reply.refuse(missed.error());
      answer(*socket->state<SocketSubscriber>(), !*missed);
    });
  };
  newest_.answer(subscriber, **claimed, reply, catch_up);
}

void ClientNamespace::feature_check(const Event& event, SocketSubscriber& subscriber, const Reply& reply) {
  const auto& state = subscriber.home().state;
  auto& answers = answers_[subscriber.socket.shard().index()];
  const auto answered = [&](std::string_view name) {
    if (name.empty()) return false;
    const std::string* known = answers.find({*state, subscriber.who.id, subscriber.context(), name});
    if (known != nullptr) reply.text(*known);
    return known != nullptr;
  };
  const std::string_view told = FeatureCheck::sole_name(event.text().value_or(std::string_view{}));
  if (answered(told)) return;
  const auto request = object_of(event);
  if (!request) return reply.refuse(request.error());
  const std::string_view name = FeatureCheck::sole_name((*request)->get_object());
  if (told.empty() && answered(name)) return;
  auto check = FeatureCheck::read(state, subscriber, **request, reply);
  if (!check) {
    if (check.error().code == Errc::not_found) log_unseen(subscriber, (*request)->at("feature"));
    return reply.refuse(check.error());
  }
  if (!name.empty()) (*check)->keep_in(answers, name);
  delivery_of(subscriber).evaluations().start(*std::move(check));
}

void ClientNamespace::log_unseen(const SocketSubscriber& subscriber, const json::value& asked) {
  const auto state = subscriber.home().state;
  const auto feature = domain::find_flag(*state, asked).feature;
  const auto client = state->find<domain::Client>(subscriber.who.id);
  if (feature == nullptr || client == nullptr) return;
  if (domain::ClientView(*state, *client, nullptr).sees_feature(feature->id)) return;
  log_.info("a client asks for a feature that it does not see",
            {{"client", client->key},
             {"feature", feature->key},
             {"reason", domain::why_unseen(*state, *client)},
             {"hint", "GET /api/v1/clients/" + std::to_string(client->id) +
                          "/effective?feature=" + feature->key + " shows all rules"}});
}

void ClientNamespace::report_metrics(const Event& event, SocketSubscriber& subscriber, const Reply& reply) {
  auto request = object_argument(event);
  if (!request) return reply.refuse(request.error());
  const auto key = service::take_idempotency_key(*request);
  if (!key) return reply.refuse(key.error());
  auto samples = read_metrics(*request, clock_.wall_now());
  if (!samples) return reply.refuse(samples.error());
  const auto answer = [reply](const Result<TakenReport>& taken) {
    if (!taken) return reply.refuse(taken.error());
    reply({{"accepted", taken->accepted}, {"dropped", taken->dropped}});
  };
  if (key->empty()) return answer(take_report(event.socket().shard(), subscriber.who, *samples));
  net::Shard& home = home_of(subscriber.who.id);
  home.post([this, &home, answer, reply, who = subscriber.who, key = *key, samples = *std::move(samples),
             digest = sha256(json::canonical(*request))] {
    auto taken = remembered_[home.index()].once(who.environment, who.id, key, digest, clock_.now(),
                                                [&] { return take_report(home, who, samples); });
    reply.resume([answer, taken = std::move(taken)] { answer(taken); });
  });
}

net::Shard& ClientNamespace::home_of(domain::Id client) const noexcept {
  return shards_.at(static_cast<std::size_t>(client) % shards_.size());
}

TakenReport ClientNamespace::take_report(const net::Shard& shard, const service::Principal& who,
                                         const std::vector<Sample>& samples) {
  const std::size_t taken = reported_[shard.index()].add(who.environment, who.id, samples, clock_.wall_now());
  history_.add(shard, who.environment, samples);
  metrics_taken_.add(taken);
  return {taken, samples.size() - taken};
}

void ClientNamespace::heartbeat(const Event& event, SocketSubscriber& subscriber, const Reply& reply) {
  subscriber.socket.seen();
  const auto claimed = revision_argument(event, *subscriber.home().state);
  if (!claimed) return reply.refuse(claimed.error());
  if (*claimed) SubscriberIndex::acknowledge(subscriber, **claimed);
  const auto answer = [this, &subscriber](const Reply& to) {
    subscriber.heartbeat_waits = false;
    std::string text;
    text.reserve(80);  // more than the answer takes
    text += R"({"server_time":")"sv;
    append_iso8601(text, clock_.wall_now());
    text += R"(","revision":)"sv;
    json::append_number(text, subscriber.home().state->revision());
    to.text(text += '}');
  };
  if (event.acknowledgement().wanted()) return answer(reply);
  // One answer is as good as many.
  if (!std::exchange(subscriber.heartbeat_waits, true)) reply.resume([answer, reply] { answer(reply); });
}

// Nothing answers, unless an acknowledgement was asked for.
void ClientNamespace::config_ack(const Event& event, SocketSubscriber& subscriber, const Reply& reply) {
  const auto claimed = revision_argument(event, *subscriber.home().state);
  if (!claimed) return reply.refuse(claimed.error());
  if (*claimed) SubscriberIndex::acknowledge(subscriber, **claimed);
  std::string text = R"({"revision":)";
  json::append_number(text, subscriber.acknowledged());
  reply.text(text += '}');
}

}  // namespace togglecast::realtime
