#include "nodes/beacon.hpp"

#include <cmath>
#include <optional>
#include <utility>

namespace togglecast::nodes {
namespace {

std::optional<std::int64_t> count_in(const json::value& object, std::string_view name) {
  const auto* given = json::find(object, name);
  const auto number = given == nullptr ? std::nullopt : domain::integer_in(*given);
  return number && *number >= 0 ? number : std::nullopt;
}

double amount_in(const json::value& object, std::string_view name) {
  const auto* given = json::find(object, name);
  if (given == nullptr || !given->is_number()) return 0;
  const double amount = given->to_number<double>();
  return std::isfinite(amount) && amount > 0 ? amount : 0;
}

bool is_true(const json::value& object, std::string_view name) {
  const auto* given = json::find(object, name);
  return given != nullptr && given->is_bool() && given->get_bool();
}

tl::unexpected<Error> refuse(const char* what) {
  return fail(Errc::invalid_argument, std::string("the beacon has no usable ") + what);
}

// What cannot be read is left out: a node of another version may count otherwise.
Rates rates_in(const json::value& body) {
  Rates rates;
  const auto* given = json::find(body, "rates");
  if (given == nullptr || !given->is_object()) return rates;
  for (const auto& member : given->get_object()) {
    const auto total = count_in(member.value(), "total");
    const auto last_minute = count_in(member.value(), "last_minute");
    if (!total || !last_minute || !domain::is_key(member.key()) || rates.size() == Beacon::kMostRates)
      continue;
    rates[member.key()] = {*total, *last_minute, amount_in(member.value(), "per_second")};
  }
  return rates;
}

double rounded(double amount) { return std::round(amount * 1'000) / 1'000; }

}  // namespace

json::object to_json(const Rates& rates) {
  json::object out;
  for (const auto& [name, rate] : rates)
    out[name] = json::object{
        {"total", rate.total}, {"last_minute", rate.last_minute}, {"per_second", rounded(rate.per_second)}};
  return out;
}

json::object to_json(const Beacon& beacon) {
  json::object environments;
  for (const auto& [key, one] : beacon.environments)
    environments[key] = json::object{{"epoch", one.epoch},
                                     {"revision", one.revision},
                                     {"admins", one.connections.admins},
                                     {"clients", one.connections.clients},
                                     {"status_at", one.status_at.value}};
  return {{"name", beacon.name},
          {"version", beacon.version},
          {"started_at", beacon.started_at.value},
          {"draining", beacon.draining},
          {"leaving", beacon.leaving},
          {"cpu", rounded(beacon.cpu)},
          {"lag_ms", rounded(beacon.lag_ms)},
          {"rates", to_json(beacon.rates)},
          {"environments", std::move(environments)}};
}

Result<Beacon> read_beacon(const json::object& body) {
  const json::value all(body);
  Beacon beacon;
  beacon.name = json::string_or_empty(all, "name");
  beacon.version = json::string_or_empty(all, "version");
  if (beacon.name.empty() || beacon.name.size() > Beacon::kMostText) return refuse("name");
  if (beacon.version.size() > Beacon::kMostText) return refuse("version");
  const auto started_at = count_in(all, "started_at");
  if (!started_at) return refuse("started_at");
  beacon.started_at = {*started_at};
  beacon.draining = is_true(all, "draining");
  beacon.leaving = is_true(all, "leaving");
  beacon.cpu = amount_in(all, "cpu");
  beacon.lag_ms = amount_in(all, "lag_ms");
  beacon.rates = rates_in(all);
  const auto* environments = json::find(all, "environments");
  if (environments == nullptr || !environments->is_object() ||
      environments->get_object().size() > Beacon::kMostEnvironments)
    return refuse("environments");
  for (const auto& member : environments->get_object()) {
    const auto epoch = count_in(member.value(), "epoch");
    const auto revision = count_in(member.value(), "revision");
    if (!epoch || !revision || !domain::is_key(member.key())) return refuse("environments");
    EnvironmentBeacon& one = beacon.environments[member.key()];
    one.epoch = *epoch;
    one.revision = *revision;
    one.connections.admins = static_cast<std::size_t>(count_in(member.value(), "admins").value_or(0));
    one.connections.clients = static_cast<std::size_t>(count_in(member.value(), "clients").value_or(0));
    one.status_at = {count_in(member.value(), "status_at").value_or(0)};
  }
  return beacon;
}

}  // namespace togglecast::nodes
