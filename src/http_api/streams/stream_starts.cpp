// How a stream begins, or goes on from the id that its client has.
#include <algorithm>
#include <utility>

#include "delivery/subscriber_index.hpp"
#include "delivery/view_evaluation.hpp"
#include "http_api/streams/streams.hpp"

namespace togglecast::http_api {
namespace {

using delivery::ResumeResult;

constexpr std::string_view kChannel = "sse";

}  // namespace

std::string Streams::view_name(const StreamSubscriber& subscriber, const delivery::ContextPtr& context) {
  return delivery::client_view_name(kChannel, subscriber.who().environment, subscriber.who().id, context);
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
  delivery.evaluate(
      subscriber, client, state, wanted->context,
      [this, &subscriber, wanted](const domain::Viewpoint& seen, const delivery::ViewText& view) {
        if (subscriber.stream.open()) tell_view(subscriber, wanted, seen, *view);
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

void Streams::open_notices(const CallPtr& call, const service::Principal& who) {
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

}  // namespace togglecast::http_api
