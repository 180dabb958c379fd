// What one step from a state to another means for each client's subscriber: worked out once for all that see
// the same, and only for the features that the step's impact names.
//
// Subscribers on one package whose rules read the same values are one input, which is evaluated once. Answers
// that differ in the same way make one batch, which is encoded once.
//
// Thread rule: one shard; refers to the states and the counters.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "delivery/batch.hpp"
#include "delivery/evaluation_queue.hpp"
#include "delivery/push_counters.hpp"
#include "delivery/subscriber.hpp"
#include "delivery/views/view_input.hpp"
#include "domain/evaluation/jsonlogic/program.hpp"
#include "domain/state/impact.hpp"
#include "domain/state/view.hpp"
#include "domain/views/sliced_view.hpp"

namespace togglecast::delivery {

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

  /// The step concerns subscribers on every package, and those on none.
  [[nodiscard]] bool concerns_all() const noexcept { return !impact_.platforms.empty(); }
  /// Otherwise: packages, and clients with overrides, that it may concern besides those in the impact.
  [[nodiscard]] std::vector<domain::Id> packages() const { return concerned_packages(*from_, *to_, impact_); }
  [[nodiscard]] std::vector<domain::Id> overriding_clients() const {
    return delivery::overriding_clients(*to_, impact_);
  }

  // nullptr when the turn is over before it is known: another turn goes on, with the same subscriber. With
  // another one, what was begun is lost.
  /// For a subscriber whose client the step did not touch. Package 0: none.
  [[nodiscard]] SharedBatch* batch_for(const Subscriber& subscriber, domain::Id package, Turn& turn);
  /// For one whose client the step did touch; the client is now `after`.
  [[nodiscard]] SharedBatch* batch_for_touched(const Subscriber& subscriber, const ClientPtr& after,
                                               Turn& turn);

  /// For one that takes only notices, whose client the step did not touch. nullptr: no flag that the client
  /// sees can differ.
  [[nodiscard]] SharedBatch* notice_for(const Subscriber& subscriber, domain::Id package);
  /// The same for one whose client the step did touch.
  [[nodiscard]] SharedBatch& notice() noexcept { return notice_; }

 private:
  struct PackagePlan;
  struct Input;

  [[nodiscard]] PackagePlan& plan_of(domain::Id package);
  [[nodiscard]] std::vector<domain::ViewUpdate> base_updates(domain::Id package, bool active) const;
  // What tells this subscriber's answers from those of others on its package.
  void read_input(std::string& key, const PackagePlan& plan, const Subscriber& subscriber) const;
  [[nodiscard]] SharedBatch* evaluate(PackagePlan& plan, const Subscriber& subscriber,
                                      const std::vector<domain::Id>& features, Turn& turn);
  [[nodiscard]] Input& input_of(const Subscriber& subscriber);
  [[nodiscard]] std::vector<domain::Id> features_with_overrides(const PackagePlan& plan,
                                                                const Subscriber& subscriber) const;

  domain::SnapshotPtr from_, to_;
  domain::Impact impact_;
  domain::Step step_;
  const PushCounters& counters_;
  std::unordered_map<domain::Id, std::unique_ptr<PackagePlan>> plans_;
  SharedBatch notice_;
  std::optional<SharedBatch> single_;  // of the touched client looked at last
  std::unique_ptr<domain::ViewDifference> begun_single_;
  std::pair<const domain::Client*, const json::object*> single_for_{};
  std::unique_ptr<Input> input_;  // that is being evaluated, or was last
  std::string key_;               // kept for its memory
  domain::evaluation::DecisionMemo from_memo_, to_memo_;
};

}  // namespace togglecast::delivery
