// Who is connected, page by page, and the end of one connection.
#include <future>
#include <set>

#include "realtime_fixture.hpp"
#include "support/eventually.hpp"

namespace togglecast::realtime::testing {
namespace {

using service::ConnectionQuery;

class LiveConnectionsTest : public RealtimeTest {
 protected:
  service::Principal owner() {
    auto who = service::Principal::server("production");
    who.kind = service::Principal::Kind::admin;
    who.role = domain::Role::owner;
    return who;
  }
  service::Principal with_role(domain::Role role) {
    auto who = owner();
    who.role = domain::Standing(role, false);
    return who;
  }
  Result<json::object> try_list(const ConnectionQuery& query, const service::Principal& who) {
    std::promise<Result<json::object>> answer;
    realtime_->connections().list(
        who, query, [&answer](Result<json::object> page) { answer.set_value(std::move(page)); });
    return answer.get_future().get();
  }
  json::object list(const ConnectionQuery& query = {}) {
    auto page = try_list(query, owner());
    EXPECT_TRUE(page.has_value()) << page.error().message;
    return page ? *page : json::object{};
  }
  std::string end(const service::Principal& who, const std::string& id) {
    std::promise<Result<void>> answer;
    realtime_->connections().end(who, id,
                                 [&answer](Result<void> ended) { answer.set_value(std::move(ended)); });
    const auto ended = answer.get_future().get();
    return ended ? "" : std::string(to_string(ended.error().code));
  }
  static std::string keys_of(const json::object& page) {
    std::string keys;
    for (const json::value& row : page.at("items").as_array())
      keys += (row.at("client").is_null() ? "-" : std::string(row.at("client").at("key").as_string())) + " ";
    return keys;
  }
};

TEST_F(LiveConnectionsTest, ARowSaysWhoItIsAndHowFarItHasCome) {
  const std::string token = client_token("shop");
  auto client = connect("/client", R"({"token":")" + token + R"(","sdk":"shop-app/1.2"})");
  ASSERT_EQ(client.next("/client", "client_connected").size(), 3U);
  ASSERT_EQ(code_of(client.ask("/client", "config_ack",
                               R"({"revision":)" + std::to_string(current()->revision()) + "}")),
            "");

  const auto page = list({.nsp = ConnectionQuery::Namespace::client});

  ASSERT_EQ(page.at("total"), json::value(1));
  const json::value& row = page.at("items").at(0);
  EXPECT_EQ(row.at("client").at("key"), json::value("shop"));
  EXPECT_EQ(row.at("client").at("id"), json::value(last_client_));
  EXPECT_EQ(row.at("kind"), json::value("client"));
  EXPECT_TRUE(row.at("admin").is_null());
  EXPECT_EQ(row.at("namespace"), json::value("/client"));
  EXPECT_EQ(row.at("transport"), json::value("websocket"));
  EXPECT_EQ(row.at("address"), json::value("127.0.0.1"));
  EXPECT_EQ(row.at("sdk"), json::value("shop-app/1.2"));
  EXPECT_EQ(row.at("revision"), json::value(current()->revision()));
  EXPECT_EQ(row.at("acknowledged"), json::value(current()->revision()));
  EXPECT_EQ(row.at("lag"), json::value(0));
  EXPECT_EQ(row.at("lagging"), json::value(false));
  const auto since = parse_iso8601(row.at("connected_at").as_string());
  ASSERT_TRUE(since.has_value());
  EXPECT_GT(since->value, 0);
}

TEST_F(LiveConnectionsTest, AddressesAreForThoseWhoMayEndConnections) {
  auto client = join_client("one");
  const auto address = [&](domain::Role role) {
    return try_list({.nsp = ConnectionQuery::Namespace::client}, with_role(role))
        ->at("items")
        .at(0)
        .at("address");
  };
  EXPECT_TRUE(address(domain::Role::viewer).is_null());
  EXPECT_EQ(address(domain::Role::editor), json::value("127.0.0.1"));
}

TEST_F(LiveConnectionsTest, PagesFollowOneAnotherInEitherOrder) {
  std::vector<EventClient> clients;
  for (const char* key : {"c", "a", "e", "b", "d"}) clients.push_back(join_client(key));
  ConnectionQuery query{.nsp = ConnectionQuery::Namespace::client, .limit = 2};
  for (const bool descending : {false, true}) {
    query.descending = descending;
    query.cursor.clear();
    std::string keys;
    for (int page = 0; page < 3; ++page) {
      const auto found = list(query);
      EXPECT_EQ(found.at("total"), json::value(5));
      EXPECT_EQ(found.contains("next_cursor"), page < 2);
      keys += keys_of(found);
      if (page < 2) query.cursor = std::string(found.at("next_cursor").as_string());
    }
    EXPECT_EQ(keys, descending ? "e d c b a " : "a b c d e ");
  }
  query.descending = false;
  const auto other = try_list(query, owner());
  ASSERT_FALSE(other.has_value()) << "a cursor is of one order";
  EXPECT_EQ(other.error().code, Errc::invalid_argument);
}

TEST_F(LiveConnectionsTest, FiltersSelectByClientNamespaceTextAndLag) {
  auto admin = join_admin();
  auto one = join_client("shop-one");
  const domain::Id shop = last_client_;
  auto other = join_client("desk");

  EXPECT_EQ(list().at("total"), json::value(3));
  EXPECT_EQ(keys_of(list({.client = shop})), "shop-one ");
  EXPECT_EQ(keys_of(list({.client = shop})), "shop-one ") << "the first walk left its group as it was";
  EXPECT_EQ(keys_of(list({.search = "hop"})), "shop-one ");
  const auto admins = list({.nsp = ConnectionQuery::Namespace::admin});
  ASSERT_EQ(admins.at("total"), json::value(1));
  EXPECT_EQ(admins.at("items").at(0).at("admin").at("username"), json::value("owner"));
  EXPECT_EQ(list({.node = "elsewhere"}).at("total"), json::value(3)) << "there are no nodes to tell apart";

  ConnectionQuery lagging{.nsp = ConnectionQuery::Namespace::client, .lagging = true};
  EXPECT_EQ(list(lagging).at("total"), json::value(0));
  const auto platform = create_platform(R"({"key":"web","name":"Web"})");
  ASSERT_TRUE(platform.has_value());
  ASSERT_EQ(one.next("/client", "platform_update").size(), 3U);
  EXPECT_EQ(list(lagging).at("total"), json::value(2)) << "sent, and not proven yet";
  ASSERT_EQ(code_of(one.ask("/client", "config_ack",
                            R"({"revision":)" + std::to_string(current()->revision()) + "}")),
            "");
  EXPECT_EQ(keys_of(list(lagging)), "desk ");
}

TEST_F(LiveConnectionsTest, ThousandsAreListedInSlices) {
  // More than one slice on a shard, by one real socket each.
  const std::string token = client_token("many");
  std::vector<EventClient> clients;
  constexpr int kMany = 320;
  for (int i = 0; i < kMany; ++i) {
    clients.emplace_back(port_);
    clients.back().send("0/client," + with_token(token));
  }
  for (auto& client : clients) ASSERT_EQ(client.next("/client", "client_connected").size(), 3U);

  ConnectionQuery query{.sort = ConnectionQuery::Sort::connected_at, .limit = 90};
  std::set<std::string> ids;
  for (int page = 0; page < 4; ++page) {
    const auto found = list(query);
    EXPECT_EQ(found.at("total"), json::value(kMany));
    for (const json::value& row : found.at("items").as_array()) ids.emplace(row.at("id").as_string());
    if (page < 3) query.cursor = std::string(found.at("next_cursor").as_string());
  }
  EXPECT_EQ(ids.size(), static_cast<std::size_t>(kMany)) << "each once";
}

TEST_F(LiveConnectionsTest, EndingOneClosesItAndNoOther) {
  auto admin = join_admin();
  auto one = join_client("one");
  const auto id =
      std::string(list({.nsp = ConnectionQuery::Namespace::client}).at("items").at(0).at("id").as_string());
  const auto admin_id =
      std::string(list({.nsp = ConnectionQuery::Namespace::admin}).at("items").at(0).at("id").as_string());
  auto other = join_client("other");
  auto elsewhere = owner();
  elsewhere.environment = "staging";

  EXPECT_EQ(end(elsewhere, id), "not_found");
  EXPECT_EQ(end(owner(), "production:admins"), "not_found") << "the name of a room is no connection";
  EXPECT_EQ(end(with_role(domain::Role::editor), admin_id), "forbidden");
  EXPECT_EQ(end(with_role(domain::Role::editor), id), "");

  ASSERT_TRUE(test::eventually([&] {
    shard_clock_.leap(Milliseconds{1'000}, *shards_);
    return list({.nsp = ConnectionQuery::Namespace::client}).at("total") == json::value(1);
  }));
  EXPECT_EQ(one.packet(), "") << "no packet that would stop a stock client for good";
  EXPECT_EQ(end(owner(), id), "not_found");
  EXPECT_EQ(code_of(other.ask("/client", "config_check")), "");
  EXPECT_EQ(end(owner(), admin_id), "");
}

TEST_F(LiveConnectionsTest, AnSdkThatCannotBeUsedIsAWarning) {
  auto client = connect("/client", R"({"token":")" + client_token("one") + R"(","sdk":7})");
  const auto connected = client.next("/client", "client_connected");
  ASSERT_EQ(connected.size(), 3U);
  EXPECT_EQ(connected[1].at("warnings").at(0).at("pointer"), json::value("/sdk"));
  EXPECT_TRUE(list().at("items").at(0).at("sdk").is_null());
}

}  // namespace
}  // namespace togglecast::realtime::testing
