// The first steps of a new user: a feature, and a client that sees it change. Each step makes only what is
// missing, so that they may be repeated. Thread rule: one thread; blocks.
#pragma once

#include <string>

#include "app/quickstart/api_caller.hpp"
#include "domain/schema/ids.hpp"

namespace togglecast::app {

/// An entity that a step made, or found.
struct Made {
  domain::Id id = 0;
  bool is_new = false;
  bool was_mended = false;  ///< it was there, and lacked something that the next steps need
};

class FirstSteps {
 public:
  static constexpr std::string_view kPlatform = "quickstart-site";
  static constexpr std::string_view kFeature = "quickstart-banner";
  static constexpr std::string_view kPackage = "quickstart-plan";
  static constexpr std::string_view kClient = "quickstart-client";

  /// `api` has the token of an owner.
  explicit FirstSteps(ApiCaller& api) noexcept : api_(api) {}

  [[nodiscard]] Result<void> make();
  /// Switches the feature to the opposite. True: it is on now.
  [[nodiscard]] Result<bool> toggle();
  /// A new token for the client.
  [[nodiscard]] Result<Secret> issue_token();
  /// Whether this is a valid token of the client.
  [[nodiscard]] Result<bool> accepts(const Secret& token, std::string_view environment);

  [[nodiscard]] const Made& platform() const noexcept { return platform_; }
  [[nodiscard]] const Made& feature() const noexcept { return feature_; }
  [[nodiscard]] const Made& package() const noexcept { return package_; }
  [[nodiscard]] const Made& client() const noexcept { return client_; }

 private:
  [[nodiscard]] Result<json::value> ensure(std::string_view collection, json::object body, Made& made);
  [[nodiscard]] Result<json::value> find(std::string_view collection, std::string_view key);
  /// Turns the switch of the entity on if it is off.
  [[nodiscard]] Result<void> turn_on(std::string_view collection, const json::value& entity,
                                     std::string_view member, Made& made);
  [[nodiscard]] Result<void> ensure_package();
  [[nodiscard]] Result<void> ensure_client();
  [[nodiscard]] Result<void> check_that_the_client_has_it();

  ApiCaller& api_;
  Made platform_, feature_, package_, client_;
};

}  // namespace togglecast::app
