#include "service/accounts/last_use.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "domain/schema/environment.hpp"

namespace togglecast::service {

LastUse::LastUse(const Clock& clock, observe::Metrics& metrics)
    : clock_(clock),
      written_(metrics.counter("togglecast_last_use_written_total",
                               "Times of use of sessions and API keys that were written to the store.")),
      failures_(metrics.counter("togglecast_last_use_failures_total",
                                "Writes of times of use that the store did not take; they are repeated.")),
      written_at_(clock.now()) {}

void LastUse::note(domain::Kind kind, domain::Id id) {
  const UnixMillis now = clock_.wall_now();
  const std::scoped_lock lock(mutex_);
  auto& at = noted_[{kind, id}];
  at = std::max(at, now);
}

Result<LastUse::Known> LastUse::read(storage::Reader& reader) const {
  const auto stored = reader.usage().all(std::string(domain::kSystemEnvironment));
  if (!stored) return tl::unexpected(stored.error());
  Known known;
  for (const storage::Usage& usage : *stored) known.emplace(usage.of, usage);
  const std::scoped_lock lock(mutex_);
  for (const auto& [entity, at] : noted_) {
    storage::Usage& usage = known[entity];
    usage.of = entity;
    usage.used_at = std::max(usage.used_at, at);
  }
  return known;
}

void LastUse::write_due(storage::UsageWriter& store) {
  if (clock_.now() - written_at_ >= kEvery) write(store);
}

void LastUse::write(storage::UsageWriter& store) {
  written_at_ = clock_.now();
  const auto uses = take();
  if (uses.empty()) return;
  if (const auto done = store.note(std::string(domain::kSystemEnvironment), uses); !done) {
    failures_.add();
    return put_back(uses);
  }
  written_.add(uses.size());
}

std::vector<storage::Use> LastUse::take() {
  std::map<storage::UsedEntity, UnixMillis> noted;
  {
    const std::scoped_lock lock(mutex_);
    noted = std::exchange(noted_, {});
  }
  std::vector<storage::Use> uses;
  uses.reserve(noted.size());
  for (const auto& [entity, at] : noted) uses.push_back({entity, at});
  return uses;
}

void LastUse::put_back(const std::vector<storage::Use>& uses) {
  const std::scoped_lock lock(mutex_);
  for (const storage::Use& use : uses) {
    auto& at = noted_[use.of];
    at = std::max(at, use.at);
  }
}

}  // namespace togglecast::service
