// The view of a connection, and the updates that lead to the newest view: pure functions of snapshots.
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

/// The member that switches an entity of this kind: `enabled`, a package's `available`, a client's or an
/// admin's `active`. Empty: the kind has no switch.
[[nodiscard]] std::string_view switch_of(Kind kind) noexcept;
/// What one change did to an entity. `before` and `after` are bodies or visible forms; null: none. The one
/// definition of `toggle`: the switch flipped, whatever else changed with it.
[[nodiscard]] UpdateType type_of_change(Kind kind, const json::value& before, const json::value& after);

/// One update: the payload of `platform_update` and similar events, without the common part of a batch.
struct ViewUpdate {
  Kind kind = Kind::platform;
  Id id = 0;
  UpdateType type = UpdateType::update;
  json::value data;  ///< null when deleted
};

/// A live step leads from one revision to the next as it is committed. Only there is a flip of the switch a
/// `toggle`: a catch-up and a comparison of two states have none, even over one revision.
enum class Step : bool { live, merged };

/// Adds the update from `before` to `after`, two visible forms; null means "not visible". Adds nothing when
/// they are equal.
void add_difference(std::vector<ViewUpdate>& updates, Kind kind, Id id, const json::value& before,
                    json::value after, Step step);
/// Deletes first; then in the order of kinds.
void put_in_order(std::vector<ViewUpdate>& updates);

/// `{client, package, features, platforms}`: the view inside `client_connected` and a full state.
[[nodiscard]] json::object client_view(const Snapshot& snapshot, const Client& client,
                                       const json::object* context);

/// The updates that lead a client from the view `from` to the view `to`: of two states, or of one client
/// before and after a change. The client itself is an update of kind `client`, before the platforms.
[[nodiscard]] std::vector<ViewUpdate> diff_client_view(ClientView& from, ClientView& to, Step step);

// The parts of these two, for sliced_view.hpp.
/// Visible features, ascending.
[[nodiscard]] std::vector<Id> seen_by_either(const ClientView& from, const ClientView& to);
/// Adds everything but features, and puts all in order.
void complete_difference(std::vector<ViewUpdate>& updates, const ClientView& from, const ClientView& to,
                         Step step);

/// `{platforms: […], features: […], …}`: every entity of the readable kinds, with its `etag`.
[[nodiscard]] json::object admin_view(const Snapshot& snapshot, Kinds readable);

/// The same for an admin with the readable kinds `readable`; the data are whole entities.
[[nodiscard]] std::vector<ViewUpdate> diff_admin_view(const Snapshot& from, const Snapshot& to,
                                                      Kinds readable, Step step);

struct EntityName {
  Kind kind;
  Id id;
};
/// The entities that it may tell about: without a look at their bodies. The cost is about their number.
[[nodiscard]] std::vector<EntityName> admin_differences(const Snapshot& from, const Snapshot& to,
                                                        Kinds readable);
/// Whether it tells anything.
[[nodiscard]] bool admin_views_differ(const Snapshot& from, const Snapshot& to, Kinds readable);

}  // namespace togglecast::domain
