// How far a change has come with each connection that it concerns: sent, received, applied. Each connection
// has a `Receipt`, for the newest change that concerns it; `ShardRollouts` has the sums of each change on one
// shard.
//
//   none -> concerned -> sent -> received -> applied      the stages of a connection
//
// A connection leaves a rollout before its end when a newer change concerns it (superseded) or when it ends
// (gone). See docs/decisions/0037. Thread rule: one shard; time is an argument.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "domain/schema/ids.hpp"
#include "domain/state/impact.hpp"
#include "observe/metrics.hpp"

namespace togglecast::delivery {

enum class Stage : std::uint8_t {
  none,       ///< no change is under way to it
  concerned,  ///< it takes nothing now: the change waits for it
  sent,       ///< handed to its transport
  received,   ///< the client has proven that it has read it
  applied,    ///< the client says that it has applied it
};
[[nodiscard]] std::string_view to_string(Stage stage) noexcept;

/// One connection's.
struct Receipt {
  domain::Revision revision = 0;  ///< the newest change that concerns it
  std::uint32_t reached_ms = 0;   ///< when it reached the stage, after the commit
  Stage stage = Stage::none;
  bool pinged = false;  ///< a ping has followed what it was sent
};
static_assert(sizeof(Receipt) <= 16, "every connection has one");

/// Times in milliseconds, counted in buckets that are at most a quarter wide.
class StageTimes {
 public:
  void add(std::uint32_t ms, std::uint32_t times = 1) noexcept;
  void add(const StageTimes& other) noexcept;
  [[nodiscard]] std::uint32_t count() const noexcept { return count_; }
  /// The time within which this part of them arrived, 0.5 or 0.99, rounded up to its bucket's end and never
  /// above `last`. Nothing without any.
  [[nodiscard]] std::optional<std::uint32_t> within(double part) const noexcept;
  [[nodiscard]] std::optional<std::uint32_t> last() const noexcept;

  // As another node has them.
  static constexpr std::size_t kBuckets = 84;  ///< the last ends after 70 minutes
  [[nodiscard]] const std::array<std::uint32_t, kBuckets>& buckets() const noexcept { return counts_; }
  void add_bucket(std::size_t bucket, std::uint32_t times) noexcept;
  void raise_last(std::uint32_t ms) noexcept;

 private:
  [[nodiscard]] static std::size_t bucket_of(std::uint32_t ms) noexcept;
  [[nodiscard]] static std::uint32_t end_of(std::size_t bucket) noexcept;

  std::array<std::uint32_t, kBuckets> counts_{};
  std::uint32_t count_ = 0;
  std::uint32_t last_ = 0;
};

/// The sums of one change.
struct RolloutCounts {
  std::uint32_t concerned = 0;
  /// Sessions that were not connected when it was told, came back, and were sent it then. They are not part
  /// of `concerned`; those that it lost may be among `gone`.
  std::uint32_t resumed = 0;
  /// Connections that left, by the last stage that they had reached: concerned, sent, received.
  std::array<std::uint32_t, 3> superseded{}, gone{};
  std::array<StageTimes, 3> reached;  ///< sent, received, applied

