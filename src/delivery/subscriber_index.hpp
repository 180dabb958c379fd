// All subscribers of one shard: by environment, package and client, admins by environment; and how far each
// environment has come on the shard. Thread rule: its shard.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "delivery/delivery_totals.hpp"
#include "delivery/receipts.hpp"
#include "delivery/subscriber.hpp"
#include "delivery/subscriber_group.hpp"
#include "net/shard.hpp"

namespace togglecast::delivery {

/// One environment on one shard.
struct EnvironmentSubscribers {
  using Groups = std::unordered_map<domain::Id, SubscriberGroup>;

  EnvironmentSubscribers(net::Shard& on, const std::string& environment, const RolloutOptions& options)
      : shard(&on), rollouts(environment, on.index(), options) {}

  net::Shard* shard;
  domain::SnapshotPtr state;  ///< the state that the shard tells
  SubscriberGroup clients{SubscriberGroup::Kind::all};
  SubscriberGroup admins{SubscriberGroup::Kind::all};
  Groups by_package;  ///< 0: clients on none
  Groups by_client;
  DeliveryTotals totals;
  ShardRollouts rollouts;
};

class SubscriberIndex {
 public:
  explicit SubscriberIndex(net::Shard& shard) noexcept : shard_(shard) {}
  SubscriberIndex(const SubscriberIndex&) = delete;
  SubscriberIndex& operator=(const SubscriberIndex&) = delete;
  ~SubscriberIndex();

  /// nullptr: the shard does not know this environment.
  [[nodiscard]] EnvironmentSubscribers* find(std::string_view environment) noexcept;
  [[nodiscard]] const EnvironmentSubscribers* find(std::string_view environment) const noexcept;
  /// An environment that the shard does not know yet begins with `state`.
  EnvironmentSubscribers& begin(const domain::SnapshotPtr& state);
  /// It moves on. Subscribers count as told up to `settled` until `DeliveryTotals::settle`.
  static void move_to(EnvironmentSubscribers& home, const domain::SnapshotPtr& state,
                      domain::Revision settled) noexcept;
  /// It begins again with `state`, whose revision may be lower: what was counted of its subscribers is void.
  /// Clients count as having `behind`.
  void begin_again(EnvironmentSubscribers& home, const domain::SnapshotPtr& state,
                   const domain::SnapshotPtr& behind);

  // A subscriber that has just been sent the environment's state enters, or begins again from there.
  static void enter_client(Subscriber& subscriber, EnvironmentSubscribers& home, const ClientPtr& client);
  /// An admin that has entered before keeps its place, whatever is on its way to it.
  static void enter_admin(Subscriber& subscriber, EnvironmentSubscribers& home, domain::Standing role);
  /// Nothing happens when it has not entered.
  static void leave(Subscriber& subscriber) noexcept;

  /// It sees what `client` sees from now on; it moves between packages as that does.
  static void set_client(Subscriber& subscriber, const ClientPtr& client);
  /// It has been sent everything up to `revision`, and is not behind.
  static void set_sent(Subscriber& subscriber, domain::Revision revision);
  /// It has `state` and takes no more for now.
  static void set_behind(Subscriber& subscriber, domain::SnapshotPtr state);
  /// It has confirmed `revision`. Ignored above what it was told, and below an earlier confirmation.
  static void acknowledge(Subscriber& subscriber, domain::Revision revision);

  // Receipts; see `ShardRollouts`. Nothing happens when it has not entered.
  /// How rollouts are kept. Before an environment begins; `options` must outlive the index.
  void keep_rollouts(const RolloutOptions& options) noexcept { rollouts_ = &options; }
  /// The change to the environment's present state may concern it, and waits for it.
  static void await(Subscriber& subscriber) noexcept;
  /// It is sent a batch or a full state that brings it to `revision`. Only when entered.
  static void covered(Subscriber& subscriber, domain::Revision revision) noexcept;
  /// It turned out that nothing which waited for it concerns it.
  static void not_concerned(Subscriber& subscriber) noexcept;
  /// A ping has left for it, behind all that it was sent.
  static void pinged(Subscriber& subscriber) noexcept;
  /// It has answered that ping.
  static void answered(Subscriber& subscriber) noexcept;
  /// It has answered something that it was sent when `Subscriber::provable` was `proven`.
  static void received(Subscriber& subscriber, domain::Revision proven) noexcept;
  /// Whether pings follow what is sent to it now.
  [[nodiscard]] static bool to_be_confirmed(const Subscriber& subscriber) noexcept;

  /// The revision up to which it has been told everything that concerns it. Only when entered.
  [[nodiscard]] static domain::Revision told(const Subscriber& subscriber) noexcept;
  [[nodiscard]] DeliveryCounts count(std::string_view environment,
                                     const std::vector<domain::Revision>& revisions) const;

  /// Which group: of one environment, or of a package or client of it.
  enum class Scope : std::uint8_t { clients, admins, package, client };
  /// nullptr: it has no members.
  [[nodiscard]] static SubscriberGroup* group(EnvironmentSubscribers& home, Scope scope, domain::Id id = 0);
  /// Drops the group when nothing is in it any more. After a walk over it.
  static void tidy(EnvironmentSubscribers& home, Scope scope, domain::Id id) noexcept;
  /// Visits each member of a group in one go. The visitor may make any of them leave.
  static void for_each(EnvironmentSubscribers& home, Scope scope, domain::Id id,
                       const std::function<void(Subscriber&)>& visit);
  /// Every environment of the shard.
  [[nodiscard]] std::vector<EnvironmentSubscribers*> environments();

 private:
  static void remove_from(EnvironmentSubscribers::Groups& groups, domain::Id id,
                          Subscriber& subscriber) noexcept;
  [[nodiscard]] static DeliveryTotals::Position position_of(const Subscriber& subscriber) noexcept;
  static void settle_in(Subscriber& subscriber, EnvironmentSubscribers& home) noexcept;
  static void take(Subscriber& subscriber, const ClientPtr& client) noexcept;
  static void count_move(const Subscriber& subscriber, const DeliveryTotals::Position& to);

  static const RolloutOptions kNoRollouts;

  net::Shard& shard_;
  const RolloutOptions* rollouts_ = &kNoRollouts;
  std::map<std::string, std::unique_ptr<EnvironmentSubscribers>, std::less<>> environments_;
};

}  // namespace togglecast::delivery
