#include "service/messages/receivers.hpp"

#include <gtest/gtest.h>

#include "unit/domain/builders.hpp"

namespace togglecast::service {
namespace {

using To = Audience::Kind;

domain::SnapshotPtr snapshot_of(std::vector<domain::Op> ops, const std::string& environment) {
  const domain::Snapshot empty(environment, {});
  domain::Head head;
  head.revision = 1;
  return domain::apply(empty, {0, std::move(ops)}, head).value();
}

domain::Client on_package(domain::Id id, domain::Id package) {
  auto client = domain::testing::client(id, "client-" + std::to_string(id));
  client.package_id = package;
  return client;
}

domain::AdminUser admin_of(domain::Id id, domain::Role role, bool active = true) {
  domain::AdminUser made;
  made.username = "admin-" + std::to_string(id);
  made.role = role;
  made.active = active;
  return domain::testing::stored(std::move(made), id);
}

class ReceiversTest : public ::testing::Test {
 protected:
  std::vector<ReceiverId> all(const Receivers& receivers, ReceiverId after = -1'000) {
    std::vector<ReceiverId> ids;
    for_each_receiver(receivers, *state_, *system_, after, [&ids](const Receiver& one) {
      ids.push_back(one.id);
      return true;
    });
    for (const ReceiverId id : ids) EXPECT_TRUE(is_receiver(receivers, *state_, *system_, id)) << id;
    return ids;
  }

  using Ids = std::vector<ReceiverId>;
  domain::Package package_ = domain::testing::stored(
      [] {
        domain::Package made;
        made.key = "basic";
        made.name = "Basic";
        return made;
      }(),
      5);
  domain::SnapshotPtr state_ = snapshot_of(
      {domain::testing::create(package_), domain::testing::create(on_package(1, 5)),
       domain::testing::create(domain::testing::client(2, "two")), domain::testing::create(on_package(3, 5))},
      "production");
  domain::SnapshotPtr system_ =
      snapshot_of({domain::testing::create(admin_of(1, domain::Role::owner)),
                   domain::testing::create(admin_of(2, domain::Role::viewer)),
                   domain::testing::create(admin_of(3, domain::Role::owner, false))},
                  "system");
};

TEST_F(ReceiversTest, AreThoseOfTheAudienceNow) {
  EXPECT_EQ(all({{To::all, 0}}), (Ids{-2, -1, 1, 2, 3})) << "an inactive admin cannot connect";
  EXPECT_EQ(all({{To::admins, 0}}), (Ids{-2, -1}));
  EXPECT_EQ(all({{To::clients, 0}}), (Ids{1, 2, 3}));
  EXPECT_EQ(all({{To::package, 5}}), (Ids{1, 3}));
  EXPECT_EQ(all({{To::client, 2}}), Ids{2});
  EXPECT_EQ(all({{To::client, 9}}), Ids{});
  EXPECT_EQ(all({{To::admins, 0}, 2}), Ids{-2});
  EXPECT_EQ(all({{To::admins, 0}, 0, domain::Role::owner}), Ids{-1});
  EXPECT_EQ(all({{To::admins, 0}, 2, domain::Role::owner}), Ids{});
}

TEST_F(ReceiversTest, GoOnAfterAnyOfThem) {
  EXPECT_EQ(all({{To::all, 0}}, -2), (Ids{-1, 1, 2, 3}));
  EXPECT_EQ(all({{To::all, 0}}, -1), (Ids{1, 2, 3}));
  EXPECT_EQ(all({{To::all, 0}}, 2), Ids{3});
  EXPECT_EQ(all({{To::client, 2}}, 2), Ids{});
}

TEST_F(ReceiversTest, AreStoredAsJsonAndReadBack) {
  for (const Receivers& some :
       {Receivers{{To::all, 0}}, Receivers{{To::admins, 0}}, Receivers{{To::clients, 0}},
        Receivers{{To::package, 5}}, Receivers{{To::client, 7}}, Receivers{{To::admins, 0}, 3},
        Receivers{{To::admins, 0}, 0, domain::Role::editor},
        Receivers{{To::admins, 0}, 3, domain::Role::viewer}}) {
    const auto text = json::canonical(to_json(some));
    const auto back = receivers_in(json::parse(text).value());
    ASSERT_TRUE(back.has_value()) << text;
    EXPECT_EQ(json::canonical(to_json(*back)), text);
    EXPECT_EQ(back->audience.kind, some.audience.kind);
    EXPECT_EQ(back->one(), some.one());
  }
  for (const char* damaged : {"\"everybody\"", "{}", "7", R"({"role":"boss"})"})
    EXPECT_FALSE(receivers_in(json::parse(damaged).value()).has_value()) << damaged;
}

}  // namespace
}  // namespace togglecast::service
