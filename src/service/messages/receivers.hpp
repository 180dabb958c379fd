// Who gets a message that is kept: an audience, or some of the admins. It is asked when the message is
// delivered, not when it is sent. Thread rule: plain values and pure functions.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/error.hpp"
#include "base/json.hpp"
#include "domain/state/snapshot.hpp"
#include "service/messages/message_sender.hpp"

namespace togglecast::service {

/// A client by its id, an admin by its id with a minus.
using ReceiverId = std::int64_t;

struct Receivers {
  Audience audience{};
  domain::Id admin = 0;                ///< with the audience `admins`: only this one
  std::optional<domain::Role> role{};  ///< with the audience `admins`: only those of this role

  /// The first acknowledgement is all that may come.
  [[nodiscard]] bool one() const noexcept { return admin != 0 || audience.kind == Audience::Kind::client; }
  [[nodiscard]] bool has_admins() const noexcept {
    return audience.kind == Audience::Kind::all || audience.kind == Audience::Kind::admins;
  }
  /// Whoever is connected to `/admin`, machines included.
  [[nodiscard]] bool has_all_admins() const noexcept { return has_admins() && admin == 0 && !role; }
  [[nodiscard]] bool has_client(const domain::Snapshot& state, domain::Id id) const;
  [[nodiscard]] bool has_admin(domain::Id id, domain::Role its_role) const noexcept {
    return has_admins() && (admin == 0 || admin == id) && (!role || *role == its_role);
  }
};

/// `all`, `admins`, `clients`, `{package: 3}`, `{client: 7}`, `{admin: 1}`, `{role: "owner"}`, or the last
/// two together.
[[nodiscard]] json::value to_json(const Receivers& receivers);
[[nodiscard]] Result<Receivers> receivers_in(const json::value& stored);

/// One who is a receiver now.
struct Receiver {
  ReceiverId id = 0;
  std::string name;  ///< a client's key, an admin's username
};
/// All of them with an id above `after`, in the order of their ids, until `visit` answers false. `system`:
/// the state that has the admins.
void for_each_receiver(const Receivers& receivers, const domain::Snapshot& state,
                       const domain::Snapshot& system, ReceiverId after,
                       const std::function<bool(const Receiver&)>& visit);
/// The same question of one of them; nothing when it is not.
[[nodiscard]] bool is_receiver(const Receivers& receivers, const domain::Snapshot& state,
                               const domain::Snapshot& system, ReceiverId id);

}  // namespace togglecast::service
