// `feature_check`: one answer, without waiting for a push. Thread rule: pure.
#pragma once

#include "base/error.hpp"
#include "base/json.hpp"
#include "domain/state/snapshot.hpp"
#include "realtime/session/socket_subscriber.hpp"

namespace togglecast::realtime {

/// `{feature: id or key, sub_feature?, context?}`: the answer of docs/evaluation.md for this client, with the
/// feature's `id` and the `revision` it was given at; `context` stands in for that of the connection. A
/// feature that the client does not see is answered exactly like one that does not exist.
[[nodiscard]] Result<json::object> check_feature(const domain::Snapshot& state,
                                                 const SocketSubscriber& subscriber,
                                                 const json::value& request);

}  // namespace togglecast::realtime
