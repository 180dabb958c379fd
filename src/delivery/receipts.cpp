#include "delivery/receipts.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

namespace togglecast::delivery {
namespace {

constexpr std::uint32_t kExact = 4;  // milliseconds below it have a bucket each
constexpr std::uint32_t kLongest = (1U << 22U) - 1;

constexpr std::size_t place(Stage stage, Stage first) noexcept {
  return static_cast<std::size_t>(stage) - static_cast<std::size_t>(first);
}

// The members of `by_stage` before `stage`.
std::uint32_t sum_before(const std::array<std::uint32_t, 3>& by_stage, Stage stage) noexcept {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < place(stage, Stage::concerned); ++i) sum += by_stage[i];
  return sum;
}

double seconds(std::uint32_t ms) noexcept { return static_cast<double>(ms) / 1e3; }

}  // namespace

std::string_view to_string(Stage stage) noexcept {
  switch (stage) {
    case Stage::none:
      return "none";
    case Stage::concerned:
      return "waiting";
    case Stage::sent:
      return "sent";
    case Stage::received:
      return "received";
    case Stage::applied:
      return "applied";
  }
  return "";
}

// Four buckets for each power of two.
std::size_t StageTimes::bucket_of(std::uint32_t ms) noexcept {
  if (ms < kExact) return ms;
  ms = std::min(ms, kLongest);
  const auto octave = static_cast<std::uint32_t>(std::bit_width(ms)) - 3;
  return kExact * (octave + 1) + (ms >> octave) % kExact;
}

std::uint32_t StageTimes::end_of(std::size_t bucket) noexcept {
  const auto number = static_cast<std::uint32_t>(bucket);
  if (number < kExact) return number;
  const std::uint32_t octave = number / kExact - 1;
  return ((number % kExact + kExact + 1) << octave) - 1;
}

void StageTimes::add(std::uint32_t ms, std::uint32_t times) noexcept {
  counts_[bucket_of(ms)] += times;
  count_ += times;
  last_ = std::max(last_, ms);
}

void StageTimes::add(const StageTimes& other) noexcept {
  for (std::size_t i = 0; i < kBuckets; ++i) counts_[i] += other.counts_[i];
  count_ += other.count_;
  last_ = std::max(last_, other.last_);
}

void StageTimes::add_bucket(std::size_t bucket, std::uint32_t times) noexcept {
  if (bucket >= kBuckets) return;
  counts_[bucket] += times;
  count_ += times;
}

void StageTimes::raise_last(std::uint32_t ms) noexcept { last_ = std::max(last_, ms); }

std::optional<std::uint32_t> StageTimes::within(double part) const noexcept {
  if (count_ == 0) return std::nullopt;
  const auto wanted = static_cast<std::uint32_t>(std::ceil(part * count_));
  std::uint32_t seen = 0;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    seen += counts_[i];
    if (seen >= wanted) return std::min(end_of(i), last_);
  }
  return last_;
}

std::optional<std::uint32_t> StageTimes::last() const noexcept {
  return count_ == 0 ? std::nullopt : std::optional(last_);
}

std::uint32_t RolloutCounts::superseded_before(Stage stage) const noexcept {
  return sum_before(superseded, stage);
}

std::uint32_t RolloutCounts::gone_before(Stage stage) const noexcept { return sum_before(gone, stage); }

std::uint32_t RolloutCounts::of(Stage stage) const noexcept {
  return concerned - superseded_before(stage) - gone_before(stage);
}

void RolloutCounts::add(const RolloutCounts& other) noexcept {
  concerned += other.concerned;
  resumed += other.resumed;
  for (std::size_t i = 0; i < reached.size(); ++i) {
    superseded[i] += other.superseded[i];
    gone[i] += other.gone[i];
    reached[i].add(other.reached[i]);
  }
}

