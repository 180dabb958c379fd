#include "domain/state/reference_index.hpp"

#include <algorithm>
#include <iterator>

#include "domain/schema/weight.hpp"

namespace togglecast::domain {
namespace {

// Brings `map` from having `before` to having `after`; both are sorted.
template <typename Map, typename T>
void exchange(Map& map, const std::vector<T>& before, const std::vector<T>& after) {
  std::vector<T> gone;
  std::vector<T> come;
  std::set_difference(before.begin(), before.end(), after.begin(), after.end(), std::back_inserter(gone));
  std::set_difference(after.begin(), after.end(), before.begin(), before.end(), std::back_inserter(come));
  for (const T& one : gone) map = map.erase(one);
  for (const T& one : come) map = map.insert(one, true);
}

template <typename T>
void sort_each_once(std::vector<T>& values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

}  // namespace

void add_referenced_segments(const json::value& rule, std::vector<std::string>& keys) {
  if (const auto* members = rule.if_object()) {
    for (const auto& member : *members) {
      if (member.key() == "$ref" && member.value().is_string()) {
        keys.emplace_back(member.value().get_string());
      } else {
        add_referenced_segments(member.value(), keys);
      }
    }
  } else if (const auto* elements = rule.if_array()) {
    for (const auto& element : *elements) add_referenced_segments(element, keys);
  }
}

std::size_t ReferenceIndex::Hash::operator()(const Link& link) const noexcept {
  return static_cast<std::size_t>(link.relation) + static_cast<std::size_t>(link.used) * 0x100000001b3ULL +
         static_cast<std::size_t>(link.user) * 0xff51afd7ed558ccdULL;
}

std::size_t ReferenceIndex::Hash::operator()(const Reference& reference) const noexcept {
  return std::hash<std::string>{}(reference.segment) + static_cast<std::size_t>(reference.kind) +
         static_cast<std::size_t>(reference.user) * 0xff51afd7ed558ccdULL;
}

std::vector<Id> ReferenceIndex::users(Relation relation, Id used) const {
  std::vector<Id> users;
  for_each(relation, used, [&](const Link& link) {
    if (link.used != used) return false;
    users.push_back(link.user);
    return true;
  });
  return users;
}

const Link* ReferenceIndex::first(Relation relation) const {
  const Link* found = nullptr;
  for_each(relation, 0, [&](const Link& link) {
    found = &link;
    return false;
  });
  return found;
}

std::vector<Id> ReferenceIndex::referring(std::string_view segment, Kind user) const {
  std::vector<Id> users;
  references_.for_each_from(Reference{std::string(segment), user, 0}, [&](const Reference& one, bool) {
    if (one.segment != segment || one.kind != user) return false;
    users.push_back(one.user);
    return true;
  });
  return users;
}

std::vector<Link> ReferenceIndex::links_of(const Platform& platform) {
  std::vector<Link> links;
  for (const Asset& asset : platform.assets)
    links.push_back({Relation::asset_of_platform, asset_number(asset.sha256), platform.id});
  sort_each_once(links);
  return links;
}

std::vector<Link> ReferenceIndex::links_of(const Feature& feature) {
  std::vector<Link> links;
  for (const Id platform : feature.platforms)
    links.push_back({Relation::platform_of_feature, platform, feature.id});
  for (const Id required : feature.required) links.push_back({Relation::requirement, required, feature.id});
  for (const Asset& asset : feature.assets)
    links.push_back({Relation::asset_of_feature, asset_number(asset.sha256), feature.id});
  sort_each_once(links);
  return links;
}

std::vector<Link> ReferenceIndex::links_of(const Package& package) {
  std::vector<Link> links;
  for (const auto& assignment : package.plan.features)
    links.push_back({Relation::assignment, assignment.feature, package.id});
  for (const Id platform : package.plan.platforms)
    links.push_back({Relation::opened_platform, platform, package.id});
  sort_each_once(links);
  return links;
}

std::vector<Link> ReferenceIndex::links_of(const Client& client) {
  std::vector<Link> links;
  if (client.package_id) links.push_back({Relation::subscriber, *client.package_id, client.id});
  for (const auto& one : client.overrides) {
    links.push_back({Relation::client_override, one.feature, client.id});
    if (one.expires_at) links.push_back({Relation::expiry, one.expires_at->value, client.id});
  }
  sort_each_once(links);
  return links;
}

std::vector<ReferenceIndex::Reference> ReferenceIndex::references_to(std::vector<std::string> segments,
                                                                     Kind kind, Id user) {
  sort_each_once(segments);
  std::vector<Reference> references;
  references.reserve(segments.size());
  for (std::string& key : segments) references.push_back({std::move(key), kind, user});
  return references;
}

std::vector<ReferenceIndex::Reference> ReferenceIndex::references_of(const Feature& feature) {
  std::vector<std::string> segments;
  add_referenced_segments(feature.flag.targeting, segments);
  for (const SubFeature& sub : feature.sub_features) add_referenced_segments(sub.flag.targeting, segments);
  return references_to(std::move(segments), Kind::feature, feature.id);
}

std::vector<ReferenceIndex::Reference> ReferenceIndex::references_of(const Segment& segment) {
  std::vector<std::string> segments;
  add_referenced_segments(segment.rule, segments);
  return references_to(std::move(segments), Kind::segment, segment.id);
}

template <typename T>
void ReferenceIndex::update(const T* before, const T* after) {
  if constexpr (requires { links_of(*after); }) {
    exchange(links_, before == nullptr ? std::vector<Link>{} : links_of(*before),
             after == nullptr ? std::vector<Link>{} : links_of(*after));
  }
  if constexpr (requires { references_of(*after); }) {
    exchange(references_, before == nullptr ? std::vector<Reference>{} : references_of(*before),
             after == nullptr ? std::vector<Reference>{} : references_of(*after));
  }
}

template void ReferenceIndex::update(const Platform* before, const Platform* after);
template void ReferenceIndex::update(const Feature* before, const Feature* after);
template void ReferenceIndex::update(const Segment* before, const Segment* after);
template void ReferenceIndex::update(const Package* before, const Package* after);
template void ReferenceIndex::update(const Client* before, const Client* after);

std::size_t ReferenceIndex::weight_beside(const ReferenceIndex& other) const {
  const auto nothing = [](const auto&...) -> std::size_t { return 0; };
  const auto text = [](const Reference& reference) { return heap_weight(reference.segment); };
  return decltype(links_)::weight_beside(links_, other.links_, nothing, nothing) +
         decltype(references_)::weight_beside(references_, other.references_, text, nothing);
}

}  // namespace togglecast::domain
