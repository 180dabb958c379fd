// A product with a small catalogue: platform web (1); features basic (1), reports (2, needs web, sub-feature
// daily, on for clients of tier gold), extra (3, requires reports) and text (4, variants red and blue);
// packages free (1: basic) and pro (2: basic, reports, extra, text); clients small (1, free), big (2, pro,
// gold) and loose (3, without a package).
#pragma once

#include "unit/service/application_fixture.hpp"

namespace togglecast::service::testing {

class CatalogueTest : public ApplicationTest {
 protected:
  CatalogueTest() {
    open();
    make(application_->platforms(), R"({"key":"web","name":"Web"})");
    make(application_->features(), R"({"key":"basic","name":"Basic"})");
    make(application_->features(),
         R"({"key":"reports","name":"Reports","platforms":[1],"sub_features":[{"key":"daily"}],)"
         R"("targeting":{"if":[{"==":[{"var":"client.tier"},"gold"]},"on","off"]}})");
    make(application_->features(), R"({"key":"extra","name":"Extra","requires":[2]})");
    make(application_->features(),
         R"({"key":"text","name":"Text","variants":{"red":"r","blue":"b"},"defaultVariant":"red"})");
    make(application_->packages(), R"({"key":"free","name":"Free","features":[{"feature_id":1,"limit":3}]})");
    make(application_->packages(),
         R"({"key":"pro","name":"Pro","features":[{"feature_id":1},{"feature_id":2},{"feature_id":3},)"
         R"({"feature_id":4}]})");
    make(application_->clients(), R"({"key":"small","name":"Small","package_id":1})");
    make(application_->clients(),
         R"({"key":"big","name":"Big","package_id":2,"attributes":{"tier":"gold"}})");
    make(application_->clients(), R"({"key":"loose","name":"Loose"})");
  }

  template <typename Service>
  void make(Service& service, std::string_view body) {
    const auto made = wait_for<changes::Written>(
        [&](changes::Done done) { service.create(admin(), parse(body), {}, done); });
    ASSERT_TRUE(made.has_value()) << made.error().message;
  }
  void override_feature(domain::Id client, domain::Id feature, std::string_view body) {
    const auto made = wait_for<changes::Written>([&](changes::Done done) {
      application_->clients().set_override(admin(), client, feature, parse(body), {}, done);
    });
    ASSERT_TRUE(made.has_value()) << made.error().message;
  }
};

/// `member/member/0` inside of `value`; null when there is none.
inline json::value at(const json::value& value, std::string_view path) {
  json::value found = value;
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    const std::string name(path.substr(0, slash));
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
    json::value next;
    if (const auto* members = found.if_object()) {
      if (const auto* member = members->if_contains(name)) next = *member;
    } else if (const auto* elements = found.if_array()) {
      const std::size_t place = std::stoul(name);
      if (place < elements->size()) next = (*elements)[place];
    }
    found = next;
  }
  return found;
}

}  // namespace togglecast::service::testing
