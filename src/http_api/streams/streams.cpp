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

constexpr std::string_view kChannel = "sse";
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

std::string Streams::view_name(const StreamSubscriber& subscriber, const delivery::ContextPtr& context) {
  return delivery::client_view_name(kChannel, subscriber.who().environment, subscriber.who().id, context);
}

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

void Streams::open_view(const CallPtr& call, delivery::ContextPtr context) {
  const std::string presented(call->request().headers.value("Last-Event-ID"));
  const std::size_t cut = std::min(presented.find('~'), presented.size());
  const auto wanted = std::make_shared<const Wanted>(Wanted{
      presented.substr(0, cut), presented.substr(std::min(cut + 1, presented.size())), std::move(context)});
  const auto subscriber = begin(*call, Kind::view, call->who());
  if (subscriber == nullptr) return;
  // What made the token valid may not have reached this shard yet.
  const auto newest = parts_.model.current(subscriber->who().environment);
  delivery_of(*subscriber)
      .when_reached(newest->environment(), newest->revision(),
                    [this, to_whom = std::weak_ptr(subscriber), wanted] {
                      const auto still = to_whom.lock();
                      if (still != nullptr && still->stream.open()) start_view(*still, wanted);
                    });
}

// No state may be older than what the client has.
void Streams::start_view(StreamSubscriber& subscriber, const WantedPtr& wanted) {
  const std::string& environment = subscriber.who().environment;
  net::Shard& shard = subscriber.stream.shard();
  const auto named = domain::parse_offset(wanted->offset);
  if (!named || parts_.has_state(shard, {environment, named->epoch, named->revision}))
    return start_with_newest(subscriber, wanted);
  parts_.fetch_state(shard, {environment, named->epoch, named->revision},
                     [this, to_whom = subscriber.weak_from_this(), wanted](bool certain) {
                       const auto still = to_whom.lock();
                       if (still == nullptr || !still->stream.open()) return;
                       if (certain) return start_with_newest(*still, wanted);
                       count(ResumeResult::node_behind);
                       finish(*still);  // it comes back, perhaps to another node
                     });
}

void Streams::start_with_newest(StreamSubscriber& subscriber, const WantedPtr& wanted) {
  if (!wanted->pid.empty()) {
    const auto claim = delivery::read_claim(parts_.sessions, view_name(subscriber, wanted->context),
                                            wanted->pid, wanted->offset);
    if (!claim) {
      count(claim.error());
    } else if (resume(subscriber, wanted, *claim)) {
      return;
    }
  }
  start_new(subscriber, wanted);
}

bool Streams::resume(StreamSubscriber& subscriber, const WantedPtr& wanted,
                     const delivery::ResumeClaim& claim) {
  const auto& who = subscriber.who();
  const auto to = delivery_of(subscriber).current(who.environment);
  const bool is_ahead = !parts_.has_state(subscriber.stream.shard(),
                                          {who.environment, claim.offset.epoch, claim.offset.revision});
  const auto from = is_ahead || claim.offset.epoch != to->head().epoch
                        ? nullptr
                        : parts_.model.find(who.environment, claim.offset);
  auto was = from == nullptr ? nullptr : from->find<domain::Client>(who.id);
  auto is = to->find<domain::Client>(who.id);
  if (was == nullptr || is == nullptr) {
    count(is_ahead ? ResumeResult::ahead : ResumeResult::out_of_reach);
    return false;
  }
  subscriber.pid = claim.pid;
  domain::Viewpoint now{to, std::move(is), wanted->context};
  if (from->revision() == to->revision()) {
    tell_resumed(subscriber, wanted, now, {});
  } else {
    delivery_of(subscriber)
        .compare(subscriber, {from, std::move(was), wanted->context}, std::move(now),
                 [this, &subscriber, wanted](const domain::Viewpoint& seen,
                                             std::vector<domain::ViewUpdate> missed) {
                   if (subscriber.stream.open()) tell_resumed(subscriber, wanted, seen, std::move(missed));
                 });
  }
  return true;
}

json::object Streams::head_of(const domain::Snapshot& state) const {
  return {{"revision", state.revision()},
          {"epoch", state.head().epoch},
          {"server_time", to_iso8601(clock_.wall_now())}};
}

