// Features, segments, packages and overrides over HTTP. How they are written is tested in tests/unit/service.
#include "api_fixture.hpp"

namespace togglecast::testing {
namespace {

class Catalogue : public ::testing::Test {
 protected:
  [[nodiscard]] HttpReply post(const std::string& path, const std::string& body = {}) const {
    return server_.send("POST", "/api/v1" + path, owner_, body);
  }
  void make(const std::string& path, const std::string& body) const {
    const auto made = post(path, body);
    EXPECT_EQ(made.status, 201U) << made.body;
  }
  [[nodiscard]] HttpReply remove(const std::string& path) const {
    return server_.send("DELETE", "/api/v1" + path, owner_);
  }

  ApiServer server_;
  HttpHeaders owner_ = server_.owner();
};

TEST_F(Catalogue, EachKindIsMadeAtItsPlaceAndListedByItsFilters) {
  make("/platforms", R"({"key":"web","name":"Web"})");
  make("/features", R"({"key":"one","name":"One","platforms":[1],"metadata":{"group":"shop"}})");
  make("/features", R"({"key":"two","name":"Two","enabled":false})");
  make("/packages", R"({"key":"free","name":"Free","features":[{"feature_id":2}]})");
  make("/packages", R"({"key":"old","name":"Old","available":false})");
  const auto segment = post("/segments", R"({"key":"testers","name":"Testers","rule":true})");
  EXPECT_EQ(segment.header("location"), "/api/v1/segments/1");

  const auto keys = [&](const std::string& target) {
    std::string out;
    const auto reply = server_.get("/api/v1" + target, owner_);
    EXPECT_EQ(reply.status, 200U) << reply.body;
    const json::value page = reply.parsed();
    for (const auto& item : page.at("items").as_array())
      out += std::string(json::string_or_empty(item, "key")) + ' ';
    return out;
  };
  EXPECT_EQ(keys("/features"), "one two ");
  EXPECT_EQ(keys("/features?enabled=false"), "two ");
  EXPECT_EQ(keys("/features?platform=1"), "one ");
  EXPECT_EQ(keys("/features?group=shop"), "one ");
  EXPECT_EQ(keys("/features?package=1"), "two ");
  EXPECT_EQ(keys("/features?package=99"), "");
  EXPECT_EQ(keys("/packages?available=true"), "free ");
  EXPECT_EQ(keys("/segments?q=TEST"), "testers ");
  EXPECT_EQ(server_.get("/api/v1/features?package=free", owner_).status, 400U);
}

TEST_F(Catalogue, SwitchesGoToTheOtherSideOrToTheOneThatIsNamed) {
  make("/features", R"({"key":"one","name":"One","sub_features":[{"key":"part"}]})");
  make("/packages", R"({"key":"free","name":"Free"})");
  make("/clients", R"({"key":"shop","name":"Shop"})");

  EXPECT_EQ(post("/features/1/toggle").parsed().at("enabled"), json::value(false));
  EXPECT_EQ(post("/features/1/toggle", R"({"enabled":false})").parsed().at("state"), json::value("DISABLED"));
  const auto part = post("/features/1/sub-features/part/toggle");
  EXPECT_EQ(part.parsed().at("sub_features").at(0).at("enabled"), json::value(false)) << part.body;
  EXPECT_EQ(post("/features/1/sub-features/other/toggle").status, 404U);
  EXPECT_EQ(post("/packages/1/toggle").parsed().at("available"), json::value(false));
  EXPECT_EQ(post("/clients/1/toggle", R"({"active":false})").parsed().at("active"), json::value(false));
  EXPECT_EQ(pointer_of(post("/packages/1/toggle", R"({"enabled":true})")), "/enabled");
  EXPECT_EQ(post("/segments/1/toggle").status, 404U);
}

TEST_F(Catalogue, DeletingWhatOthersUseNamesThemUnlessItIsForced) {
  make("/features", R"({"key":"one","name":"One"})");
  make("/features", R"({"key":"two","name":"Two","requires":[1]})");
  make("/packages", R"({"key":"free","name":"Free","features":[{"feature_id":1}]})");

  const auto refused = remove("/features/1");

  EXPECT_EQ(refused.status, 409U);
  EXPECT_EQ(code_of(refused), "conflict");
  EXPECT_EQ(json::canonical(refused.parsed().at("users")),
            R"([{"entity_id":2,"entity_type":"feature","key":"two","name":"Two"},)"
            R"({"entity_id":1,"entity_type":"package","key":"free","name":"Free"}])");
  EXPECT_EQ(refused.parsed().at("users_total"), json::value(2));
  EXPECT_EQ(remove("/features/1?force=maybe").status, 400U);
  EXPECT_EQ(remove("/features/1?colour=red").status, 400U);
  EXPECT_EQ(remove("/features/1?force=true").status, 204U);
  const auto package = server_.get("/api/v1/packages/1", owner_).parsed();
  EXPECT_TRUE(package.at("features").as_array().empty());
}

TEST_F(Catalogue, DroppingWhatPackagesChoseNamesThemUnlessItIsForced) {
  make("/features", R"({"key":"one","name":"One","sub_features":[{"key":"a"},{"key":"b"}]})");
  make("/packages", R"({"key":"free","name":"Free","features":[{"feature_id":1,"sub_features":["a","b"]}]})");
  make("/packages", R"({"key":"all","name":"All","features":[{"feature_id":1}]})");
  const std::string only_b = R"({"sub_features":[{"key":"b"}]})";

  const auto refused = server_.send("PATCH", "/api/v1/features/1", owner_, only_b);

  EXPECT_EQ(refused.status, 409U);
  EXPECT_EQ(code_of(refused), "conflict");
  EXPECT_EQ(json::canonical(refused.parsed().at("users")),
            R"([{"entity_id":1,"entity_type":"package","key":"free","name":"Free"}])");
  EXPECT_EQ(refused.parsed().at("users_total"), json::value(1));
  const auto forced = server_.send("PATCH", "/api/v1/features/1?force=true", owner_, only_b);
  EXPECT_EQ(forced.status, 200U) << forced.body;
  const auto package = server_.get("/api/v1/packages/1", owner_);
  EXPECT_EQ(json::canonical(package.parsed().at("features")), R"([{"feature_id":1,"sub_features":["b"]}])");
  EXPECT_EQ(package.parsed().at("revision"), forced.parsed().at("revision")) << "in the same change";
}

TEST_F(Catalogue, AStaleDeletionShowsTheVersionsAndNotTheUsers) {
  make("/features", R"({"key":"one","name":"One"})");
  make("/packages", R"({"key":"free","name":"Free","features":[{"feature_id":1}]})");
  EXPECT_EQ(post("/features/1/toggle").status, 200U);

  const auto stale = server_.send("DELETE", "/api/v1/features/1", with(owner_, "If-Match", "\"1.1\""));

  EXPECT_EQ(stale.status, 409U);
  EXPECT_EQ(stale.parsed().at("current").at("enabled"), json::value(false));
  EXPECT_EQ(stale.parsed().at("expected_revision"), json::value(1));
  EXPECT_FALSE(stale.parsed().as_object().contains("users"));
}

TEST_F(Catalogue, OverridesAreSetAndTakenAway) {
  make("/features", R"({"key":"one","name":"One"})");
  make("/clients", R"({"key":"shop","name":"Shop"})");
  const std::string path = "/api/v1/clients/1/overrides/1";

  const auto set = server_.send("PUT", path, owner_, R"({"value":true,"reason":"A trial."})");

  EXPECT_EQ(set.status, 200U) << set.body;
  EXPECT_EQ(json::canonical(set.parsed().at("overrides")),
            R"([{"expires_at":null,"feature_id":1,"reason":"A trial.","value":true}])");
  EXPECT_EQ(pointer_of(server_.send("PUT", path, owner_, R"({"value":"yes"})")), "/value");
  const auto stale = with(owner_, "If-Match", "\"1.1\"");
  EXPECT_EQ(server_.send("DELETE", path, stale).status, 409U);
  const auto gone = server_.send("DELETE", path, owner_);
  EXPECT_EQ(gone.status, 200U);
  EXPECT_TRUE(gone.parsed().at("overrides").as_array().empty());
  EXPECT_EQ(server_.send("DELETE", path, owner_).status, 404U);
  EXPECT_EQ(server_.send("PUT", "/api/v1/clients/1/overrides/9", owner_, R"({"value":true})").status, 404U);
}

TEST_F(Catalogue, ViewersReadAndEditorsWrite) {
  const auto viewer = server_.admin("watcher", domain::Role::viewer);
  const auto editor = server_.admin("writer", domain::Role::editor);
  const std::string body = R"({"key":"one","name":"One"})";

  for (const std::string path : {"/api/v1/features", "/api/v1/packages"}) {
    EXPECT_EQ(server_.send("POST", path, viewer, body).status, 403U) << path;
    EXPECT_EQ(server_.send("POST", path, editor, body).status, 201U) << path;
    EXPECT_EQ(server_.get(path + "/1", viewer).status, 200U) << path;
    EXPECT_EQ(server_.send("DELETE", path + "/1", viewer).status, 403U) << path;
  }
}

}  // namespace
}  // namespace togglecast::testing
