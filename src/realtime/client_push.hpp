// What one step from a state to another means for each client connection: worked out once for all who see the
// same, and only for the features that the step's impact names.
//
// Connections on one package whose rules read the same values are one input: evaluated once. Answers that
// differ in the same way are told in the same words: encoded once.
//
// Thread rule: one shard; refers to the states and the counters.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "domain/evaluation/jsonlogic/program.hpp"
#include "domain/state/impact.hpp"
#include "domain/state/view.hpp"
#include "realtime/batch.hpp"
#include "realtime/peer.hpp"
#include "realtime/push_counters.hpp"

namespace togglecast::realtime {

/// What some connections must be told; encoded in either form when somebody needs it.
class Message {
 public:
  Message(std::vector<domain::ViewUpdate> updates, const domain::Snapshot& to)
      : updates_(std::move(updates)), to_(to) {}
  [[nodiscard]] bool empty() const noexcept { return updates_.empty(); }
  [[nodiscard]] const Batch& batch(bool offsets, const PushCounters& counters);

 private:
  std::vector<domain::ViewUpdate> updates_;
  const domain::Snapshot& to_;
  std::optional<Batch> forms_[2];
};

class ClientPush {
 public:
  ClientPush(domain::SnapshotPtr from, domain::SnapshotPtr to, domain::Impact impact, domain::Step step,
             const PushCounters& counters);
  ~ClientPush();
  ClientPush(const ClientPush&) = delete;
  ClientPush& operator=(const ClientPush&) = delete;

  [[nodiscard]] const domain::SnapshotPtr& from() const noexcept { return from_; }
  [[nodiscard]] const domain::SnapshotPtr& to() const noexcept { return to_; }
  [[nodiscard]] const domain::Impact& impact() const noexcept { return impact_; }

  /// The step concerns connections on every package, and those on none.
  [[nodiscard]] bool concerns_all() const noexcept { return !impact_.platforms.empty(); }
  /// Otherwise: packages, and clients with overrides, that it may concern besides those in the impact.
  [[nodiscard]] std::vector<domain::Id> packages() const;
  [[nodiscard]] std::vector<domain::Id> overriding_clients() const;

  /// For a connection of a client that the step did not touch. Package 0: none.
  [[nodiscard]] Message& message_for(const Peer& peer, domain::Id package);
  /// For one of a client that it did touch, and which is now `after`.
  [[nodiscard]] Message& message_for_touched(const Peer& peer, const domain::Client& after);

 private:
  struct PackagePlan;
  using Answers = std::vector<domain::FeatureAnswer>;

  [[nodiscard]] PackagePlan& plan_of(domain::Id package);
  [[nodiscard]] std::vector<domain::ViewUpdate> base_updates(domain::Id package, bool active) const;
  void add_reads(domain::evaluation::Reads& reads, const domain::Snapshot& state, domain::Id feature,
                 std::vector<domain::Id>& seen) const;
  // What distinguishes this connection's answers from those of others on its package.
  void read_input(std::string& key, const PackagePlan& plan, const Peer& peer) const;
  [[nodiscard]] Message& evaluate(PackagePlan& plan, const Peer& peer,
                                  const std::vector<domain::Id>& features);
  [[nodiscard]] std::vector<domain::Id> features_with_overrides(const PackagePlan& plan,
                                                                const Peer& peer) const;

  domain::SnapshotPtr from_, to_;
  domain::Impact impact_;
  domain::Step step_;
  const PushCounters& counters_;
  std::unordered_map<domain::Id, std::unique_ptr<PackagePlan>> plans_;
  std::optional<Message> single_;  // of the touched client looked at last
  std::pair<const domain::Client*, const json::object*> single_for_{};
  std::string key_;  // kept for its memory
  domain::evaluation::DecisionMemo from_memo_, to_memo_;
};

}  // namespace togglecast::realtime