ShardRollouts::Entry* ShardRollouts::find(domain::Revision revision) noexcept {
  if (entries_.empty() || revision <= 0) return nullptr;
  Entry& entry = entries_[static_cast<std::size_t>(revision) % kSlots];
  return entry.revision == revision ? &entry : nullptr;
}

const ShardRollouts::Entry* ShardRollouts::find(domain::Revision revision) const noexcept {
  if (entries_.empty() || revision <= 0) return nullptr;
  const Entry& entry = entries_[static_cast<std::size_t>(revision) % kSlots];
  return entry.revision == revision ? &entry : nullptr;
}

void ShardRollouts::begin(domain::Revision revision, TimePoint committed, bool confirm, TimePoint now) {
  if (revision <= newest_) return;
  if (entries_.empty()) entries_.resize(kSlots);
  close_old(now);
  Entry& entry = entries_[static_cast<std::size_t>(revision) % kSlots];
  close(entry);  // of a change long ago
  entry = Entry{revision, revision, committed, nullptr, nullptr, confirm};
  if (revision - newest_ > static_cast<domain::Revision>(kKept)) first_open_ = revision;
  newest_ = revision;
}

void ShardRollouts::concerns(domain::Revision revision, const domain::Impact& impact) {
  Entry* entry = find(revision);
  if (entry != nullptr && impact.concerns_clients())
    entry->impact = std::make_unique<const domain::Impact>(impact);
}

void ShardRollouts::merge(domain::Revision from, domain::Revision to) noexcept {
  Entry* into = find(to);
  if (into == nullptr) return;
  const auto oldest = std::max(from + 1, to - static_cast<domain::Revision>(kKept));
  for (domain::Revision revision = oldest; revision < to; ++revision) {
    Entry* entry = find(revision);
    if (entry == nullptr) continue;
    entry->told_as = to;
    into->confirm = into->confirm || entry->confirm;
  }
}

void ShardRollouts::open(domain::Revision revision) {
  Entry* entry = find(revision);
  if (entry != nullptr && entry->counts == nullptr && revision >= first_open_)
    entry->counts = std::make_unique<RolloutCounts>();
}

bool ShardRollouts::confirms(domain::Revision revision) const noexcept {
  const Entry* entry = find(revision);
  return entry != nullptr && entry->confirm;
}

std::uint32_t ShardRollouts::age(domain::Revision revision, TimePoint now) const noexcept {
  const Entry* entry = find(revision);
  if (entry == nullptr || now <= entry->committed) return 0;
  const auto ms = std::chrono::duration_cast<Milliseconds>(now - entry->committed).count();
  return static_cast<std::uint32_t>(std::min<std::int64_t>(ms, kLongest));
}

RolloutCounts* ShardRollouts::counts_of(const Receipt& receipt) noexcept {
  Entry* entry = find(receipt.revision);
  return entry == nullptr ? nullptr : entry->counts.get();
}

void ShardRollouts::supersede(const Receipt& receipt) noexcept {
  if (RolloutCounts* counts = counts_of(receipt))
    ++counts->superseded[place(receipt.stage, Stage::concerned)];
}

void ShardRollouts::pushed(domain::Revision revision, std::uint32_t ms, std::uint32_t connections) noexcept {
  Entry* entry = find(revision);
  if (connections == 0 || entry == nullptr || entry->counts == nullptr) return;
  entry->counts->concerned += connections;
  entry->counts->reached[0].add(ms, connections);
  if (options_->seconds[0] != nullptr) options_->seconds[0]->observe(seconds(ms), connections);
}

void ShardRollouts::wait(Receipt& receipt, domain::Revision revision, TimePoint now) noexcept {
  if (receipt.revision == revision) return;
  if (receipt.stage != Stage::none && receipt.stage != Stage::applied) supersede(receipt);
  receipt = {revision, age(revision, now), Stage::concerned, false};
  if (RolloutCounts* counts = counts_of(receipt)) ++counts->concerned;
}

