// What a connection sees, and what must be told so that it sees the newest: pure functions of snapshots.
//
// A client's view depends on the catalogue, the client and the context of its connection; an admin's on the
// kinds its role may read. Thread rule: pure functions. Contract: docs/protocol.md.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "domain/state/client_view.hpp"
#include "domain/state/snapshot.hpp"

namespace togglecast::domain {

enum class UpdateType : std::uint8_t { create, update, toggle, erase };
/// `create`, `update`, `toggle`, `delete`.
[[nodiscard]] std::string_view to_string(UpdateType type) noexcept;

/// One thing to tell: the payload of `platform_update` and its like, without what all of a batch share.
struct ViewUpdate {
  Kind kind = Kind::platform;
  Id id = 0;
  UpdateType type = UpdateType::update;
  json::value data;  ///< null when deleted
};

/// A live step leads from one revision to the next as it is committed; only there a flip of `enabled` is a
/// `toggle`.
enum class Step : bool { live, merged };

/// Adds what leads from `before` to `after`, the two as they are seen; null stands for "not seen". Nothing
/// when they read the same.
void add_difference(std::vector<ViewUpdate>& updates, Kind kind, Id id, const json::value& before,
                    json::value after, Step step);
/// Deletes first; then in the order of kinds.
void put_in_order(std::vector<ViewUpdate>& updates);

/// `{client, package, features, platforms}`: the part of `client_connected` and of a full state that is the
/// view.
[[nodiscard]] json::object client_view(const Snapshot& snapshot, const Client& client,
                                       const json::object* context);

/// What a client must be told that saw `from` and shall see `to`, which are two states or two clients.
[[nodiscard]] std::vector<ViewUpdate> diff_client_view(ClientView& from, ClientView& to, Step step);

/// `{platforms: […], features: […], …}`: every entity of the readable kinds.
[[nodiscard]] json::object admin_view(const Snapshot& snapshot, Kinds readable);

/// The same for an admin who may read `readable`; data are whole entities.
[[nodiscard]] std::vector<ViewUpdate> diff_admin_view(const Snapshot& from, const Snapshot& to,
                                                      Kinds readable, Step step);

}  // namespace togglecast::domain