  [[nodiscard]] const StageTimes& times(Stage stage) const noexcept {
    return reached[static_cast<std::size_t>(stage) - static_cast<std::size_t>(Stage::sent)];
  }
  /// Connections that left before they reached `stage`.
  [[nodiscard]] std::uint32_t superseded_before(Stage stage) const noexcept;
  [[nodiscard]] std::uint32_t gone_before(Stage stage) const noexcept;
  /// Connections that have reached `stage` or still can: the denominator.
  [[nodiscard]] std::uint32_t of(Stage stage) const noexcept;
  /// Nothing more can come.
  [[nodiscard]] bool settled() const noexcept { return times(Stage::applied).count() == of(Stage::applied); }
  void add(const RolloutCounts& other) noexcept;
};
static_assert(sizeof(RolloutCounts) <= 1'536, "a thousand of each environment are kept");

/// Takes the sums of a rollout that is over on one shard. May be called on any shard.
class RolloutSink {
 public:
  virtual ~RolloutSink() = default;
  virtual void close(const std::string& environment, domain::Revision revision, std::size_t shard,
                     const RolloutCounts& counts) = 0;
};

struct RolloutOptions {
  Milliseconds patience{60'000};  ///< so long after its commit, a rollout is over
  RolloutSink* sink = nullptr;    ///< must outlive the shards' delivery; null: the sums are dropped
  /// Seconds from the commit to each stage; null: not observed.
  std::array<observe::Histogram*, 3> seconds{};
};

/// The last changes of one environment on one shard.
class ShardRollouts {
 public:
  /// Of so many changes the sums are kept.
  static constexpr std::size_t kKept = 1'000;

  ShardRollouts(std::string environment, std::size_t shard, const RolloutOptions& options)
      : environment_(std::move(environment)), shard_(shard), options_(&options) {}

  /// A change is on its way to this shard. With `confirm`, pings follow what is sent. Ends the rollouts that
  /// are over. A change that is not newer than the last one is ignored.
  void begin(domain::Revision revision, TimePoint committed, bool confirm, TimePoint now);
  /// What the change concerns, for `resumed`, until its rollout is over.
  void concerns(domain::Revision revision, const domain::Impact& impact);
  /// The changes after `from` are told as one, as `to`.
  void merge(domain::Revision from, domain::Revision to) noexcept;
  /// Connections will be told this change. Before the calls below; may fail.
  void open(domain::Revision revision);
  [[nodiscard]] bool confirms(domain::Revision revision) const noexcept;
  /// Milliseconds since its commit.
  [[nodiscard]] std::uint32_t age(domain::Revision revision, TimePoint now) const noexcept;

  // What happens to a connection. These never fail. What concerns a rollout that is over is not counted.
  /// A push sends it the change `revision`, which is `ms` old. The caller counts these by `pushed`.
  void push(Receipt& receipt, domain::Revision revision, std::uint32_t ms) noexcept {
    if (receipt.stage != Stage::none && receipt.stage != Stage::applied) supersede(receipt);
    receipt = {revision, ms, Stage::sent, false};
  }
  void pushed(domain::Revision revision, std::uint32_t ms, std::uint32_t connections) noexcept;
  /// The change may concern it, and it takes nothing now.
  void wait(Receipt& receipt, domain::Revision revision, TimePoint now) noexcept;
  /// It turned out that the change which waited does not concern it.
  void drop(Receipt& receipt) noexcept;
  /// It was sent all up to `told`.
  void sent(Receipt& receipt, domain::Revision told, TimePoint now) noexcept;
  /// A ping has left for it, behind all that it was sent.
  static void pinged(Receipt& receipt) noexcept { receipt.pinged = receipt.stage == Stage::sent; }
  /// It has answered that ping.
  void answered(Receipt& receipt, TimePoint now) noexcept;
  /// Something proves that it has read the change `revision`, which it had been sent.
  void received(Receipt& receipt, domain::Revision revision, TimePoint now) noexcept;
  /// It says that it has applied all up to `revision`, which it had been sent.
  void applied(Receipt& receipt, domain::Revision revision, TimePoint now) noexcept;
  /// It ends.
  void gone(Receipt& receipt) noexcept;

  /// A session that had all up to `from` has come back and is sent what it missed up to `to`. It counts as
  /// resumed for the changes between that concern it, as `concerned` says, if they are among the last
  /// `kLookedAt` and their rollouts are not over.
  using Concerned = std::function<bool(const domain::Impact&)>;
  void resumed(domain::Revision from, domain::Revision to, const Concerned& concerned);
  static constexpr std::size_t kLookedAt = 64;

  /// The change as which this one was told; itself, unless it was merged into a later one.
  [[nodiscard]] domain::Revision told_as(domain::Revision revision) const noexcept;
  /// The sums of a rollout that is not over; null: it is over, is not known, or concerns nobody here.
  [[nodiscard]] const RolloutCounts* counts(domain::Revision revision) const noexcept;
  /// Ends the rollouts that are over.
  void close_old(TimePoint now);

 private:
  struct Entry {
    domain::Revision revision = 0;
    domain::Revision told_as = 0;
    TimePoint committed{};
    std::unique_ptr<RolloutCounts> counts;
    std::unique_ptr<const domain::Impact> impact;  // null: it concerns nobody, or its rollout is over
    bool confirm = false;
  };
  static constexpr std::size_t kSlots = 1'024;

  [[nodiscard]] Entry* find(domain::Revision revision) noexcept;
  [[nodiscard]] const Entry* find(domain::Revision revision) const noexcept;
  /// Whose sums a receipt counts in; null: none.
  [[nodiscard]] RolloutCounts* counts_of(const Receipt& receipt) noexcept;
  void supersede(const Receipt& receipt) noexcept;
  void reach(Receipt& receipt, Stage stage, TimePoint now) noexcept;
  void close(Entry& entry);

  std::string environment_;
  std::size_t shard_;
  const RolloutOptions* options_;
  std::vector<Entry> entries_;  // each in the place of its revision modulo kSlots; empty before the first
  domain::Revision newest_ = 0;
  domain::Revision first_open_ = 1;  // all before it are over
};

}  // namespace togglecast::delivery
