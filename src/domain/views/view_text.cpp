#include "domain/views/view_text.hpp"

#include "base/json_text.hpp"

namespace togglecast::domain {
namespace {

using namespace std::string_view_literals;

using evaluation::Assignment;
using evaluation::Decision;

// The members of `to_json(decision)`, without the braces around them.
void append_members(std::string& out, const Decision& decision) {
  out += R"("key":)"sv;
  json::append_string(out, decision.flag->key());
  out += decision.enabled ? R"(,"enabled":true,"value":)"sv : R"(,"enabled":false,"value":)"sv;
  if (decision.value != nullptr) {
    json::append(out, *decision.value);
  } else {
    out += decision.denied() && decision.flag->type() == evaluation::FlagType::boolean ? "false"sv : "null"sv;
  }
  if (decision.variant == nullptr) {
    out += R"(,"variant":null,"reason":")"sv;
  } else {
    out += R"(,"variant":)"sv;
    json::append_string(out, decision.variant->name);
    out += R"(,"reason":")"sv;
  }
  out += to_string(decision.reason);
  out += R"(","rule":")"sv;
  out += to_string(decision.rule);
  out += '"';
  if (!decision.limit) return;
  out += R"(,"limit":)"sv;
  json::append_number(out, *decision.limit);
}

void append_assets(std::string& out, const Assets& assets) {
  if (assets.empty()) return;
  out += R"(,"assets":{)"sv;
  bool first = true;
  for (const Asset& asset : assets) {
    if (!first) out += ',';
    first = false;
    json::append_string(out, asset.name);
    out += R"(:{"asset":true,"sha256":)"sv;
    json::append_string(out, asset.sha256);
    out += R"(,"size":)"sv;
    json::append_number(out, asset.size);
    out += R"(,"type":)"sv;
    json::append_string(out, asset.type);
    out += '}';
  }
  out += '}';
}

void append_assignment(std::string& out, const Assignment& assignment) {
  out += R"({"feature_id":)"sv;
  json::append_number(out, assignment.feature);
  if (assignment.limit) {
    out += R"(,"limit":)"sv;
    json::append_number(out, *assignment.limit);
  }
  if (assignment.sub_features) {
    out += R"(,"sub_features":)"sv;
    json::append_array(out, *assignment.sub_features, json::append_string);
  }
  out += '}';
}

}  // namespace

void append(std::string& out, const FeatureAnswer& answer) {
  out += '{';
  append_members(out, answer.decision);
  out += R"(,"id":)"sv;
  json::append_number(out, answer.feature->id);
  out += R"(,"name":)"sv;
  json::append_string(out, answer.feature->name);
  out += R"(,"sub_features":{)"sv;
  bool first = true;
  for (const auto& sub : answer.sub_features) {
    if (!first) out += ',';
    first = false;
    json::append_string(out, sub.flag->key());
    out += ":{"sv;
    append_members(out, sub);
    out += '}';
  }
  out += '}';
  append_assets(out, answer.feature->assets);
  out += '}';
}

void append_sub_feature(std::string& out, const Decision& sub_feature, Id feature) {
  out += '{';
  append_members(out, sub_feature);
  out += R"(,"id":)"sv;
  json::append_number(out, feature);
  out += '}';
}

void append_platform(std::string& out, const Platform& platform, const Client& client) {
  out += R"({"id":)"sv;
  json::append_number(out, platform.id);
  out += R"(,"key":)"sv;
  json::append_string(out, platform.key);
  out += R"(,"name":)"sv;
  json::append_string(out, platform.name);
  out += R"(,"enabled":)"sv;
  json::append_bool(out, platform.enabled && client.active);
  out += R"(,"config":)"sv;
  json::append(out, platform.config);
  append_assets(out, platform.assets);
  out += '}';
}

void append_package(std::string& out, const Package* package) {
  if (package == nullptr) {
    out += "null"sv;
    return;
  }
  out += R"({"id":)"sv;
  json::append_number(out, package->id);
  out += R"(,"key":)"sv;
  json::append_string(out, package->key);
  out += R"(,"name":)"sv;
  json::append_string(out, package->name);
  out += R"(,"description":)"sv;
  json::append_string(out, package->description);
  out += R"(,"price":{"amount":)"sv;
  json::append_number(out, package->price.amount);
  out += R"(,"currency":)"sv;
  json::append_string(out, package->price.currency);
  out += R"(},"billing_period":)"sv;
  json::append_string(out, package->billing_period);
  out += R"(,"available":)"sv;
  json::append_bool(out, package->available);
  out += R"(,"features":)"sv;
  json::append_array(out, package->plan.features, append_assignment);
  out += R"(,"platforms":)"sv;
  json::append_array(out, package->plan.platforms, json::append_number<Id>);
  out += '}';
}

void append_client(std::string& out, const Client& client) {
  out += R"({"id":)"sv;
  json::append_number(out, client.id);
  out += R"(,"key":)"sv;
  json::append_string(out, client.key);
  out += R"(,"name":)"sv;
  json::append_string(out, client.name);
  out += R"(,"active":)"sv;
  json::append_bool(out, client.active);
  out += R"(,"attributes":{)"sv;
  bool first = true;
  for (const std::string& name : client.visible_attributes) {
    const json::value* value = client.attributes.if_contains(name);
    if (value == nullptr) continue;
    if (!first) out += ',';
    first = false;
    json::append_string(out, name);
    out += ':';
    json::append(out, *value);
  }
  out += "}}"sv;
}

}  // namespace togglecast::domain
