#include "http_api/streams/streams.hpp"

#include <algorithm>
#include <utility>

#include "base/random.hpp"
#include "delivery/subscriber_index.hpp"
#include "delivery/view_evaluation.hpp"
#include "service/accounts/log_field.hpp"
#include "wire/sse/event.hpp"

namespace togglecast::http_api {
namespace {

using delivery::ResumeResult;
using delivery::SubscriberIndex;
using service::Principal;

// Clients that lose their streams together come back one after the other.
constexpr std::uint32_t kRetry = 1'000;  // milliseconds, and up to twice as many more

std::string retry_hint(net::Shard& shard) {
  std::string text;
  wire::sse::append(text,
                    {.retry = kRetry + static_cast<std::uint32_t>(random_below(shard.random(), 2 * kRetry))});
  return text;
}

std::string counted(const char* kind) { return std::string("togglecast_streams_") + kind + "_total"; }

}  // namespace

Streams::Streams(net::ShardPool& shards, StreamParts parts, const auth::SigningKey& key,
                 StreamOptions options, const Clock& clock, observe::PeerLog log, observe::Metrics& metrics)
    : shards_(shards),
      parts_(std::move(parts)),
      tickets_(key),
      options_(std::move(options)),
      clock_(clock),
      log_(log),
      views_(metrics.counter(counted("opened"), "Streams of server-sent events that began, by kind.",
                             {{"kind", "view"}})),
      notices_(metrics.counter(counted("opened"), "Streams of server-sent events that began, by kind.",
                               {{"kind", "notices"}})),
      gauge_(metrics.gauge("togglecast_streams_open", "Streams of server-sent events that are open.")),
      by_shard_(shards.size()) {
  for (std::size_t i = 0; i < resumes_.size(); ++i) {
    const auto result = to_string(static_cast<ResumeResult>(i));
    resumes_[i] = &metrics.counter(counted("resumes"), "Streams that presented an event's id, by result.",
                                   {{"result", std::string(result)}});
  }
}

Streams::~Streams() = default;

delivery::ShardDelivery& Streams::delivery_of(const StreamSubscriber& subscriber) const {
  return *parts_.deliveries[subscriber.stream.shard().index()];
}

void Streams::count(ResumeResult result) const noexcept { resumes_[static_cast<std::size_t>(result)]->add(); }

std::string Streams::tag_of(const delivery::Pid& pid) const { return parts_.sessions.tag_of(pid); }

Streams::StreamSubscriberPtr Streams::begin(Call& call, Kind kind, const Principal& who) {
  const auto refuse = [&call](Error error) {
    call.refuse(error);
    return nullptr;
  };
  if (leaving_) {
    Error away{Errc::unavailable, "the server is shutting down; come back", {}};
    away.retry_after = std::chrono::seconds{2};
    return refuse(std::move(away));
  }
  if (options_.admit)
    if (auto limited = options_.admit(call.peer())) return refuse(*std::move(limited));
  if (!parts_.enter(call.shard(), who.environment, who.id)) {
    Error full{
        Errc::unavailable, "the client has as many connections as it may (--connections-per-client)", {}};
    full.retry_after = std::chrono::seconds{10};
    return refuse(std::move(full));
  }
  HeldPtr held = options_.hold ? options_.hold(call.peer()) : nullptr;
  net::StreamPtr connection = call.begin_stream();
  if (connection == nullptr) {
    parts_.leave(who.environment, who.id);
    return nullptr;
  }
  connection->limit(&options_.limits);
  auto made = std::make_shared<StreamSubscriber>(
      std::move(connection), kind, std::make_shared<const Principal>(who), static_cast<StreamKeeper&>(*this));
  made->held = std::move(held);
  made->has_place = true;
  auto& mine = by_shard_[call.shard().index()];
  made->place = static_cast<std::uint32_t>(mine.size());
  mine.push_back(made);
  ++open_;
  gauge_.add(1);
  (kind == Kind::view ? views_ : notices_).add();
  made->stream.send(retry_hint(call.shard()));
  made->stream.start();
  watch(*made);
  return made;
}

bool Streams::may_stay(StreamSubscriber& subscriber) {
  const auto still = parts_.authenticator.recheck(subscriber.who());
  if (still) return true;
  end_session(subscriber, {to_string(still.error().code), still.error().message});
  return false;
}

// The comment, the warning and the end of the token share one timer.
void Streams::watch(StreamSubscriber& subscriber) const {
  if (subscriber.who().expires_at == Principal::kNever) return subscriber.stream.arm(options_.heartbeat);
  Milliseconds left{subscriber.who().expires_at.value - clock_.wall_now().value};
  if (!subscriber.warned && !subscriber.only_notices()) left -= std::min(options_.expiry_warning, left / 2);
  if (left > options_.heartbeat) return subscriber.stream.arm(options_.heartbeat);
  subscriber.stream.arm(std::max(left, Milliseconds{0}));
}

void Streams::on_due(StreamSubscriber& subscriber) {
  if (subscriber.leaving) return finish(subscriber);
  const UnixMillis now = clock_.wall_now();
  const UnixMillis end = subscriber.who().expires_at;
  if (now >= end) return finish(subscriber);  // it comes back, by then with a new token
  const Milliseconds left{end.value - now.value};
  const bool warns = end != Principal::kNever && left <= options_.expiry_warning;
  if (warns && !subscriber.only_notices() && !std::exchange(subscriber.warned, true)) {
    subscriber.send_event("token_expiring", json::serialize(json::object{{"expires_at", to_iso8601(end)}}));
  } else {
    subscriber.stream.beat();
  }
  watch(subscriber);
}

void Streams::recheck(StreamSubscriber& subscriber, const domain::Snapshot& state) {
  if (!parts_.authenticator.accepts_key_of(subscriber.who()))
    return end_session(subscriber, {"revoked", "the key that signed the token was retired; get a new token"});
  const auto still = parts_.authenticator.recheck_in(subscriber.who(), state);
  if (!still && still.error().code == Errc::token_expired) return finish(subscriber);
  if (!still)
    return end_session(subscriber, service::end_of_session(subscriber.who(), state, clock_.wall_now()));
  if (subscriber.behind() != nullptr) subscriber.look_again_later();  // the environment may have begun again
}

void Streams::on_drained(StreamSubscriber& subscriber) { delivery_of(subscriber).on_drained(subscriber); }

void Streams::end_session(StreamSubscriber& subscriber, const service::SessionEnd& end) {
  log_.debug("a stream ends", {service::log_field(subscriber.who()), {"reason", end.reason}});
  if (!subscriber.only_notices()) {
    subscriber.send_event(
        "session_ended",
        json::serialize(json::object{
            {"reason", end.reason}, {"message", end.message}, {"timestamp", to_iso8601(clock_.wall_now())}}));
  }
  finish(subscriber);
}

void Streams::finish(StreamSubscriber& subscriber) {
  if (!subscriber.stream.open()) return;
  subscriber.stream.close();
  remove(subscriber);
}

void Streams::on_gone(StreamSubscriber& subscriber, net::StreamEnd reason) {
  if (reason == net::StreamEnd::write_stalled) log_.limit("--stall-timeout", {"what", "events"});
  remove(subscriber);
}

// It is destroyed in a later turn: one of its calls may be under way.
void Streams::remove(StreamSubscriber& subscriber) {
  delivery::ViewEvaluation::abandon(subscriber);
  SubscriberIndex::leave(subscriber);
  subscriber.held.reset();
  if (std::exchange(subscriber.has_place, false))
    parts_.leave(subscriber.who().environment, subscriber.who().id);
  net::Shard& shard = subscriber.stream.shard();
  auto& mine = by_shard_[shard.index()];
  StreamSubscriberPtr last = std::exchange(mine[subscriber.place], nullptr);
  if (subscriber.place + 1U != mine.size()) {
    mine[subscriber.place] = std::move(mine.back());
    mine[subscriber.place]->place = subscriber.place;
  }
  mine.pop_back();
  --open_;
  gauge_.add(-1);
  shard.post([last = std::move(last)] {});
}

void Streams::send_away(Milliseconds window) {
  leaving_ = true;
  shards_.post_to_all([this, window](net::Shard& shard) {
    const auto span = static_cast<std::uint64_t>(window.count()) + 1;
    for (const auto& one : by_shard_[shard.index()]) {
      one->leaving = true;
      one->stream.arm_exactly(Milliseconds{random_below(shard.random(), span)});
    }
  });
}

void Streams::close_all() {
  leaving_ = true;
  shards_.run_on_all([this](const net::Shard& shard) {
    auto& mine = by_shard_[shard.index()];
    while (!mine.empty()) finish(*mine.back());
  });
}

}  // namespace togglecast::http_api