// A stream that is cut before the updates resumes where it was: its id stays what it was until they are
// there.
void Streams::tell_resumed(StreamSubscriber& subscriber, const WantedPtr& wanted,
                           const domain::Viewpoint& seen, std::vector<domain::ViewUpdate> missed) {
  if (!may_stay(subscriber)) return;
  count(missed.empty() ? ResumeResult::current : ResumeResult::updated);
  subscriber.set_context(seen.context);
  auto& delivery = delivery_of(subscriber);
  delivery.enter(subscriber, seen);
  json::object head = head_of(*seen.state);
  std::string offset = to_string(seen.state->offset(), subscriber.offset_tag());
  const domain::Revision before = domain::parse_offset(wanted->offset)->revision;
  if (!missed.empty()) {
    head["revision"] = before;
    offset = wanted->offset;
  }
  subscriber.send_event("client_resumed", json::serialize(std::move(head)), offset);
  delivery.send_missed(subscriber, before, std::move(missed), seen.state);
}

void Streams::start_new(StreamSubscriber& subscriber, const WantedPtr& wanted) {
  auto& delivery = delivery_of(subscriber);
  const auto state = delivery.current(subscriber.who().environment);
  const auto client = state->find<domain::Client>(subscriber.who().id);
  if (client == nullptr) return end_session(subscriber, {"revoked", "this client is gone"});
  delivery.evaluate(subscriber, client, state, wanted->context,
                    [this, &subscriber, wanted](const domain::Viewpoint& seen, const std::string& view) {
                      if (subscriber.stream.open()) tell_view(subscriber, wanted, seen, view);
                    },
                    {});
}

void Streams::tell_view(StreamSubscriber& subscriber, const WantedPtr& wanted, const domain::Viewpoint& seen,
                        std::string_view view) {
  if (!may_stay(subscriber)) return;
  // Nothing that it received before may count as received in this session.
  const auto known = domain::parse_offset(wanted->offset);
  const domain::Revision base = std::max(seen.state->revision(), known ? known->revision : 0);
  subscriber.pid =
      parts_.sessions.make_new(view_name(subscriber, wanted->context), base,
                               delivery::Pid::parse(wanted->pid), subscriber.stream.shard().random());
  subscriber.set_context(seen.context);
  delivery_of(subscriber).enter(subscriber, seen);
  subscriber.send_view("client_connected", {}, view, head_of(*seen.state), *seen.state);
}

void Streams::open_notices(const CallPtr& call, const Principal& who) {
  const std::string last_id(call->request().headers.value("Last-Event-ID"));
  const auto subscriber = begin(*call, Kind::notices, who);
  if (subscriber == nullptr) return;
  const auto newest = parts_.model.current(who.environment);
  delivery_of(*subscriber)
      .when_reached(who.environment, newest->revision(),
                    [this, to_whom = std::weak_ptr(subscriber), last_id] {
                      const auto still = to_whom.lock();
                      if (still != nullptr && still->stream.open()) start_notices(*still, last_id);
                    });
}

// Stock clients do not ask again after they came back: they are told at every connect.
void Streams::start_notices(StreamSubscriber& subscriber, std::string_view last_id) {
  if (!may_stay(subscriber)) return;
  auto& delivery = delivery_of(subscriber);
  const auto state = delivery.current(subscriber.who().environment);
  const auto client = state->find<domain::Client>(subscriber.who().id);
  if (client == nullptr) return finish(subscriber);
  delivery.enter(subscriber, domain::Viewpoint{state, client, nullptr});
  if (last_id == notice_id(*state)) return;
  subscriber.send(*notice_encoder().encode(delivery::Batch{.to = state, .notice = true}));
}

bool Streams::may_stay(StreamSubscriber& subscriber) {
  const auto still = parts_.authenticator.recheck(subscriber.who());
  if (still) return true;
  end_session(subscriber, {to_string(still.error().code), still.error().message});
  return false;
}

// The comment, the warning and the end of the token share one timer.
void Streams::watch(StreamSubscriber& subscriber) const {
  if (subscriber.who().expires_at == Principal::kNever) return subscriber.stream.arm(options_.beat);
  Milliseconds left{subscriber.who().expires_at.value - clock_.wall_now().value};
  if (!subscriber.warned && !subscriber.only_notices()) left -= std::min(options_.expiry_warning, left / 2);
  if (left > options_.beat) return subscriber.stream.arm(options_.beat);
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

void Streams::on_gone(StreamSubscriber& subscriber, net::StreamEnd) { remove(subscriber); }

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
