// Sessions: each begins with a full state, or resumes one that the client presents. The rest of
// ConnectionAuth is in connection_auth.cpp.
#include <algorithm>
#include <memory>
#include <utility>

#include "realtime/protocol/packets.hpp"
#include "realtime/session/bounded_send.hpp"
#include "realtime/session/connection_auth.hpp"

namespace togglecast::realtime {

using delivery::ResumeClaim;
using delivery::ResumeResult;
using service::Principal;
using socketio::Next;
using socketio::Socket;

namespace {

json::object status(const domain::Snapshot& state, bool up_to_date) {
  return {{"up_to_date", up_to_date}, {"revision", state.revision()}, {"epoch", state.head().epoch}};
}

}  // namespace

void ConnectionAuth::count(ResumeResult result) const noexcept {
  resumes_[static_cast<std::size_t>(result)]->add();
}

std::string ConnectionAuth::view_name(const Principal& who, const ContextPtr& context) const {
  if (who.kind == Principal::Kind::machine)
    return delivery::machine_view_name(namespace_, who.environment, who.id);
  return rules_.kind == Principal::Kind::admin
             ? delivery::admin_view_name(namespace_, who.environment, who.id, who.role)
             : delivery::client_view_name(namespace_, who.environment, who.id, context);
}

std::string ConnectionAuth::tag_of(const delivery::Pid& pid) const { return parts_.sessions.tag_of(pid); }

std::string ConnectionAuth::void_offset(const SocketSubscriber& subscriber,
                                        const domain::Snapshot& state) const {
  return to_string(state.offset(), tag_of(parts_.sessions.with_view(*subscriber.pid, "nobody's")));
}

// No full state may be older than what the client has, whatever it presents beside the offset.
void ConnectionAuth::start(SocketSubscriber& subscriber, const Next& next) {
  Socket& socket = subscriber.socket;
  const std::string& environment = subscriber.who.environment;
  const auto named = domain::parse_offset(socket.presented().offset);
  if (!named || !subscriber.wants_offsets() ||
      parts_.newest.has(socket.shard(), environment, named->epoch, named->revision))
    return start_with_newest(subscriber, next);
  parts_.newest.fetch(socket, environment, named->epoch, named->revision,
                      [this, &socket, offset = *named, next](bool certain) {
                        auto& waiting = *socket.state<SocketSubscriber>();
                        if (certain) return start_with_newest(waiting, next);
                        // An answer to CONNECT would take pid and offset from a stock client: it gets none.
                        count(ResumeResult::node_behind);
                        parts_.newest.send_away(waiting, waiting.who.environment, offset.epoch,
                                                offset.revision);
                      });
}

void ConnectionAuth::start_with_newest(SocketSubscriber& subscriber, const Next& next) {
  Socket& socket = subscriber.socket;
  const auto [pid, offset] = socket.presented();
  if (pid.empty() || !subscriber.wants_offsets()) return start_new(subscriber, next);
  const auto claim =
      delivery::read_claim(parts_.sessions, view_name(subscriber.who, subscriber.context()), pid, offset);
  if (!claim) {
    count(claim.error());
    return start_new(subscriber, next);
  }
  resume(subscriber, *claim, next);
}

void ConnectionAuth::resume(SocketSubscriber& subscriber, const ResumeClaim& claim, const Next& next) {
  Socket& socket = subscriber.socket;
  const std::string& environment = subscriber.who.environment;
  const auto to = parts_.delivery(socket).current(environment);
  const bool is_ahead =
      !parts_.newest.has(socket.shard(), environment, claim.offset.epoch, claim.offset.revision);
  const auto from = is_ahead || claim.offset.epoch != to->head().epoch
                        ? nullptr
                        : parts_.model.find(environment, claim.offset);
  if (from == nullptr) {
    count(is_ahead ? ResumeResult::ahead : ResumeResult::out_of_reach);
    return start_new(subscriber, next);
  }
  const bool is_current = claim.offset == to->offset();
  if (!is_current) {
    if (const auto may = take_work(subscriber); !may) {
      count(ResumeResult::limited);
      subscriber.seldom().seen_view = std::make_unique<SeenView>(SeenView{{}, {}, may.error()});
      return next();
    }
  }
  const auto done = [this, keep = socket.shared_from_this(), pid = claim.pid, next](ViewPtr view) {
    keep->set_working(false);
    auto& resumed = *keep->state<SocketSubscriber>();
    view->resumed->offset = keep->presented().offset;
    count(view->resumed->missed.empty() ? ResumeResult::current : ResumeResult::updated);
    resumed.seldom().seen_view = std::move(view);
    resumed.pid = pid;
    keep->set_pid(pid.text());
    next();
  };
  socket.set_working(true);
  if (rules_.compare(subscriber, from, to, done)) return;
  socket.set_working(false);
  count(ResumeResult::out_of_reach);
  start_new(subscriber, next);
}

void ConnectionAuth::start_new(SocketSubscriber& subscriber, const Next& next) {
  Socket& socket = subscriber.socket;
  if (const auto may = take_state(subscriber); !may) {
    subscriber.seldom().seen_view = std::make_unique<SeenView>(SeenView{{}, {}, may.error()});
    return next();
  }
  socket.set_working(true);
  prepare(subscriber, {subscriber.who, subscriber.context()},
          [this, keep = socket.shared_from_this(), next](ViewPtr view) {
            keep->set_working(false);
            auto& prepared = *keep->state<SocketSubscriber>();
            const auto state =
                view != nullptr ? view->seen.state : parts_.delivery(*keep).current(prepared.who.environment);
            begin_session(prepared, *state);
            prepared.seldom().seen_view = std::move(view);
            next();
          },
          {});
}

void ConnectionAuth::begin_session(SocketSubscriber& subscriber, const domain::Snapshot& told) const {
  if (!subscriber.wants_offsets()) return;
  const auto [pid, offset] = subscriber.socket.presented();
  // Nothing that it received before may count as received in this session.
  const auto known = domain::parse_offset(offset);
  const domain::Revision base = std::max(told.revision(), known ? known->revision : 0);
  subscriber.pid = parts_.sessions.make_new(view_name(subscriber.who, subscriber.context()), base,
                                            delivery::Pid::parse(pid), subscriber.socket.shard().random());
  subscriber.socket.set_pid(subscriber.pid->text());
}

// What it is told names the state that it has by then. So a connection that is cut before the updates resumes
// where it was.
void ConnectionAuth::tell_resumed(SocketSubscriber& subscriber, json::object payload, SeenView& view) {
  const auto keep = subscriber.socket.shared_from_this();
  auto& [offset, missed] = *view.resumed;
  std::string current = subscriber.own_offset(*view.seen.state);
  if (!missed.empty()) {
    payload["revision"] = domain::parse_offset(offset)->revision;
    current = offset;
  }
  deliver_state(*keep, config_packet(namespace_, rules_.resumed, std::move(payload), current));
  parts_.delivery(*keep).send_missed(subscriber, domain::parse_offset(offset)->revision, std::move(missed),
                                     view.seen.state);
}

void ConnectionAuth::see_with(SocketSubscriber& subscriber, bool as_pid_says) {
  subscriber.sees_otherwise = !as_pid_says;
  subscriber.set_encoder(packet_encoder(rules_.receiver(), PacketEncoder::Offsets{as_pid_says}));
}

// Its page has to read again what the role may see.
void ConnectionAuth::role_changed(SocketSubscriber& subscriber) {
  const auto& state = *subscriber.home().state;
  auto payload = status(state, false);
  payload["reload"] = true;
  if (!subscriber.resumable()) {
    deliver(subscriber.socket, plain_packet(namespace_, event::kConfigCheck.reply, std::move(payload)));
    return;
  }
  see_with(subscriber, false);
  deliver(subscriber.socket, config_packet(namespace_, event::kConfigCheck.reply, std::move(payload),
                                           void_offset(subscriber, state)));
}

// An acknowledgement carries no offset. What the client keeps is void before it, and counts again behind it.
void ConnectionAuth::answer_with_state(SocketSubscriber& subscriber, const SeenView& view,
                                       const json::object& payload, const Reply& reply) {
  const domain::Snapshot& state = *view.seen.state;
  const auto answer = [&](std::string_view offset) { reply.with_view(*view.text, payload, offset); };
  if (!subscriber.pid) return answer({});
  const std::string own = subscriber.own_offset(state);
  const std::string none = void_offset(subscriber, state);
  if (!reply.is_acknowledgement()) return answer(own.empty() ? none : own);
  const auto keep = subscriber.socket.shared_from_this();
  const auto tell = [&](bool up_to_date, const std::string& offset) {
    deliver(*keep, config_packet(namespace_, event::kConfigCheck.reply, status(state, up_to_date), offset));
  };
  tell(false, none);
  answer({});
  if (!own.empty() && keep->connected())
    tell(delivery::SubscriberIndex::told(subscriber) == subscriber.home().state->revision(), own);
}

}  // namespace togglecast::realtime
