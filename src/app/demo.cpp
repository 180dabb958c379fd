#include "app/demo.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "app/wiring.hpp"

namespace togglecast::app {
namespace {

constexpr std::size_t kClientsShown = 3;
constexpr std::string_view kIndent = "           ";

template <typename T>
std::string count(const domain::Snapshot& state, std::string_view noun) {
  const std::size_t number = state.table<T>().by_id.size();
  return std::to_string(number) + ' ' + std::string(noun) + (number == 1 ? "" : "s");
}

// The first clients that have overrides: they differ from the other clients of their package.
std::vector<std::string> clients_with_overrides(const domain::Snapshot& state) {
  std::vector<std::string> lines;
  state.table<domain::Client>().by_id.for_each([&](domain::Id id, const auto& client) {
    if (lines.size() == kClientsShown || !client->active || client->overrides.empty()) return;
    std::string line = "client " + std::to_string(id) + ", " + client->key;
    const auto package = client->package_id ? state.find<domain::Package>(*client->package_id) : nullptr;
    if (package != nullptr) line += ", on " + package->name;
    line += ", with an override of ";
    std::string_view comma;
    for (const auto& one : client->overrides) {
      const auto feature = state.find<domain::Feature>(one.feature);
      if (feature == nullptr) continue;
      line += std::string(comma) + feature->key;
      comma = " and ";
    }
    lines.push_back(std::move(line));
  });
  return lines;
}

// The example may have changed since, but its platforms and packages are still there.
bool holds_demo(const domain::Snapshot& state) {
  const auto demo = json::parse(demo_catalogue());
  const auto holds = [&]<typename T>(std::string_view list) {
    const json::value* entities = demo ? json::find(*demo, list) : nullptr;
    if (entities == nullptr || !entities->is_array()) return false;
    const auto& all = entities->get_array();
    return std::any_of(all.begin(), all.end(), [&](const json::value& one) {
      return state.find_by_key<T>(json::string_or_empty(one, "key")) != nullptr;
    });
  };
  return holds.operator()<domain::Platform>("platforms") && holds.operator()<domain::Package>("packages");
}

}  // namespace

std::string demo_refusal(const service::Application& application) {
  const auto state = application.model().current(kDefaultEnvironment);
  if (application.made_first_catalogue() || holds_demo(*state)) return {};
  return "the example was NOT loaded, because the catalogue is not empty: it holds " +
         count<domain::Platform>(*state, "platform") + ", " + count<domain::Feature>(*state, "feature") +
         ", " + count<domain::Package>(*state, "package") + " and " +
         count<domain::Client>(*state, "client") +
         "; to see the example, start with another data folder, such as --demo --data demo-data";
}

std::string describe_demo(const service::Application& application, std::string_view url) {
  if (const std::string refusal = demo_refusal(application); !refusal.empty())
    return "  Demo     " + refusal + '\n';
  const auto state = application.model().current(kDefaultEnvironment);
  std::string text =
      "  Demo     " + count<domain::Platform>(*state, "platform") + ", " +
      count<domain::Segment>(*state, "segment") + ", " + count<domain::Feature>(*state, "feature") + ", " +
      count<domain::Package>(*state, "package") + ", " + count<domain::Client>(*state, "client") +
      (application.made_first_catalogue() ? ", created just now\n" : ", unchanged\n");
  for (const std::string& line : clients_with_overrides(*state)) text += std::string(kIndent) + line + '\n';
  text += std::string(kIndent) + "the full state: GET " + std::string(url) +
          "/api/v1/state; first steps: " + std::string(url) + "/\n";
  return text;
}

}  // namespace togglecast::app
