#include "delivery/views/view_input.hpp"

#include <algorithm>
#include <cstring>
#include <set>

namespace togglecast::delivery {
namespace {

using domain::Id;
using domain::Relation;
using domain::Snapshot;

constexpr std::string_view kClientPath = "client";
constexpr std::string_view kTargetingKey = "targetingKey";

}  // namespace

bool reads_client(std::string_view path) noexcept {
  return path.starts_with(kClientPath) &&
         (path.size() == kClientPath.size() || path[kClientPath.size()] == '.');
}

void add_reads(domain::evaluation::Reads& reads, const Snapshot& state, Id feature, std::vector<Id>& seen) {
  const auto* rules = state.feature(feature);
  if (rules == nullptr || std::find(seen.begin(), seen.end(), feature) != seen.end()) return;
  seen.push_back(feature);
  if (rules->flag.program() != nullptr) reads.merge(rules->flag.program()->reads());
  for (const auto& sub : rules->sub_features)
    if (sub.program() != nullptr) reads.merge(sub.program()->reads());
  for (const Id required : rules->required) add_reads(reads, state, required, seen);
}

// No other value begins with a quote, so that two keys are the same only when all values are.
void append_text(std::string& key, std::string_view text) {
  key += '"';
  const std::size_t size = text.size();
  char bytes[sizeof size];
  std::memcpy(bytes, &size, sizeof size);
  key.append(bytes, sizeof bytes).append(text);
}

// What stands at the path, or where the path leaves objects behind.
void append_value(std::string& key, const json::object* object, std::string_view path) {
  const json::value* value = nullptr;
  while (object != nullptr) {
    const std::size_t dot = std::min(path.find('.'), path.size());
    value = object->if_contains(path.substr(0, dot));
    if (value == nullptr || dot == path.size()) break;
    path.remove_prefix(dot + 1);
    object = value->if_object();
  }
  if (value == nullptr) {
    key += '\0';
  } else if (const auto* text = value->if_string()) {
    append_text(key, *text);
  } else {
    json::append(key, *value);
    key += '\0';
  }
}

void append_context_value(std::string& key, const json::object* context, std::string_view path,
                          std::string_view client_key) {
  const bool absent = context == nullptr || context->if_contains(kTargetingKey) == nullptr;
  if (path == kTargetingKey && absent) return append_text(key, client_key);
  append_value(key, context, path);
}

std::vector<Id> concerned_packages(const Snapshot& from, const Snapshot& to, const domain::Impact& impact) {
  std::set<Id> packages;
  for (const auto& package : impact.packages) packages.insert(package.package);
  for (const Id feature : impact.features) {
    for (const Snapshot* state : {&from, &to}) {
      const auto users = state->links().users(Relation::assignment, feature);
      packages.insert(users.begin(), users.end());
    }
  }
  return {packages.begin(), packages.end()};
}

std::vector<Id> overriding_clients(const Snapshot& to, const domain::Impact& impact) {
  std::set<Id> clients;
  for (const Id feature : impact.features) {
    const auto users = to.links().users(Relation::client_override, feature);
    clients.insert(users.begin(), users.end());
  }
  return {clients.begin(), clients.end()};
}

}  // namespace togglecast::delivery
