#include "realtime/telemetry/remembered_reports.hpp"

#include <iterator>

namespace togglecast::realtime {

Result<TakenReport> RememberedReports::once(const std::string& environment, domain::Id client,
                                            const std::string& key, const Sha256& report, TimePoint now,
                                            const std::function<TakenReport()>& take) {
  while (!by_age_.empty() && by_age_.front().at < now - options_.age)
    forget_oldest(clients_.find(by_age_.front().client));
  const Client whose{environment, client};
  if (const auto known = clients_.find(whose); known != clients_.end()) {
    const auto found = known->second.by_key.find(key);
    if (found != known->second.by_key.end()) {
      if (found->second->report == report) return found->second->taken;
      return fail(Errc::conflict,
                  "this idempotency_key was already used for a different report; use a new key");
    }
    if (known->second.by_age.size() >= options_.per_client) forget_oldest(known);
  }
  if (by_age_.size() >= options_.all) forget_oldest(clients_.find(by_age_.front().client));
  by_age_.push_back({whose, key, report, now, take()});
  const auto newest = std::prev(by_age_.end());
  OfClient& mine = clients_[whose];
  mine.by_age.push_back(newest);
  mine.by_key.emplace(key, newest);
  return newest->taken;
}

void RememberedReports::forget_oldest(std::map<Client, OfClient>::iterator of_client) {
  auto& [by_age, by_key] = of_client->second;
  by_key.erase(by_age.front()->key);
  by_age_.erase(by_age.front());
  by_age.pop_front();
  if (by_age.empty()) clients_.erase(of_client);
}

}  // namespace togglecast::realtime
