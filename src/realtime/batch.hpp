// One push in wire form: what leads from one state to another, for all who see the same.
// Thread rule: pure.
#pragma once

#include <string>
#include <vector>

#include "base/json.hpp"
#include "domain/state/snapshot.hpp"
#include "domain/state/view.hpp"
#include "socketio/encoded_packet.hpp"

namespace togglecast::realtime {

/// Events in order; all carry the revision of `to`, all but the last `more: true`, and only the last the
/// offset.
using Batch = std::vector<socketio::EncodedPacket>;

enum class Offsets : bool { without, with };

/// For clients of one scope, on `/client`.
[[nodiscard]] Batch client_batch(const std::vector<domain::ViewUpdate>& updates, const domain::Snapshot& to,
                                 Offsets offsets);

/// For admins of one role, on `/admin`. `actor` of the commit, null for merged steps.
[[nodiscard]] Batch admin_batch(const std::vector<domain::ViewUpdate>& updates, const domain::Snapshot& to,
                                const json::value& actor, Offsets offsets);

}  // namespace togglecast::realtime