void ShardRollouts::drop(Receipt& receipt) noexcept {
  if (receipt.stage != Stage::concerned) return;
  if (RolloutCounts* counts = counts_of(receipt)) --counts->concerned;
  receipt = {};
}

void ShardRollouts::reach(Receipt& receipt, Stage stage, TimePoint now) noexcept {
  receipt.reached_ms = age(receipt.revision, now);
  RolloutCounts* counts = counts_of(receipt);
  for (auto next = place(receipt.stage, Stage::concerned); next < place(stage, Stage::concerned); ++next) {
    if (counts == nullptr) break;
    counts->reached[next].add(receipt.reached_ms);
    if (options_->seconds[next] != nullptr) options_->seconds[next]->observe(seconds(receipt.reached_ms));
  }
  receipt.stage = stage;
  receipt.pinged = false;
}

void ShardRollouts::sent(Receipt& receipt, domain::Revision told, TimePoint now) noexcept {
  if (receipt.stage == Stage::concerned && told >= receipt.revision) reach(receipt, Stage::sent, now);
}

void ShardRollouts::answered(Receipt& receipt, TimePoint now) noexcept {
  if (receipt.pinged && receipt.stage == Stage::sent) reach(receipt, Stage::received, now);
}

void ShardRollouts::received(Receipt& receipt, domain::Revision revision, TimePoint now) noexcept {
  if (receipt.stage == Stage::sent && revision >= receipt.revision) reach(receipt, Stage::received, now);
}

void ShardRollouts::applied(Receipt& receipt, domain::Revision revision, TimePoint now) noexcept {
  const bool was_sent = receipt.stage == Stage::sent || receipt.stage == Stage::received;
  if (was_sent && revision >= receipt.revision) reach(receipt, Stage::applied, now);
}

void ShardRollouts::gone(Receipt& receipt) noexcept {
  if (receipt.stage != Stage::none && receipt.stage != Stage::applied) {
    if (RolloutCounts* counts = counts_of(receipt)) ++counts->gone[place(receipt.stage, Stage::concerned)];
  }
  receipt = {};
}

void ShardRollouts::resumed(domain::Revision from, domain::Revision to, const Concerned& concerned) {
  const auto oldest = std::max({from + 1, first_open_, to - static_cast<domain::Revision>(kLookedAt) + 1});
  domain::Revision counted = 0;  // changes that were told as one count once
  for (domain::Revision revision = oldest; revision <= to; ++revision) {
    const Entry* entry = find(revision);
    if (entry == nullptr || entry->impact == nullptr || entry->told_as == counted) continue;
    if (!concerned(*entry->impact)) continue;
    counted = entry->told_as;
    open(counted);
    Entry* told = find(counted);
    if (told != nullptr && told->counts != nullptr) ++told->counts->resumed;
  }
}

domain::Revision ShardRollouts::told_as(domain::Revision revision) const noexcept {
  const Entry* entry = find(revision);
  return entry == nullptr ? revision : entry->told_as;
}

const RolloutCounts* ShardRollouts::counts(domain::Revision revision) const noexcept {
  const Entry* entry = find(revision);
  return entry == nullptr ? nullptr : entry->counts.get();
}

void ShardRollouts::close_old(TimePoint now) {
  for (; first_open_ <= newest_; ++first_open_) {
    Entry* entry = find(first_open_);
    if (entry == nullptr) continue;
    if (now - entry->committed <= options_->patience) return;
    close(*entry);
  }
}

void ShardRollouts::close(Entry& entry) {
  entry.impact.reset();
  if (entry.counts == nullptr) return;
  const bool reached_any = entry.counts->concerned != 0 || entry.counts->resumed != 0;
  if (options_->sink != nullptr && reached_any)
    options_->sink->close(environment_, entry.revision, shard_, *entry.counts);
  entry.counts.reset();
}

}  // namespace togglecast::delivery
