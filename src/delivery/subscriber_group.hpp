// Subscribers that are addressed together, in one dense array, and walks over them that pause.
//
// A walk visits every subscriber that was in the group when the walk began and has not left since, once. It
// keeps its position when members leave meanwhile. Subscribers that join during a walk are not visited: they
// begin with the current state. Thread rule: one shard.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace togglecast::delivery {

class GroupWalk;
class Subscriber;

class SubscriberGroup {
 public:
  /// Which of a subscriber's places this group uses: a subscriber is in at most one group of each kind.
  enum class Kind : std::uint8_t {
    all,      ///< all clients of an environment, or all its admins
    package,  ///< clients on one package, or on none
    client,   ///< connections of one client
  };

  explicit SubscriberGroup(Kind kind) noexcept : kind_(kind) {}
  SubscriberGroup(const SubscriberGroup&) = delete;
  SubscriberGroup& operator=(const SubscriberGroup&) = delete;
  ~SubscriberGroup();

  /// Room for one more, so that `add` cannot fail.
  void make_room();
  void add(Subscriber& subscriber) noexcept;
  void remove(Subscriber& subscriber) noexcept;

  [[nodiscard]] std::size_t size() const noexcept { return members_.size(); }
  /// Nobody is in it and nothing walks over it.
  [[nodiscard]] bool unused() const noexcept { return members_.empty() && walks_ == nullptr; }

 private:
  friend class GroupWalk;

  void put(Subscriber& subscriber, std::uint32_t place) noexcept;

  std::vector<Subscriber*> members_;
  GroupWalk* walks_ = nullptr;  // a list, rarely of more than one
  Kind kind_;
};

class GroupWalk {
 public:
  explicit GroupWalk(SubscriberGroup& group) noexcept;
  GroupWalk(const GroupWalk&) = delete;
  GroupWalk& operator=(const GroupWalk&) = delete;
  ~GroupWalk() { stop(); }

  /// The next subscriber; nullptr at the end. Any subscriber may leave before the next call.
  [[nodiscard]] Subscriber* next() noexcept;
  /// The next call answers the same subscriber again, unless it leaves. Right after `next` answered one.
  void again() noexcept { --next_; }

 private:
  friend class SubscriberGroup;

  void stop() noexcept;

  SubscriberGroup* group_;  // nullptr once the group is gone
  GroupWalk* next_walk_;
  // Members before `next_` have been visited; those from `end_` on joined later.
  std::uint32_t next_ = 0;
  std::uint32_t end_;
};

}  // namespace togglecast::delivery
