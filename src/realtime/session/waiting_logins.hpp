// Logins of a connection that has not taken its last full state yet. They are answered one by one, each after
// the state before it has left. Thread rule: the socket's shard.
#pragma once

#include <deque>
#include <optional>

#include "delivery/subscriber.hpp"
#include "realtime/session/reply.hpp"
#include "service/accounts/principal.hpp"

namespace togglecast::realtime {

struct WaitingLogins {
  struct Login {
    service::Principal who;
    std::optional<delivery::ContextPtr> context;  ///< nothing: it stays as it is by then
    Reply reply;
  };
  std::deque<Login> logins;  ///< as many as the rate of full states lets through
};

}  // namespace togglecast::realtime
