// What every namespace of the conformance server does: echoes, rooms, acknowledgements, and the calls that
// reach other sockets.
#pragma once

#include "adapters/counters.hpp"
#include "socketio/server.hpp"

namespace conformance {

/// Registers the namespaces `/`, `/custom`, `/empty-auth`, `/auth` and `^/dyn-\d+$`, all with the same
/// handlers. `counters` are those of the adapter and the bridge.
void register_namespaces(togglecast::socketio::Server& io, const togglecast::adapters::CountersPtr& counters);

}  // namespace conformance
