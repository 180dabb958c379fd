#include "app/quickstart/first_steps.hpp"

#include <algorithm>
#include <utility>

#include "base/base64.hpp"

namespace togglecast::app {
namespace {

domain::Id id_of(const json::value& entity) {
  const json::value* id = json::find(entity, "id");
  return id == nullptr ? 0 : domain::integer_in(*id).value_or(0);
}

bool is_true(const json::value& entity, std::string_view member) {
  const json::value* value = json::find(entity, member);
  return value != nullptr && value->is_bool() && value->get_bool();
}

std::string path_to(std::string_view collection, domain::Id id) {
  return std::string(collection) + '/' + std::to_string(id);
}

}  // namespace

Result<json::value> FirstSteps::find(std::string_view collection, std::string_view key) {
  const auto page = api_.call("GET", std::string(collection) + "?limit=1000&q=" + std::string(key));
  if (!page) return tl::unexpected(page.error());
  if (const json::value* items = json::find(*page, "items"); items != nullptr && items->is_array())
    for (const json::value& one : items->get_array())
      if (json::string_or_empty(one, "key") == key) return one;
  return fail(Errc::not_found, "there is no '" + std::string(key) + "' among the " + std::string(collection));
}

Result<json::value> FirstSteps::ensure(std::string_view collection, json::object body, Made& made) {
  const std::string key(json::string_or_empty(body, "key"));
  auto entity = api_.call("POST", collection, std::move(body));
  made.is_new = entity.has_value();
  if (!entity && entity.error().code == Errc::already_exists) entity = find(collection, key);
  if (entity) made.id = id_of(*entity);
  return entity;
}

Result<void> FirstSteps::turn_on(std::string_view collection, const json::value& entity,
                                 std::string_view member, Made& made) {
  if (is_true(entity, member)) return {};
  made.was_mended = true;
  return api_.call("POST", path_to(collection, made.id) + "/toggle", json::object{{member, true}})
      .map([](const json::value&) {});
}

Result<void> FirstSteps::make() {
  const auto platform = ensure("platforms", {{"key", kPlatform}, {"name", "Quickstart: a site"}}, platform_);
  if (!platform) return tl::unexpected(platform.error());
  if (auto on = turn_on("platforms", *platform, "enabled", platform_); !on) return on;
  const auto feature =
      ensure("features",
             {{"key", kFeature}, {"name", "Quickstart: a banner"}, {"platforms", json::array{platform_.id}}},
             feature_);
  if (!feature) return tl::unexpected(feature.error());
  if (auto on = turn_on("features", *feature, "enabled", feature_); !on) return on;
  if (auto done = ensure_package(); !done) return done;
  if (auto done = ensure_client(); !done) return done;
  return check_that_the_client_has_it();
}

// A client sees only the features of its package and of its overrides.
Result<void> FirstSteps::ensure_package() {
  const json::object assignment{{"feature_id", feature_.id}};
  const auto package = ensure(
      "packages", {{"key", kPackage}, {"name", "Quickstart: a plan"}, {"features", json::array{assignment}}},
      package_);
  if (!package) return tl::unexpected(package.error());
  json::array features = json::find(*package, "features")->as_array();
  const bool assigned = std::any_of(features.begin(), features.end(), [this](const json::value& one) {
    const json::value* id = json::find(one, "feature_id");
    return id != nullptr && domain::integer_in(*id) == feature_.id;
  });
  if (assigned) return {};
  package_.was_mended = true;
  features.push_back(assignment);
  return api_.call("PATCH", path_to("packages", package_.id), json::object{{"features", std::move(features)}})
      .map([](const json::value&) {});
}

Result<void> FirstSteps::ensure_client() {
  const auto client = ensure(
      "clients", {{"key", kClient}, {"name", "Quickstart: a client"}, {"package_id", package_.id}}, client_);
  if (!client) return tl::unexpected(client.error());
  if (auto on = turn_on("clients", *client, "active", client_); !on) return on;
  if (domain::integer_in(*json::find(*client, "package_id")) == package_.id) return {};
  client_.was_mended = true;
  return api_.call("PATCH", path_to("clients", client_.id), json::object{{"package_id", package_.id}})
      .map([](const json::value&) {});
}

Result<void> FirstSteps::check_that_the_client_has_it() {
  const auto effective =
      api_.call("GET", path_to("clients", client_.id) + "/effective?feature=" + std::string(kFeature));
  if (!effective) return tl::unexpected(effective.error());
  const json::value& item = json::find(*effective, "items")->as_array().at(0);
  const json::value& answer = *json::find(item, "effective");
  if (is_true(answer, "enabled")) return {};
  std::string why(json::string_or_empty(item, "hidden_because"));
  if (why.empty()) why = "the rule " + std::string(json::string_or_empty(answer, "rule")) + " decides";
  return fail(Errc::conflict, "the client '" + std::string(kClient) + "' does not have the feature '" +
                                  std::string(kFeature) + "': " + why +
                                  ". Somebody has changed them; delete them, or undo the change");
}

Result<bool> FirstSteps::toggle() {
  const auto feature = find("features", kFeature);
  if (!feature)
    return fail(feature.error().code,
                feature.error().message + "; run togglecast quickstart without --toggle");
  return api_.call("POST", path_to("features", id_of(*feature)) + "/toggle").map([](const json::value& now) {
    return is_true(now, "enabled");
  });
}

Result<Secret> FirstSteps::issue_token() {
  return api_.call("POST", path_to("clients", client_.id) + "/tokens", json::object{{"label", "quickstart"}})
      .map([](const json::value& issued) {
        return Secret(std::string(json::string_or_empty(issued, "token")));
      });
}

Result<bool> FirstSteps::accepts(const Secret& token, std::string_view environment) {
  const std::string& text = token.reveal();
  const std::size_t first = text.find('.');
  const std::size_t second = text.find('.', std::min(first, text.size() - 1) + 1);
  if (text.empty() || first == std::string::npos || second == std::string::npos) return false;
  const auto payload = base64url_decode(text.substr(first + 1, second - first - 1));
  const auto claims = json::parse(payload.value_or(""));
  if (!claims || json::string_or_empty(*claims, "sub") != std::to_string(client_.id) ||
      json::string_or_empty(*claims, "env") != environment)
    return false;
  return api_.is_client_token(token);
}

}  // namespace togglecast::app
