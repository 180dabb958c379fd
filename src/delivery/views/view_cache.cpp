#include "delivery/views/view_cache.hpp"

#include <algorithm>
#include <functional>
#include <vector>

#include "delivery/views/view_input.hpp"
#include "domain/evaluation/unusable_context.hpp"

namespace togglecast::delivery {
namespace {

using domain::Id;
using domain::Viewpoint;

// What is remembered of one environment; when there is more, all that was kept before is forgotten.
constexpr std::size_t kMostNames = 4'096;
// A view that takes a larger part of the room is not kept.
constexpr std::size_t kSmallestPart = 8;

std::uint64_t hash_of(std::string_view text) { return std::hash<std::string_view>{}(text); }

// Of a client whose view nobody has asked for before, no more is worked out.
std::uint64_t hash_of(const Viewpoint& seen) {
  return hash_of(seen.state->environment()) +
         static_cast<std::uint64_t>(seen.client->id) * 0xff51afd7ed558ccd;
}

}  // namespace

ViewCache::Environment& ViewCache::environment(std::string_view name) {
  const auto found = environments_.find(name);
  return found != environments_.end() ? found->second
                                      : environments_.try_emplace(std::string(name)).first->second;
}

ViewCache::Time ViewCache::concerned(const Environment& of, const domain::Client& client) const {
  const auto time_of = [](const std::unordered_map<Id, Time>& times, Id id) {
    const auto found = times.find(id);
    return found == times.end() ? 0 : found->second;
  };
  return std::max(
      {of.all, time_of(of.packages, client.package_id.value_or(0)), time_of(of.clients, client.id)});
}

// The rules of the package's features, and those of features that the client has by an override alone.
std::shared_ptr<const domain::evaluation::Reads> ViewCache::reads_of(const Viewpoint& seen) {
  auto& known = environment(seen.state->environment()).reads;
  if (known.size() >= kMostNames) known.clear();
  auto& reads = known[seen.client->package_id.value_or(0)];
  const auto* plan = domain::plan_of(*seen.state, *seen.client);
  if (reads == nullptr) {
    auto all = std::make_shared<Reads>();
    std::vector<Id> added;
    if (plan != nullptr)
      for (const auto& assignment : plan->features) add_reads(*all, *seen.state, assignment.feature, added);
    reads = std::move(all);
  }
  if (seen.client->overrides.empty()) return reads;
  auto own = std::make_shared<Reads>(*reads);
  std::vector<Id> added;
  for (const auto& one : seen.client->overrides) add_reads(*own, *seen.state, one.feature, added);
  return own;
}

std::string ViewCache::key_of(const Viewpoint& seen) {
  std::string key;
  append_text(key, seen.state->environment());
  key += std::to_string(seen.client->id);
  key += seen.context == domain::evaluation::unusable_context() ? '-' : '+';
  const auto reads = reads_of(seen);
  if (reads->everything) {
    if (seen.context != nullptr) key += json::canonical(*seen.context);
    return key;
  }
  for (const std::string& path : reads->paths)
    if (!reads_client(path)) append_context_value(key, seen.context.get(), path, seen.client->key);
  return key;
}

ViewText ViewCache::find(const Viewpoint& seen) {
  const std::uint64_t client = hash_of(seen);
  const bool stranger = uses_.of(client) == 0;
  uses_.add(client);
  if (stranger) {
    counters_.misses.add();
    return nullptr;
  }
  const std::string key = key_of(seen);
  uses_.add(hash_of(key));
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) {
    counters_.misses.add();
    return nullptr;
  }
  const auto entry = found->second;
  if (entry->made < concerned(environment(seen.state->environment()), *seen.client)) {
    drop(entry);
    counters_.misses.add();
    return nullptr;
  }
  entries_.splice(entries_.begin(), entries_, entry);
  counters_.hits.add();
  return entry->text;
}

void ViewCache::offer(const Viewpoint& seen, const ViewText& text) {
  constexpr unsigned kWorthIt = 2;
  if (uses_.of(hash_of(seen)) < kWorthIt) return;  // a stranger, see `find`
  Entry entry{key_of(seen), 0, now_, text};
  entry.hash = hash_of(entry.key);
  const unsigned uses = uses_.of(entry.hash);
  const std::size_t bytes = entry.bytes();
  if (uses < kWorthIt || bytes > most_bytes_ / kSmallestPart || by_key_.contains(entry.key)) return;
  while (bytes_ + bytes > most_bytes_) {
    const auto last = std::prev(entries_.end());
    if (uses_.of(last->hash) >= uses) return;
    drop(last);
  }
  entries_.push_front(std::move(entry));
  by_key_.emplace(entries_.front().key, entries_.begin());
  bytes_ += bytes;
  counters_.bytes.add(static_cast<std::int64_t>(bytes));
}

void ViewCache::drop(Entries::iterator entry) {
  const std::size_t bytes = entry->bytes();
  by_key_.erase(entry->key);
  entries_.erase(entry);
  bytes_ -= bytes;
  counters_.bytes.add(-static_cast<std::int64_t>(bytes));
}

void ViewCache::step(const domain::Snapshot& from, const domain::Snapshot& to, const domain::Impact& impact) {
  if (!impact.concerns_clients()) return;
  ++now_;
  Environment& of = environment(to.environment());
  if (!impact.platforms.empty()) {
    of = Environment(now_);
    return;
  }
  for (const Id package : concerned_packages(from, to, impact)) {
    of.packages[package] = now_;
    of.reads.erase(package);
  }
  for (const Id client : impact.clients) of.clients[client] = now_;
  for (const Id client : overriding_clients(to, impact)) of.clients[client] = now_;
  if (of.packages.size() + of.clients.size() > kMostNames) of = Environment(now_);
}

void ViewCache::begin_again(std::string_view name) { environment(name) = Environment(++now_); }

}  // namespace togglecast::delivery
