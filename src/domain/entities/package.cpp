#include "domain/entities/package.hpp"

#include <algorithm>

#include "domain/entities/by_feature.hpp"
#include "domain/entities/feature.hpp"

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
  if (auto currency = members.line("currency", kMaxName)) {
    const bool letters = currency->size() == 3 && std::all_of(currency->begin(), currency->end(),
                                                              [](char c) { return c >= 'A' && c <= 'Z'; });
    if (!letters) members.refuse("currency", "must be three capital letters of ISO 4217, such as EUR");
    price.currency = std::move(*currency);
  }
  if (auto ok = members.finish(); !ok) {
    in.refuse(within("/price", ok.error()).details);
    return std::nullopt;
  }
  return price;
}

Result<Assignment> read_members(FieldReader& in, Id feature) {
  Assignment assignment;
  assignment.feature = feature;
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
  return in.finish(std::move(assignment));
}

Result<Assignment> read_listed_assignment(const json::value& body) {
  FieldReader in(body);
  in.require({"feature_id"});
  const Id feature = in.id("feature_id").value_or(0);
  return read_members(in, feature);
}

void read_members(FieldReader& in, Package& package) {
  assign(package.name, in.line("name", kMaxName));
  assign(package.description, in.text("description", kMaxDescription));
  assign(package.price, read_price(in));
  assign(package.billing_period, in.key("billing_period"));
  if (package.billing_period.size() > kMaxBillingPeriod)
    in.refuse("billing_period", "must be at most " + std::to_string(kMaxBillingPeriod) + " bytes");
  assign(package.available, in.boolean("available"));
  assign(package.plan.features,
         read_by_feature<Assignment>(in, "features", kMaxAssignments, read_listed_assignment));
  assign(package.plan.platforms, in.ids("platforms", kMaxOpenedPlatforms));
}

}  // namespace

Result<Package> Package::from_json(const json::value& body) {
  FieldReader in(body);
  in.require({"key", "name", "price", "billing_period", "available", "features", "platforms"});
  Package package;
  read_stamps(in, package);
  package.key = in.key("key").value_or("");
  read_members(in, package);
  if (auto ok = in.finish(); !ok) return stored_body_error("package", ok.error());
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

Result<Package> Package::read_new(const json::value& body) {
  FieldReader in(body);
  Package package;
  package.key = in.key("key").value_or("");
  read_members(in, package);
  in.require({"key", "name"});
  deny_stamps(in);
  return in.finish(std::move(package));
}

Result<Package> patched(Package package, const json::value& body) {
  FieldReader in(body);
  read_members(in, package);
  deny_key_and_stamps(in);
  return in.finish(std::move(package));
}

Result<Assignment> read_assignment(const json::value& body, Id feature) {
  FieldReader in(body);
  return read_members(in, feature);
}

}  // namespace togglecast::domain
