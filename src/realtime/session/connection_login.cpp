// Logins by event: `admin_connect` and `client_connect`. The rest of ConnectionAuth is in
// connection_auth.cpp.
#include <memory>
#include <utility>

#include "realtime/protocol/requests.hpp"
#include "realtime/session/bounded_send.hpp"
#include "realtime/session/connection_auth.hpp"
#include "realtime/session/waiting_logins.hpp"

namespace togglecast::realtime {

using service::Principal;
using socketio::Socket;

namespace {

// An evaluation under way comes first, so that a login that was charged for is not lost to the next one.
bool takes_login(const SocketSubscriber& subscriber) noexcept {
  return subscriber.takes_state() && subscriber.evaluation() == nullptr;
}

}  // namespace

void ConnectionAuth::login(const socketio::Event& event) {
  Socket& socket = event.socket();
  auto& subscriber = *socket.state<SocketSubscriber>();
  const Reply reply(event, rules_.login);
  const auto turn_down = [&](const Error& error) {
    refused(socket, error);
    reply.refuse(error);
  };
  const auto request = object_argument(event);
  if (!request) return turn_down(request.error());
  const auto* given = json::find(*request, "token");
  if (given != nullptr && given->is_null()) given = nullptr;
  if (given != nullptr && !given->is_string())
    return turn_down(
        Error{Errc::invalid_argument, "/token must be a string", {{"/token", "must be a string"}}});
  if (given == nullptr && !subscriber.logged_in)
    return turn_down(Error{Errc::unauthenticated, "a token is needed", {{"/token", "is missing"}}});
  // Without the member, the context stays as it is by then; null ends it. The one of a connection that is
  // logged in stays, too, when the new one cannot be used.
  std::optional<ContextPtr> context;
  if (json::find(*request, "context") != nullptr && !subscriber.logged_in) {
    context = context_at_connect(subscriber, *request);
  } else if (json::find(*request, "context") != nullptr) {
    auto read = context_of(*request);
    if (!read) return turn_down(read.error());
    context = *std::move(read);
  }

  const auto then = [this, reply, keep = socket.shared_from_this(),
                     context = std::move(context)](const Result<Principal>& who) {
    const auto newest = who ? parts_.model.current(who->environment) : nullptr;
    if (newest == nullptr) {
      const Error error =
          who ? Error{Errc::token_invalid, "the token's environment does not exist", {}} : who.error();
      refused(*keep, error);
      return reply.refuse(error);
    }
    parts_.delivery(*keep).when_reached(who->environment, newest->revision(),
                                        [this, reply, keep, who = *who, context] {
                                          auto* waiting = keep->state<SocketSubscriber>();
                                          if (keep->connected() && waiting != nullptr)
                                            log_in_or_wait(*waiting, who, context, reply);
                                        });
  };
  if (given == nullptr) return then(parts_.authenticator.recheck(subscriber.who));
  identify(socket, std::string(given->get_string()), then);
}

// A full state is costly in time, memory and on the line, so the next one is made when the last one has left.
void ConnectionAuth::log_in_or_wait(SocketSubscriber& subscriber, const Principal& claimed,
                                    const std::optional<ContextPtr>& context, const Reply& reply) {
  const bool asks_again = subscriber.logged_in && rules_.kind == Principal::Kind::client &&
                          claimed.id == subscriber.who.id &&
                          claimed.environment == subscriber.who.environment;
  if (!asks_again) return start_login(subscriber, claimed, context, reply);
  if (const auto may = take_state(subscriber); !may) return reply.refuse(may.error());
  if (subscriber.waiting_logins() == nullptr) {
    if (takes_login(subscriber)) return start_login(subscriber, claimed, context, reply);
    subscriber.seldom().waiting_logins = std::make_unique<WaitingLogins>();
  }
  auto& logins = subscriber.waiting_logins()->logins;
  WaitingLogins::Login login{claimed, context, reply};
  if (!logins.empty() && !logins.back().reply.is_acknowledgement()) {
    const auto& replaced = logins.back();
    if (!login.context) login.context = replaced.context;
    if (login.who.expires_at < replaced.who.expires_at) login.who = replaced.who;
    logins.pop_back();
  }
  logins.push_back(std::move(login));
  subscriber.look_again_later();
}

void ConnectionAuth::go_on_with_logins(SocketSubscriber& subscriber) {
  const auto keep = subscriber.socket.shared_from_this();
  while (keep->connected() && subscriber.waiting_logins() != nullptr && takes_login(subscriber)) {
    auto& logins = subscriber.waiting_logins()->logins;
    const WaitingLogins::Login next = std::move(logins.front());
    logins.pop_front();
    if (logins.empty()) subscriber.drop_waiting_logins();
    start_login(subscriber, next.who, next.context, next.reply);
  }
  // What leaves with this turn may leave nothing behind that drains.
  const bool leaves_now = keep->connected() && subscriber.socket.collected_bytes() != 0;
  if (leaves_now && subscriber.waiting_logins() != nullptr) subscriber.look_again_later();
}

// Another login may have been waiting before this one, and its token may have gone.
void ConnectionAuth::start_login(SocketSubscriber& subscriber, const Principal& claimed,
                                 const std::optional<ContextPtr>& context, const Reply& reply) {
  Socket& socket = subscriber.socket;
  const auto turn_down = [&](const Error& error) {
    refused(socket, error);
    reply.refuse(error);
  };
  const auto who = parts_.authenticator.recheck(claimed);
  if (!who) return turn_down(who.error());
  const bool renews = subscriber.logged_in;
  if (renews && (who->kind != subscriber.who.kind || who->id != subscriber.who.id ||
                 who->environment != subscriber.who.environment))
    return turn_down(Error{Errc::forbidden,
                           "this connection belongs to somebody else; open another one to log in with this "
                           "token"});
  if (!renews) {
    if (const auto may = take_state(subscriber); !may) return reply.refuse(may.error());
  }
  const ContextPtr& wanted = context ? *context : subscriber.context();
  prepare(
      subscriber, {*who, wanted},
      [this, keep = socket.shared_from_this(), who = *who, wanted, reply](const ViewPtr& view) {
        if (keep->connected()) log_in(*keep->state<SocketSubscriber>(), who, wanted, view, reply);
      },
      [reply] {
        reply.refuse(
            {Errc::conflict, "a newer login of this connection has taken the place of this one", {}});
      });
}

// Working out the view may have taken a while.
void ConnectionAuth::log_in(SocketSubscriber& subscriber, const Principal& claimed, const ContextPtr& context,
                            const ViewPtr& view, const Reply& reply) {
  const bool renews = subscriber.logged_in;
  const domain::Standing role = subscriber.who.role;
  const auto who = parts_.authenticator.recheck(claimed);
  auto payload = who ? admit(subscriber, {*who, context, view.get()}) : tl::unexpected(who.error());
  if (!payload) {
    refused(subscriber.socket, payload.error());
    reply.refuse(payload.error());
    if (payload.error().code == Errc::unavailable) turn_away(subscriber);
    return;
  }
  if (rules_.kind == Principal::Kind::admin) {  // which has no state in its answer
    reply.with_state(*std::move(payload), {});
    if (renews && who->role != role) role_changed(subscriber);
  } else {
    if (subscriber.pid) {
      const auto seen = parts_.sessions.with_view(*subscriber.pid, view_name(*who, context));
      see_with(subscriber, seen == *subscriber.pid);
    }
    answer_with_state(subscriber, *view, *payload, reply);
  }
  if (!renews) rules_.welcome(subscriber);
}

}  // namespace togglecast::realtime
