// How far each of the recent changes has come, beside what it was.
#include <algorithm>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "delivery/rollouts.hpp"
#include "http_api/handlers/handlers.hpp"
#include "http_api/handlers/rollouts.hpp"
#include "http_api/request/call.hpp"
#include "service/history/activity.hpp"

namespace togglecast::http_api {
namespace {

using delivery::RolloutReport;
using delivery::Rollouts;

constexpr std::int64_t kUsualRollouts = 20;
constexpr std::int64_t kMostRollouts = 50;
constexpr std::size_t kNamed = 5;      // laggards of each change
constexpr std::size_t kSearched = 10;  // changes whose laggards are looked for: that looks at all connections

// What is gathered until the last laggards are found.
struct RecentRollouts {
  json::array entries;
  std::vector<RolloutReport> reports;  // one for each entry
  json::object more;                   // members of the answer
  std::mutex mutex;                    // for what follows
  std::size_t missing = 0;
};
using RecentPtr = std::shared_ptr<RecentRollouts>;

void answer(const CallPtr& call, RecentRollouts& recent) {
  json::array items;
  for (std::size_t i = 0; i < recent.entries.size(); ++i)
    items.push_back(json::object{{"change", std::move(recent.entries[i])},
                                 {"rollout", rollout_json(call->who().environment, recent.reports[i])}});
  json::object body = std::move(recent.more);
  body["items"] = std::move(items);
  call->resume([call, body = std::move(body)]() mutable { call->answer({.body = std::move(body)}); });
}

// The changes that are still kept; those after the first one that is not are older.
void keep(RecentRollouts& recent, const delivery::RolloutsOfEnvironment& found) {
  for (const auto& change : found.changes) {
    if (!change) break;
    recent.reports.push_back({*change, {}, 0, {}});
  }
  if (recent.reports.size() < recent.entries.size()) {
    recent.entries.resize(recent.reports.size());
    recent.more.erase("next");
  }
}

void name_laggards(const CallPtr& call, Rollouts& rollouts, const RecentPtr& recent) {
  std::vector<std::size_t> open;
  for (std::size_t i = 0; i < recent->reports.size() && open.size() < kSearched; ++i)
    if (recent->reports[i].rollout.open) open.push_back(i);
  if (open.empty()) return answer(call, *recent);
  recent->missing = open.size();
  delivery::LaggardQuery query;
  query.limit = kNamed;
  for (const std::size_t i : open) {
    rollouts.report(call->who().environment, recent->reports[i].rollout.revision, query,
                    [call, recent, i](Result<RolloutReport> report) {
                      {
                        const std::scoped_lock lock(recent->mutex);
                        if (report) recent->reports[i] = *std::move(report);
                        if (--recent->missing != 0) return;
                      }
                      answer(call, *recent);
                    });
  }
}

}  // namespace

void list_rollouts(const CallPtr& call) {
  auto* const rollouts = call->api().options().rollouts;
  if (rollouts == nullptr)
    return call->refuse({Errc::unavailable, "this server has no sockets, so it has no rollouts", {}});
  const auto limit = call->number("limit", kUsualRollouts, 1, kMostRollouts);
  if (!limit) return call->refuse(limit.error());
  const auto before = call->revision("before");
  if (!before) return call->refuse(before.error());
  if (*before && (*before)->revision == 0)
    return call->refuse({Errc::invalid_argument, "the parameter before must be a revision from 1 on", {}});
  service::ActivityQuery query;
  query.limit = static_cast<std::size_t>(*limit);
  if (*before) {
    query.before = (*before)->revision;
    query.before_epoch = (*before)->epoch;
  }
  call->application().activity().page(
      call->who(), query, [call, rollouts](Result<service::ActivityPage> page) {
        if (!page) return call->refuse(page.error());
        const auto recent = std::make_shared<RecentRollouts>();
        recent->entries = std::move(page->entries);
        if (page->next != 0) recent->more["next"] = page->next;
        const std::string& environment = call->who().environment;
        Rollouts::Asked asked;
        auto& revisions = asked[environment];
        for (const json::value& entry : recent->entries)
          revisions.push_back(domain::integer_in(entry.at("revision")).value_or(0));
        rollouts->find(asked, [call, rollouts, recent](const Rollouts::Found& found) {
          keep(*recent, found.at(call->who().environment));
          name_laggards(call, *rollouts, recent);
        });
      });
}

}  // namespace togglecast::http_api
