// What a connection sees, and what must be told so that it sees the newest: pure functions of snapshots.
//
// A client's view depends on the catalogue and on its `ClientScope` alone: equal scopes see equal views, so a
// broadcaster works out and encodes once per scope. An admin's view depends on the kinds its role may read.
// Thread rule: pure functions. Contract: docs/protocol.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "domain/snapshot.hpp"

namespace togglecast::domain {

/// All that a client's view depends on, besides the catalogue.
struct ClientScope {
  bool active = false;
  std::optional<Id> package_id;
  friend auto operator<=>(const ClientScope&, const ClientScope&) = default;
};

/// Nothing when there is no such client.
[[nodiscard]] std::optional<ClientScope> scope_of(const Snapshot& snapshot, Id client);

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

/// `{client, package, features, platforms}`: the part of `client_connected` and of a full state that is the
/// view.
[[nodiscard]] json::object client_view(const Snapshot& snapshot, const Client& client);

/// What a client of scope `was` at `from` must be told to be at `to` with scope `is`: deletes first, then
/// platforms.
[[nodiscard]] std::vector<ViewUpdate> diff_client_view(const Snapshot& from, const ClientScope& was,
                                                       const Snapshot& to, const ClientScope& is, Step step);

/// `{platforms: […], clients: […], …}`: every entity of the readable kinds.
[[nodiscard]] json::object admin_view(const Snapshot& snapshot, Kinds readable);

/// The same for an admin who may read `readable`; data are whole entities.
[[nodiscard]] std::vector<ViewUpdate> diff_admin_view(const Snapshot& from, const Snapshot& to,
                                                      Kinds readable, Step step);

}  // namespace togglecast::domain
