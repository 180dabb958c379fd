#include "nodes/shared_limits.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

namespace togglecast::nodes {
namespace {

constexpr std::size_t kMostText = 400;      // bytes of an account or address
constexpr std::size_t kMostAdmins = 2'000;  // and API keys, whose ids are negative here
constexpr double kMostUnits = 1e6;

// `[[id, amount], …]`
template <typename Take>
void each_pair(const json::value* list, std::size_t most, Take&& take) {
  if (list == nullptr || !list->is_array()) return;
  std::size_t seen = 0;
  for (const json::value& pair : list->get_array()) {
    if (++seen > most || !pair.is_array() || pair.get_array().size() != 2) return;
    const auto id = domain::integer_in(pair.get_array()[0]);
    const json::value& amount = pair.get_array()[1];
    const bool known = id && *id >= -domain::kMaxId && domain::is_id(*id < 0 ? -*id : *id);
    if (!known || !amount.is_number()) return;
    take(*id, amount.to_number<double>());
  }
}

bool flag_in(const json::value& object, std::string_view name) {
  const auto* given = json::find(object, name);
  return given != nullptr && given->is_bool() && given->get_bool();
}

}  // namespace

SharedLimits::SharedLimits(Courier& courier, net::Shard& home, const Clock& clock)
    : courier_(courier), home_(home), clock_(clock), timer_([this] { tell_spent(); }) {
  courier_.on("spent", [this](const std::string&, const json::object& body) { take_spent(body); });
  courier_.on("logins", [this](const std::string&, const json::object& body) { take_login(body); });
  courier_.on("clients",
              [this](const std::string& node, const json::object& body) { take_clients(node, body); });
}

void SharedLimits::share(service::AdminRates& rates) {
  rates.remember_spent();
  rates_.push_back(&rates);
}

void SharedLimits::share(service::AdminService& logins) {
  logins_ = &logins;
  logins.tell_logins([this](const auth::LoginAttempt& attempt, bool opened) {
    courier_.tell("logins", {{"account", attempt.account},
                             {"exists", attempt.exists},
                             {"address", attempt.address},
                             {"opened", opened}});
  });
}

void SharedLimits::start() {
  home_.post([this] { home_.arm(timer_, kInterval); });
}

void SharedLimits::stop() {
  if (logins_ != nullptr) logins_->tell_logins({});
  const std::scoped_lock lock(mutex_);
  stopped_ = true;
}

void SharedLimits::tell_spent() {
  {
    const std::scoped_lock lock(mutex_);
    if (stopped_) return;
  }
  home_.arm(timer_, kInterval);
  json::object spent;
  for (service::AdminRates* const rates : rates_) {
    json::array pairs;
    for (const auto& [admin, units] : rates->take_spent()) pairs.push_back(json::array{admin, units});
    if (!pairs.empty()) spent[rates->actions()] = std::move(pairs);
  }
  if (!spent.empty()) courier_.tell("spent", std::move(spent));
}

void SharedLimits::take_spent(const json::object& body) {
  const json::value all(body);
  for (service::AdminRates* const rates : rates_)
    each_pair(json::find(all, rates->actions()), kMostAdmins, [&](domain::Id admin, double units) {
      if (units > 0 && units <= kMostUnits) rates->charge(admin, clock_.now(), units);
    });
}

void SharedLimits::take_login(const json::object& body) {
  const json::value all(body);
  auth::LoginAttempt attempt;
  attempt.account = json::string_or_empty(all, "account");
  attempt.exists = flag_in(all, "exists");
  attempt.address = json::string_or_empty(all, "address");
  if (attempt.account.empty() || attempt.account.size() > kMostText || attempt.address.size() > kMostText)
    return;
  if (logins_ != nullptr) logins_->login_elsewhere(attempt, flag_in(all, "opened"));
}

void SharedLimits::tell_clients(bool others) {
  if (!others || !clients_.own) return;
  json::object told;
  for (const auto& [environment, clients] : clients_.own(kMostClients)) {
    json::array pairs;
    for (const auto& [client, connections] : clients) pairs.push_back(json::array{client, connections});
    if (!pairs.empty()) told[environment] = std::move(pairs);
  }
  // An empty message takes back what an earlier one said.
  const bool anything = !told.empty();
  if (anything || told_clients_) courier_.tell("clients", std::move(told));
  told_clients_ = anything;
}

void SharedLimits::take_clients(const std::string& node, const json::object& body) {
  ClientConnections counts;
  for (const auto& member : body)
    each_pair(&member.value(), kMostClients, [&](domain::Id client, double connections) {
      if (connections >= 1 && connections <= 1e9)
        counts[std::string(member.key())][client] = static_cast<std::uint32_t>(connections);
    });
  {
    const std::scoped_lock lock(mutex_);
    elsewhere_[node] = std::move(counts);
  }
  add_up();
}

void SharedLimits::forget(const std::string& node) {
  {
    const std::scoped_lock lock(mutex_);
    if (elsewhere_.erase(node) == 0) return;
  }
  add_up();
}

void SharedLimits::add_up() {
  if (!clients_.take) return;
  ClientConnections sum;
  const std::scoped_lock lock(mutex_);
  for (const auto& [node, environments] : elsewhere_)
    for (const auto& [environment, clients] : environments)
      for (const auto& [client, connections] : clients) sum[environment][client] += connections;
  clients_.take(std::move(sum));
}

}  // namespace togglecast::nodes
