// effective, evaluate and preview over HTTP: rights, parameters, and that nothing is written. What they
// answer is tested in tests/unit/service.
#include "api_fixture.hpp"

namespace togglecast::testing {
namespace {

class Decisions : public ::testing::Test {
 protected:
  Decisions() {
    make("/api/v1/features",
         R"({"key":"basic","name":"Basic","targeting":{"if":[{"var":"off"},"off","on"]}})");
    make("/api/v1/packages", R"({"key":"free","name":"Free","features":[{"feature_id":1}]})");
    make("/api/v1/clients", R"({"key":"shop","name":"Shop","package_id":1})");
  }
  void make(const std::string& path, const std::string& body) const {
    const auto made = server_.send("POST", path, owner_, body);
    EXPECT_EQ(made.status, 201U) << made.body;
  }

  ApiServer server_;
  HttpHeaders owner_ = server_.owner();
};

constexpr const char* kEffective = "/api/v1/clients/1/effective";

TEST_F(Decisions, TheEffectiveViewTakesAContextAndATag) {
  const auto plain = server_.get(kEffective, owner_);
  const auto off =
      server_.get(std::string(kEffective) + "?visible=true&context=%7B%22off%22%3Atrue%7D", owner_);

  ASSERT_EQ(plain.status, 200U) << plain.body;
  EXPECT_EQ(plain.parsed().at("items").at(0).at("effective").at("enabled"), json::value(true));
  EXPECT_EQ(off.parsed().at("items").at(0).at("effective").at("enabled"), json::value(false));
  const auto known = with(owner_, "If-None-Match", plain.header("etag"));
  EXPECT_EQ(server_.get(kEffective, known).status, 304U);
  EXPECT_EQ(server_.send("POST", "/api/v1/features/1/toggle", owner_).status, 200U);
  EXPECT_EQ(server_.get(kEffective, known).status, 200U);
}

TEST_F(Decisions, TheEffectiveViewRefusesWhatItCannotRead) {
  const std::string path = kEffective;

  EXPECT_EQ(server_.get(path + "?visible=perhaps", owner_).status, 400U);
  EXPECT_EQ(server_.get(path + "?context=%5B%5D", owner_).status, 400U);
  EXPECT_EQ(server_.get(path + "?context=nonsense", owner_).status, 400U);
  EXPECT_EQ(
      server_.get(path + "?context=%7B%22a%22%3A%22" + std::string(4'200, 'x') + "%22%7D", owner_).status,
      400U);
  EXPECT_EQ(server_.get(path + "?colour=red", owner_).status, 400U);
  EXPECT_EQ(server_.get("/api/v1/clients/2/effective", owner_).status, 404U);
}

TEST_F(Decisions, LookingChangesNothingSoViewersMay) {
  const auto viewer = server_.admin("watcher", domain::Role::viewer);
  const std::string revision = server_.get(kEffective, owner_).header("togglecast-revision");

  const auto tried = server_.send("POST", "/api/v1/evaluate", viewer, R"({"feature":"basic"})");
  const auto previewed =
      server_.send("POST", "/api/v1/preview", viewer,
                   R"({"changes":[{"entity_type":"feature","entity_id":1,"action":"delete","force":true}]})");

  EXPECT_EQ(server_.get(kEffective, viewer).status, 200U);
  EXPECT_EQ(tried.status, 200U) << tried.body;
  EXPECT_EQ(tried.parsed().at("decision").at("enabled"), json::value(true));
  ASSERT_EQ(previewed.status, 200U) << previewed.body;
  EXPECT_EQ(previewed.parsed().at("clients").at("losing"), json::value(1));
  EXPECT_EQ(previewed.header("togglecast-revision"), revision);
  EXPECT_EQ(server_.get(kEffective, owner_).header("togglecast-revision"), revision);
}

TEST_F(Decisions, ASubFeatureHasAFlatName) {
  make("/api/v1/features",
       R"({"key":"chat","name":"Chat","sub_features":[{"key":"voice"},{"key":"video"}]})");
  EXPECT_EQ(server_
                .send("PATCH", "/api/v1/packages/1", owner_,
                      R"({"features":[{"feature_id":2,"sub_features":["voice"]}]})")
                .status,
            200U);
  const auto effective = [&](const std::string& name) {
    return server_.get(std::string(kEffective) + "?feature=" + name, owner_);
  };
  const auto evaluated = [&](const std::string& body) {
    return server_.send("POST", "/api/v1/evaluate", owner_, body);
  };

  const auto one = effective("chat%2Fvoice");
  ASSERT_EQ(one.status, 200U) << one.body;
  ASSERT_EQ(one.parsed().at("items").as_array().size(), 1U) << one.body;
  EXPECT_EQ(effective("chat%2Ffax").status, 404U);
  EXPECT_EQ(effective("talk%2Fvoice").status, 404U);
  const auto voice = evaluated(R"({"feature":"chat/voice","client":1})");
  ASSERT_EQ(voice.status, 200U) << voice.body;
  EXPECT_EQ(voice.parsed().at("decision").at("enabled"), json::value(true)) << voice.body;
  EXPECT_EQ(evaluated(R"({"feature":"chat/video","client":1.0})").parsed().at("decision").at("rule"),
            json::value("not_in_package"));
  EXPECT_EQ(evaluated(R"({"feature":2.0,"sub_feature":"voice","client":1})").parsed().at("decision"),
            voice.parsed().at("decision"));
  EXPECT_EQ(evaluated(R"({"feature":"chat/fax","client":1})").status, 404U);
  EXPECT_EQ(pointer_of(evaluated(R"({"feature":"chat/voice","sub_feature":"voice"})")), "/sub_feature");
  EXPECT_EQ(evaluated(R"({"feature":"chat","client":9e0})").status, 404U) << "an id, and no such client";
}

TEST_F(Decisions, AreForAdminsAlone) {
  const auto client = server_.client(owner_, "other");

  EXPECT_EQ(server_.get(kEffective, client).status, 403U);
  EXPECT_EQ(server_.send("POST", "/api/v1/evaluate", client, R"({"feature":"basic"})").status, 403U);
  EXPECT_EQ(server_.send("POST", "/api/v1/preview", client, R"({"changes":[]})").status, 403U);
  EXPECT_EQ(server_.get(kEffective).status, 401U);
}

TEST_F(Decisions, ErrorsAreThoseOfTheWrites) {
  const auto preview = [&](const std::string& change) {
    return server_.send("POST", "/api/v1/preview", owner_, R"({"changes":[)" + change + "]}");
  };

  const auto used = preview(R"({"entity_type":"package","entity_id":1,"action":"delete"})");
  EXPECT_EQ(used.status, 409U);
  EXPECT_EQ(code_of(used), "conflict");
  EXPECT_EQ(pointer_of(used), "/changes/0");
  EXPECT_EQ(used.parsed().at("users").at(0).at("key"), "shop");
  EXPECT_EQ(used.parsed().at("users_total"), json::value(1));
  EXPECT_EQ(preview(R"({"entity_type":"package","entity_id":9,"action":"toggle"})").status, 404U);
  EXPECT_EQ(pointer_of(preview(R"({"entity_type":"client","action":"create","data":{"key":"x"}})")),
            "/changes/0/data/name");
  EXPECT_EQ(pointer_of(server_.send("POST", "/api/v1/evaluate", owner_, R"({"feature":1,"at":"soon"})")),
            "/at");
  EXPECT_EQ(server_.send("POST", "/api/v1/evaluate", owner_, R"({"feature":"unknown"})").status, 404U);
}

}  // namespace
}  // namespace togglecast::testing
