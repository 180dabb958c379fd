// One push: brings the subscribers of an environment on one shard from one state to the next, in slices
// between which the shard does other things. Thread rule: the shard's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "delivery/client_push.hpp"
#include "delivery/push_counters.hpp"
#include "delivery/shard_step.hpp"
#include "delivery/subscriber_index.hpp"
#include "domain/views/sliced_view.hpp"

namespace togglecast::delivery {

/// True when the subscriber takes nothing now: it is marked as having `from`, and advanced when it drains.
[[nodiscard]] bool defer(Subscriber& subscriber, const domain::SnapshotPtr& from,
                         const PushCounters& counters);

class PushJob {
 public:
  /// `step` leads to the state that `index` already has.
  PushJob(SubscriberIndex& index, const PushCounters& counters, ShardStep step);
  PushJob(const PushJob&) = delete;
  PushJob& operator=(const PushJob&) = delete;
  ~PushJob();

  /// Goes on for one slice of at most a millisecond; true when everybody has been told.
  [[nodiscard]] bool run();

 private:
  class Part;
  enum class Task : std::uint8_t {
    recheck,        ///< may they stay?
    tell_admins,    ///< what changed of all that they may read
    tell_touched,   ///< a client that itself changed
    tell_concerned  ///< clients that see something that changed
  };
  // Walks over the members of one group with one task.
  struct Stage {
    Task task;
    EnvironmentSubscribers* home;
    SubscriberIndex::Scope scope;
    domain::Id id = 0;
  };

  void plan_admins(SubscriberIndex& index);
  void plan_clients();
  /// True when the stage is over.
  [[nodiscard]] bool walk(const Stage& stage, Part& part);
  // False when the turn was over before it was known what to tell.
  [[nodiscard]] bool tell(Task task, Subscriber& subscriber, Part& part);
  [[nodiscard]] bool tell_admin(Subscriber& subscriber, Part& part);
  [[nodiscard]] bool tell_touched(Subscriber& subscriber, Part& part);
  [[nodiscard]] bool tell_concerned(Subscriber& subscriber, Part& part);
  // Null: there is nothing to tell. Nothing: the turn was over before it was encoded.
  using Encoded = std::optional<const EncodedBatch*>;
  [[nodiscard]] Encoded encoded_for(const Subscriber& subscriber, SharedBatch& batch, Part& part) const;
  void send(Subscriber& subscriber, const EncodedBatch* encoded, Part& part);
  /// Something failed while this subscriber was told: it is advanced later.
  void missed(Subscriber& subscriber);

  const PushCounters& counters_;
  EnvironmentSubscribers& home_;
  ShardStep step_;
  bool of_system_;
  ClientPush push_;
  bool confirm_;       // pings follow what clients are sent
  ClientPtr touched_;  // the client of the present stage, as it is now
  // What the admins of one role are told.
  struct ForAdmins {
    explicit ForAdmins(domain::AdminDifference begun) : difference(std::move(begun)) {}
    domain::AdminDifference difference;
    std::optional<SharedBatch> batch{};  // once the difference is known
  };
  std::map<domain::Standing, ForAdmins> for_admins_;
  std::vector<Stage> stages_;
  // Where it goes on.
  std::size_t stage_at_ = 0;
  std::optional<GroupWalk> walk_;
};

}  // namespace togglecast::delivery
