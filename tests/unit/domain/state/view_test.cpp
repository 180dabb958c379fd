#include "domain/state/view.hpp"

#include <gtest/gtest.h>

#include "unit/domain/builders.hpp"

namespace togglecast::domain {
namespace {

using namespace testing;

const Client kActive = client(3, "acme");
const Client kInactive = client(3, "acme", false);
constexpr Kinds kCatalogue{Kind::platform, Kind::client};

// `delete platform 1; toggle platform 2`
std::string summary(const std::vector<ViewUpdate>& updates) {
  std::string out;
  for (const auto& update : updates) {
    if (!out.empty()) out += "; ";
    out += std::string(to_string(update.type)) + ' ' + std::string(to_string(update.kind)) + ' ' +
           std::to_string(update.id);
  }
  return out;
}

std::vector<ViewUpdate> diff(const Snapshot& from, const Client& was, const Snapshot& to, const Client& is,
                             Step kind) {
  ClientView before(from, was, nullptr);
  ClientView after(to, is, nullptr);
  return diff_client_view(before, after, kind);
}

std::string client_diff(const Snapshot& from, const Snapshot& to, Step kind = Step::live) {
  return summary(diff(from, kActive, to, kActive, kind));
}

TEST(ClientView, ShowsAClientNoMoreThanItsOwn) {
  auto web = platform(1, "web");
  web.description = "internal";
  web.maintenance_note = "secret plan";
  web.config = {{"theme", "dark"}};
  const auto snapshot =
      step(empty_snapshot(), {create(web), create(client(3, "acme")), create(client(4, "other"))});

  const auto view = client_view(*snapshot, *snapshot->find<Client>(3), nullptr);

  EXPECT_EQ(
      json::canonical(view),
      R"({"client":{"active":true,"attributes":{},"id":3,"key":"acme","name":"Client acme"},"features":[],"package":null,)"
      R"("platforms":[{"config":{"theme":"dark"},"enabled":true,"id":1,"key":"web","name":"Platform web"}]})");
}

TEST(ClientView, OfAnInactiveClientHasEverythingOff) {
  const auto snapshot =
      step(empty_snapshot(), {create(platform(1, "web")), create(client(3, "acme", false))});

  const auto view = client_view(*snapshot, *snapshot->find<Client>(3), nullptr);

  EXPECT_EQ(view.at("platforms").at(0).at("enabled"), json::value(false));
}

TEST(ClientDiff, TellsTheTypeOfAStep) {
  const auto one = step(empty_snapshot(), {create(platform(1, "web"))});
  const auto off = step(*one, {update(platform(1, "web"), platform(1, "web", false))});
  auto renamed_platform = platform(1, "web");
  renamed_platform.name = "Renamed";
  const auto renamed = step(*one, {update(platform(1, "web"), renamed_platform)});
  const auto gone = step(*one, {erase(platform(1, "web"))});

  EXPECT_EQ(client_diff(empty_snapshot(), *one), "create platform 1");
  EXPECT_EQ(client_diff(*one, *off), "toggle platform 1");
  EXPECT_EQ(client_diff(*one, *off, Step::merged), "update platform 1");
  EXPECT_EQ(client_diff(*one, *renamed), "update platform 1");
  EXPECT_EQ(client_diff(*one, *gone), "delete platform 1");
  EXPECT_EQ(client_diff(*one, *one), "");
}

TEST(ClientDiff, CarriesTheNewViewOrNullWhenDeleted) {
  const auto one = step(empty_snapshot(), {create(platform(1, "web")), create(platform(2, "ios"))});
  const auto two =
      step(*one, {update(platform(1, "web"), platform(1, "web", false)), erase(platform(2, "ios"))});

  const auto updates = diff(*one, kActive, *two, kActive, Step::live);

  ASSERT_EQ(summary(updates), "delete platform 2; toggle platform 1");
  EXPECT_TRUE(updates[0].data.is_null());
  EXPECT_EQ(json::canonical(updates[1].data),
            R"({"config":{},"enabled":false,"id":1,"key":"web","name":"Platform web"})");
}

TEST(ClientDiff, IsSilentAboutWhatTheClientCannotSee) {
  const auto one = step(empty_snapshot(), {create(platform(1, "web")), create(client(3, "acme"))});
  auto noted = platform(1, "web");
  noted.maintenance_note = "tonight";
  const auto two = step(*one, {update(platform(1, "web"), noted)});

  EXPECT_EQ(client_diff(*one, *two), "");
  auto other = client(3, "acme");
  other.attributes = {{"credit", 1}};
  EXPECT_EQ(summary(diff(*one, kActive, *one, other, Step::live)), "") << "an attribute that it may not see";
}

TEST(ClientDiff, ANewNameAndVisibleAttributesAreTold) {
  const auto one = step(empty_snapshot(), {create(platform(1, "web"))});
  auto was = kActive;
  was.attributes = {{"tier", "gold"}, {"credit", 1}};
  auto is = was;
  is.name = "Acme Ltd";
  is.attributes["credit"] = 2;
  is.visible_attributes = {"seats", "tier"};

  const auto updates = diff(*one, was, *one, is, Step::live);

  ASSERT_EQ(summary(updates), "update client 3");
  EXPECT_EQ(json::canonical(updates[0].data),
            R"({"active":true,"attributes":{"tier":"gold"},"id":3,"key":"acme","name":"Acme Ltd"})");
}

TEST(ClientDiff, TheClientItselfComesBehindDeletesAndBeforeItsPlatforms) {
  const auto one = step(empty_snapshot(), {create(platform(1, "web")), create(platform(2, "ios"))});
  const auto two = step(*one, {erase(platform(2, "ios"))});

  EXPECT_EQ(summary(diff(*one, kInactive, *two, kActive, Step::merged)),
            "delete platform 2; update client 3; update platform 1");
}

TEST(ClientDiff, CreatedAndDeletedWithinTheGapIsSilence) {
  const auto one = step(empty_snapshot(), {create(platform(1, "web"))});
  const auto two = step(*one, {create(platform(2, "ios"))});
  const auto three = step(*two, {erase(platform(2, "ios"))});

  EXPECT_EQ(client_diff(*one, *three, Step::merged), "");
}

TEST(ClientDiff, OnAndOffAgainWithinTheGapIsSilence) {
  const auto one = step(empty_snapshot(), {create(platform(1, "web"))});
  const auto two = step(*one, {update(platform(1, "web"), platform(1, "web", false))});
  const auto three = step(*two, {update(platform(1, "web", false), platform(1, "web"))});

  EXPECT_EQ(client_diff(*one, *three, Step::merged), "");
}

TEST(ClientDiff, AnInactiveClientIsToldThatEverythingIsOff) {
  const auto one = step(empty_snapshot(), {create(platform(1, "web")), create(platform(2, "ios", false)),
                                           create(platform(3, "tv"))});
  const auto two = step(*one, {erase(platform(3, "tv")), create(platform(4, "car"))});

  EXPECT_EQ(summary(diff(*one, kActive, *one, kInactive, Step::live)),
            "toggle client 3; toggle platform 1; toggle platform 3");
  EXPECT_EQ(summary(diff(*one, kInactive, *two, kActive, Step::merged)),
            "delete platform 3; update client 3; update platform 1; create platform 4");
  EXPECT_EQ(summary(diff(*one, kInactive, *one, kInactive, Step::live)), "");
}

TEST(ClientDiff, WhileInactiveNothingFlips) {
  const auto one = step(empty_snapshot(), {create(platform(1, "web"))});
  const auto two = step(*one, {update(platform(1, "web"), platform(1, "web", false))});

  EXPECT_EQ(summary(diff(*one, kInactive, *two, kInactive, Step::live)), "");
}

TEST(TypeOfChange, IsAToggleWhenTheSwitchFlipsWhateverElseChanges) {
  const auto type = [](Kind kind, std::string_view before, std::string_view after) {
    return to_string(type_of_change(kind, json::parse(before).value(), json::parse(after).value()));
  };

  EXPECT_EQ(type(Kind::platform, R"({"enabled":true,"name":"A"})", R"({"enabled":false,"name":"B"})"),
            "toggle");
  EXPECT_EQ(type(Kind::feature, R"({"enabled":true})", R"({"enabled":true})"), "update");
  EXPECT_EQ(type(Kind::package, R"({"available":true})", R"({"available":false})"), "toggle");
  EXPECT_EQ(type(Kind::client, R"({"active":true})", R"({"active":false})"), "toggle");
  EXPECT_EQ(type(Kind::admin, R"({"active":false})", R"({"active":true})"), "toggle");
  EXPECT_EQ(type(Kind::segment, R"({"active":false})", R"({"active":true})"), "update");
  EXPECT_EQ(type(Kind::platform, "null", R"({"enabled":true})"), "create");
  EXPECT_EQ(type(Kind::platform, R"({"enabled":true})", "null"), "delete");
}

TEST(AdminDiff, CarriesWholeEntitiesDeletesFirstThenPlatforms) {
  const auto one = step(empty_snapshot(), {create(client(3, "acme")), create(platform(9, "old"))});
  const auto two = step(*one, {update(client(3, "acme"), client(3, "acme", false)), erase(platform(9, "old")),
                               create(platform(10, "web"))});

  const auto updates = diff_admin_view(*one, *two, kCatalogue, Step::live);

  ASSERT_EQ(summary(updates), "delete platform 9; create platform 10; toggle client 3");
  EXPECT_EQ(json::canonical(updates[1].data), json::canonical(to_json(platform(10, "web"))));
}

TEST(AdminDiff, SeesWhatItsRoleMayRead) {
  const auto one = step(empty_snapshot(), {create(client(3, "acme"))});
  const auto two = step(*one, {create(token(5, 3))});

  EXPECT_EQ(summary(diff_admin_view(*one, *two, kCatalogue, Step::live)), "");
  EXPECT_EQ(summary(diff_admin_view(*one, *two, {Kind::token}, Step::live)), "create token 5");
}

TEST(AdminDiff, AFlipOfEnabledIsAToggleInALiveStepOnly) {
  const auto one = step(empty_snapshot(), {create(platform(1, "web"))});
  const auto two = step(*one, {update(platform(1, "web"), platform(1, "web", false))});

  EXPECT_EQ(summary(diff_admin_view(*one, *two, kCatalogue, Step::live)), "toggle platform 1");
  EXPECT_EQ(summary(diff_admin_view(*one, *two, kCatalogue, Step::merged)), "update platform 1");
}

TEST(AdminView, HasAllReadableEntities) {
  const auto snapshot =
      step(empty_snapshot(), {create(platform(1, "web")), create(client(3, "acme")), create(token(5, 3))});

  const auto view = admin_view(*snapshot, kCatalogue);

  EXPECT_EQ(view.at("platforms").as_array().size(), 1U);
  EXPECT_EQ(view.at("clients").as_array().size(), 1U);
  EXPECT_FALSE(view.contains("tokens"));
}

}  // namespace
}  // namespace togglecast::domain
