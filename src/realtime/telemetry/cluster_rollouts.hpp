// Rollouts of the other nodes, over the bus. A node asks when somebody looks, and keeps each answer for a
// short time, so that many who look at the same cost one question.
//
//   topic rollouts   a question: the sums of these changes
//   topic laggards   a question: connections that lag behind in one change, from a place on
//
// Thread rule: any thread.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "changes/read_model.hpp"
#include "delivery/rollouts.hpp"
#include "nodes/nodes.hpp"

namespace togglecast::realtime {

class ClusterRollouts final : public delivery::OtherRollouts {
 public:
  static constexpr Milliseconds kKept{250};
  static constexpr std::size_t kMostKept = 64;  ///< answers to different questions

  /// All must outlive it.
  ClusterRollouts(nodes::Nodes& nodes, delivery::Rollouts& own, const changes::ReadModel& model);
  ClusterRollouts(const ClusterRollouts&) = delete;
  ClusterRollouts& operator=(const ClusterRollouts&) = delete;
  ~ClusterRollouts() override = default;

  [[nodiscard]] bool any() const override { return nodes_.size() > 1; }
  void add(const delivery::Rollouts::Asked& asked, delivery::Rollouts::Found own,
           std::function<void(delivery::Rollouts::Found)> done) override;
  void add_laggards(const std::string& environment, domain::Revision revision,
                    const delivery::LaggardQuery& query, const delivery::LaggardKey& after,
                    delivery::Lagging own, std::function<void(delivery::Lagging)> done) override;

 private:
  using Answers = std::shared_ptr<const nodes::Courier::Answers>;
  struct Kept {
    TimePoint at{};
    Answers answers;  // null: they are awaited
    std::vector<std::function<void(Answers)>> waiting{};
  };

  void ask(const delivery::Rollouts::Asked& asked, std::function<void(Answers)> done);
  void finish(const delivery::Rollouts::Asked& asked, delivery::Rollouts::Found& sums,
              const nodes::Courier::Answers& answers) const;
  void answer_others();

  nodes::Nodes& nodes_;
  delivery::Rollouts& own_;
  const changes::ReadModel& model_;
  std::mutex mutex_;
  std::map<delivery::Rollouts::Asked, Kept> kept_;
};

}  // namespace togglecast::realtime
