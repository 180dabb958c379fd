#include "domain/package.hpp"

#include <algorithm>

#include "domain/feature.hpp"
#include "domain/platform.hpp"

namespace togglecast::domain {
namespace {

using evaluation::Assignment;

constexpr std::int64_t kMaxPrice = 1'000'000'000'000;
constexpr std::int64_t kMaxLimit = kMaxId;

std::optional<Price> read_price(FieldReader& in) {
  const json::value* body = in.any("price");
  if (body == nullptr) return std::nullopt;
  FieldReader members(*body);
  Price price;
  members.require({"amount", "currency"});
  price.amount = members.integer("amount", 0, kMaxPrice).value_or(0);
  if (auto currency = members.line("currency", 3)) {
    const bool letters = currency->size() == 3 && std::all_of(currency->begin(), currency->end(),
                                                              [](char c) { return c >= 'A' && c <= 'Z'; });
    if (!letters) members.refuse("currency", "must be three capital letters of ISO 4217, such as EUR");
    price.currency = std::move(*currency);
  }
  if (auto ok = members.finish(); !ok) {
    std::vector<FieldIssue> issues = ok.error().details;
    for (FieldIssue& issue : issues) issue.pointer.insert(0, "/price");
    in.refuse(issues);
    return std::nullopt;
  }
  return price;
}

Result<Assignment> read_assignment(const json::value& body) {
  FieldReader in(body);
  in.require({"feature_id"});
  Assignment assignment;
  assignment.feature = in.id("feature_id").value_or(0);
  if (in.has_value("limit")) assignment.limit = in.integer("limit", 0, kMaxLimit);
  if (in.has_value("sub_features")) {
    if (const auto* keys = in.array("sub_features", kMaxSubFeatures)) {
      assignment.sub_features.emplace();
      for (std::size_t i = 0; i < keys->size(); ++i) {
        const auto* key = (*keys)[i].if_string();
        if (key == nullptr || !is_key(*key)) {
          in.refuse(std::vector<FieldIssue>{
              {"/sub_features/" + std::to_string(i), "must be the key of a sub-feature"}});
        } else {
          assignment.sub_features->emplace_back(*key);
        }
      }
      std::sort(assignment.sub_features->begin(), assignment.sub_features->end());
      const auto twice = std::adjacent_find(assignment.sub_features->begin(), assignment.sub_features->end());
      if (twice != assignment.sub_features->end()) in.refuse("sub_features", "names '" + *twice + "' twice");
    }
  }
  return in.finish().map([&] { return assignment; });
}

std::optional<std::vector<Assignment>> read_assignments(FieldReader& in) {
  const auto* elements = in.array("features", kMaxAssignments);
  if (elements == nullptr) return std::nullopt;
  std::vector<Assignment> assignments;
  assignments.reserve(elements->size());
  std::vector<FieldIssue> issues;
  for (std::size_t i = 0; i < elements->size(); ++i) {
    auto assignment = read_assignment((*elements)[i]);
    if (assignment) {
      assignments.push_back(std::move(*assignment));
      continue;
    }
    for (FieldIssue issue : assignment.error().details) {
      issue.pointer.insert(0, "/features/" + std::to_string(i));
      issues.push_back(std::move(issue));
    }
  }
  std::sort(assignments.begin(), assignments.end(),
            [](const Assignment& a, const Assignment& b) { return a.feature < b.feature; });
  const auto twice =
      std::adjacent_find(assignments.begin(), assignments.end(),
                         [](const Assignment& a, const Assignment& b) { return a.feature == b.feature; });
  if (twice != assignments.end())
    issues.push_back({"/features", "names feature " + std::to_string(twice->feature) + " twice"});
  in.refuse(issues);
  return assignments;
}

PackageFields read_fields(FieldReader& in) {
  PackageFields fields;
  fields.name = in.line("name", kMaxName);
  fields.description = in.text("description", kMaxDescription);
  fields.price = read_price(in);
  fields.billing_period = in.key("billing_period");
  if (fields.billing_period && fields.billing_period->size() > kMaxBillingPeriod)
    in.refuse("billing_period", "must be at most " + std::to_string(kMaxBillingPeriod) + " bytes");
  fields.available = in.boolean("available");
  fields.features = read_assignments(in);
  fields.platforms = in.ids("platforms", kMaxOpenedPlatforms);
  return fields;
}

}  // namespace

Result<Package> Package::from_json(const json::value& body) {
  FieldReader in(body);
  in.require({"key", "name", "price", "billing_period", "available", "features", "platforms"});
  Package package;
  read_stamps(in, package);
  PackageFields fields = read_fields(in);
  fields.key = in.key("key");
  if (auto ok = in.finish(); !ok) return stored_body_error("package", ok.error());
  assign(package, fields);
  return package;
}

json::object seen_by_client(const Package& package) {
  json::object out;
  out.reserve(12);
  out["id"] = package.id;
  out["key"] = package.key;
  out["name"] = package.name;
  out["description"] = package.description;
  out["price"] = {{"amount", package.price.amount}, {"currency", package.price.currency}};
  out["billing_period"] = package.billing_period;
  out["available"] = package.available;
  json::array features;
  features.reserve(package.plan.features.size());
  for (const Assignment& assignment : package.plan.features) {
    json::object one{{"feature_id", assignment.feature}};
    if (assignment.limit) one["limit"] = *assignment.limit;
    if (assignment.sub_features)
      one["sub_features"] = json::array(assignment.sub_features->begin(), assignment.sub_features->end());
    features.push_back(std::move(one));
  }
  out["features"] = std::move(features);
  out["platforms"] = json::array(package.plan.platforms.begin(), package.plan.platforms.end());
  return out;
}

json::object to_json(const Package& package) {
  json::object out = seen_by_client(package);
  write_stamps(out, package);
  return out;
}

Result<PackageFields> read_new_package(const json::value& body) {
  FieldReader in(body);
  PackageFields fields = read_fields(in);
  fields.key = in.key("key");
  in.require({"key", "name"});
  deny_stamps(in);
  return in.finish().map([&] { return fields; });
}

Result<PackageFields> read_package_patch(const json::value& body) {
  FieldReader in(body);
  PackageFields fields = read_fields(in);
  deny_key_and_stamps(in);
  return in.finish().map([&] { return fields; });
}

void assign(Package& package, const PackageFields& fields) {
  if (fields.key) package.key = *fields.key;
  if (fields.name) package.name = *fields.name;
  if (fields.description) package.description = *fields.description;
  if (fields.price) package.price = *fields.price;
  if (fields.billing_period) package.billing_period = *fields.billing_period;
  if (fields.available) package.available = *fields.available;
  if (fields.features) package.plan.features = *fields.features;
  if (fields.platforms) package.plan.platforms = *fields.platforms;
}

}  // namespace togglecast::domain
