// A node of the next minor version beside one of today, as in a rolling upgrade. It is a peer on the bus that
// says more than today's nodes know.
#include "cluster_fixture.hpp"
#include "unit/domain/builders.hpp"
#include "unit/storage/sqlite/other_process.hpp"

namespace togglecast::app::testing {
namespace {

using test::eventually;

class NextVersion : public ClusterTest {
 protected:
  NextVersion() : today_(start("today")), next_(bus_.node("next")) {}

  static std::string letter(int version, json::object body, const std::string& id = {}) {
    json::object out{{"v", version}, {"body", std::move(body)}, {"urgency", "high"}};
    if (!id.empty()) out["id"] = id;
    return json::serialize(out);
  }
  json::object beacon() const {
    const auto state = today_.application().model().current("production");
    json::object production{{"epoch", state->head().epoch},
                            {"revision", state->revision()},
                            {"admins", 1},
                            {"clients", 40},
                            {"status_at", 0},
                            {"shoe_size", 42}};
    return {{"name", "next"},
            {"version", "1.1"},
            {"started_at", 1'700'000'000'000},
            {"draining", false},
            {"leaving", false},
            {"cpu", 0.1},
            {"lag_ms", 1},
            {"rates",
             {{"events", {{"total", 5}, {"last_minute", 5}, {"per_second", 1}, {"per_hour", 9}}},
              {"surprises", {{"total", 1}, {"last_minute", 1}, {"per_second", 1}}},
              {"odd", "text"}}},
            {"environments", {{"production", std::move(production)}}},
            {"colour", "red"}};
  }
  std::uint64_t refused(const std::string& reason) const {
    return today_.metrics()
        .counter("togglecast_node_messages_refused_total", "", {{"reason", reason}})
        .value();
  }

  TestNode& today_;
  std::unique_ptr<test::SharedBus::Node> next_;
};

TEST_F(NextVersion, IsShownAndCountedWithWhatTodayKnows) {
  next_->publish("nodes.beacon", letter(2, beacon()));

  ASSERT_TRUE(eventually([this] { return today_.nodes().size() == 2; }));
  EXPECT_EQ(today_.nodes().connections("production").clients, 40U);
  const json::value seen = today_.get(today_.owner_token(), "/api/v1/cluster");
  EXPECT_EQ(seen.at("nodes").at(1).at("version"), json::value("1.1"));
  EXPECT_EQ(seen.at("nodes").at(1).at("rates").at("events").at("total"), json::value(5));
  EXPECT_EQ(refused("malformed") + refused("version"), 0U);
}

TEST_F(NextVersion, GetsAnswersToItsQuestionsAndGivesThem) {
  const auto acme = make_client(today_, "acme");
  auto client = today_.join(acme.token);
  next_->publish("nodes.beacon", letter(2, beacon()));
  ASSERT_TRUE(eventually([this] { return today_.nodes().size() == 2; }));
  test::Mailbox<std::string> answers;
  const auto hears = next_->subscribe("nodes.answer.next", [&](const cluster::Message& message) {
    answers.put(std::string(message.payload));
  });
  const auto answers_others = next_->subscribe("nodes.client", [this](const cluster::Message& message) {
    const auto question = json::parse(message.payload).value();
    next_->publish("nodes.answer.today", letter(2, {{"connections", 3}, {"by_device", 1}},
                                                std::string(json::string_or_empty(question, "id"))));
  });

  next_->publish(
      "nodes.client",
      letter(2, {{"environment", "production"}, {"client", acme.id}, {"deep", true}}, "question-1"));

  const auto answer = json::parse(answers.take().value_or("{}")).value();
  EXPECT_EQ(answer.at("id"), json::value("question-1"));
  EXPECT_EQ(answer.at("body").at("connections"), json::value(1));
  const json::value found =
      today_.get(today_.owner_token(), "/api/v1/clients/" + std::to_string(acme.id) + "/connections");
  EXPECT_EQ(found.at("connections"), json::value(4));
}

// An older version of the format is understood, those further away are counted, and topics of a later version
// disturb nobody.
TEST_F(NextVersion, VersionsFurtherAwayAreDroppedAndCounted) {
  next_->publish("nodes.wishes", letter(2, {{"for", "everything"}}));
  next_->publish("nodes.beacon", letter(3, beacon()));
  next_->publish("nodes.beacon", letter(-1, beacon()));
  next_->publish("nodes.beacon", R"({"v":"two","body":{}})");
  ASSERT_TRUE(eventually([this] { return refused("version") == 2 && refused("malformed") == 1; }));
  EXPECT_EQ(today_.nodes().size(), 1U);

  next_->publish("nodes.beacon", letter(0, beacon()));

  EXPECT_TRUE(eventually([this] { return today_.nodes().size() == 2; }));
}

// Rather than lose what it does not know, the node stops following the log and says why.
TEST_F(NextVersion, AChangeThatTodayDoesNotKnowIsNotFollowed) {
  const auto before = today_.application().model().current("production")->revision();
  auto& tail = today_.application().tail();
  storage::sqlite::testing::OtherProcess other(folder_.path() / "data");
  const auto row = other.write("production", {domain::testing::create(domain::testing::platform(90, "web"))});
  const std::string revision = std::to_string(row.head.revision);
  const std::string newer =
      R"(UPDATE change_log SET change = replace(change, '"format":1', '"format":99') WHERE revision = )" +
      revision;
  ASSERT_TRUE(other.database().execute(newer.c_str()));

  tail.notice();

  ASSERT_TRUE(eventually([&tail] { return !tail.health(); }));
  EXPECT_NE(tail.health().error().message.find("newer version"), std::string::npos)
      << tail.health().error().message;
  EXPECT_EQ(today_.application().model().current("production")->revision(), before);
  EXPECT_FALSE(today_.application().health().has_value()) << "/readyz says no";

  const std::string back =
      R"(UPDATE change_log SET change = replace(change, '"format":99', '"format":1') WHERE revision = )" +
      revision;
  ASSERT_TRUE(other.database().execute(back.c_str()));
  EXPECT_TRUE(eventually([&] { return tail.health().has_value(); })) << "it goes on from where it was";
}

}  // namespace
}  // namespace togglecast::app::testing
