// What clients ask and report: their context, receipts and metrics.
#include <string>

#include "realtime_fixture.hpp"
#include "support/eventually.hpp"

namespace togglecast::realtime::testing {
namespace {

class ClientRequests : public RealtimeTest {
 protected:
  /// `data` of the refusal that this auth object gets.
  json::value refusal(const std::string& auth) {
    EventClient client(port_);
    client.send("0/client," + auth);
    const std::string text = client.packet();
    EXPECT_EQ(text.substr(0, 9), "4/client,") << text;
    return json::parse(std::string_view(text).substr(std::min<std::size_t>(text.size(), 9)))
        .value_or(json::object{{"data", nullptr}})
        .at("data");
  }
  static json::value error_of(const json::value& data) { return json::object{{"error", data}}; }
};

TEST_F(ClientRequests, AContextMayChangeWhileTheConnectionLives) {
  auto client = join_client("acme");

  EXPECT_EQ(client.ask("/client", "client_connect", R"({"context":{"plan":"gold"}})").at("client").at("key"),
            json::value("acme"));
  const auto refused = client.ask("/client", "client_connect", R"({"context":"gold"})");
  EXPECT_EQ(pointer_of(refused), "/context");
  EXPECT_EQ(code_of(client.ask("/client", "heartbeat")), "") << "it stays";
}

TEST_F(ClientRequests, ARevisionOfAnotherEpochIsAConflict) {
  auto client = join_client("acme");
  const std::string now = R"({"revision":)" + std::to_string(current()->revision());

  for (const char* event : {"config_check", "heartbeat", "config_ack"}) {
    EXPECT_EQ(code_of(client.ask("/client", event, now + R"(,"epoch":2})")), "conflict") << event;
    EXPECT_EQ(code_of(client.ask("/client", event, now + R"(,"epoch":1})")), "") << event;
    EXPECT_EQ(pointer_of(client.ask("/client", event, R"({"epoch":1})")), "/epoch") << event;
  }
}

TEST_F(ClientRequests, ACatchUpOverOneRevisionIsNoToggle) {
  const auto platform = create_platform(R"({"key":"web","name":"Web"})");
  auto client = join_client("acme");
  ASSERT_TRUE(toggle_platform(platform->id, false).has_value());
  EXPECT_EQ(client.next("/client", "platform_update")[1].at("type"), json::value("toggle")) << "live";

  client.emit("/client", "config_check", R"({"revision":)" + std::to_string(current()->revision() - 1) + "}");

  EXPECT_EQ(client.next("/client", "platform_update")[1].at("type"), json::value("update"));
}

TEST_F(ClientRequests, AReceiptAheadOfWhatWasSentCountsForNothing) {
  auto client = join_client("acme");
  const auto now = current()->revision();

  EXPECT_EQ(
      client.ask("/client", "config_ack", R"({"revision":)" + std::to_string(now + 1) + "}").at("revision"),
      json::value(0));
  EXPECT_EQ(client.ask("/client", "config_ack", R"({"revision":)" + std::to_string(now) + "}").at("revision"),
            json::value(now));
  EXPECT_EQ(client.ask("/client", "config_ack", R"({"revision":1})").at("revision"), json::value(now))
      << "receipts are cumulative";
  EXPECT_EQ(pointer_of(client.ask("/client", "config_ack", R"({"revision":"1"})")), "/revision");
}

TEST_F(ClientRequests, AClientIsUpToDateUnlessSomethingThatConcernsItCameSince) {
  auto client = join_client("acme");
  const auto connected_at = current()->revision();
  const auto check = [&](domain::Revision revision) {
    return client.ask("/client", "config_check", R"({"revision":)" + std::to_string(revision) + "}");
  };

  ASSERT_TRUE(create_client(R"({"key":"other","name":"Other"})").has_value());
  ASSERT_TRUE(test::eventually([&] {
    return client.ask("/client", "heartbeat").at("revision") == json::value(current()->revision());
  }));
  const auto idle = check(connected_at);
  EXPECT_EQ(idle.at("up_to_date"), json::value(true)) << "that was somebody else";
  EXPECT_EQ(idle.at("revision"), json::value(current()->revision()));
  EXPECT_EQ(client.ask("/client", "config_check").at("up_to_date"), json::value(true));

  const auto platform = create_platform(R"({"key":"web","name":"Web"})");
  EXPECT_EQ(client.event("/client")[1].at("type"), json::value("create")) << "the first that it hears";
  EXPECT_EQ(check(connected_at).at("up_to_date"), json::value(false));
  EXPECT_EQ(client.event("/client")[1].at("platform_id"), json::value(platform->id)) << "once more";
  EXPECT_EQ(check(current()->revision()).at("up_to_date"), json::value(true));
}

TEST_F(ClientRequests, ARevisionThatTheServerDoesNotHaveIsAnsweredWithTheFullState) {
  auto client = join_client("acme");

  for (const domain::Revision revision : {domain::Revision{0}, domain::kMaxId}) {
    const auto status =
        client.ask("/client", "config_check", R"({"revision":)" + std::to_string(revision) + "}");
    EXPECT_EQ(status.at("up_to_date"), json::value(false)) << revision;
    const auto whole = client.event("/client");
    EXPECT_EQ(whole[0], json::value("config_sync"));
    EXPECT_EQ(whole[1].at("revision"), json::value(current()->revision()));
    EXPECT_EQ(whole[1].at("snapshot").at("client").at("key"), json::value("acme"));
  }
}

TEST_F(ClientRequests, NothingAnswersAReceiptWithoutAcknowledgement) {
  auto client = join_client("acme");

  client.emit("/client", "config_ack", R"({"revision":1})");
  client.emit("/client", "config_ack", R"({"revision":"nonsense"})");
  client.emit("/client", "heartbeat");

  EXPECT_EQ(client.event("/client")[0], json::value("heartbeat_ack"));
}

TEST_F(ClientRequests, ReportedMetricsStandOnTheDashboard) {
  auto client = join_client("acme");
  auto admin = join_admin();

  const auto accepted = client.ask(
      "/client", "report_metrics",
      R"({"metrics":[{"name":"page.load","value":120,"labels":{"page":"home"}},{"name":"page.load","value":80.5,"labels":{"page":"home"}},{"name":"errors","value":1}]})");
  EXPECT_EQ(json::canonical(accepted), R"({"accepted":3,"dropped":0})");
  client.emit("/client", "report_metrics", R"({"metrics":[]})");
  EXPECT_EQ(client.next("/client", "metrics_accepted")[1].at("accepted"), json::value(0));

  const auto board = admin.ask("/admin", "request_dashboard_update");
  const auto& load = board.at("client_metrics").at(0);
  EXPECT_EQ(load.at("name"), json::value("page.load"));
  EXPECT_EQ(load.at("count"), json::value(2));
  EXPECT_EQ(load.at("sum"), json::value(200.5));
  EXPECT_EQ(load.at("min"), json::value(80.5));
  EXPECT_EQ(load.at("by_client").at(0).at("client_id"), json::value(last_client_));
  EXPECT_EQ(load.at("by_client").at(0).at("labels").at("page"), json::value("home"));
}

TEST_F(ClientRequests, AReportUnderOneKeyCountsOnceOnWhateverConnectionItComes) {
  const auto token = client_token("acme");
  auto admin = join_admin();
  const std::string report = R"({"metrics":[{"name":"errors","value":1}],"idempotency_key":"k"})";

  for (int i = 0; i < 4; ++i) {  // on both shards
    auto client = connect("/client", with_token(token));
    EXPECT_EQ(json::canonical(client.ask("/client", "report_metrics", report)),
              R"({"accepted":1,"dropped":0})");
    EXPECT_EQ(code_of(client.ask("/client", "report_metrics",
                                 R"({"metrics":[{"name":"errors","value":2}],"idempotency_key":"k"})")),
              "conflict");
  }

  const auto board = admin.ask("/admin", "request_dashboard_update");
  EXPECT_EQ(board.at("client_metrics").at(0).at("count"), json::value(1));
}

TEST_F(ClientRequests, WhatIsWrongWithAReportIsNamed) {
  auto client = join_client("acme");
  const auto refused = [&](const std::string& body) {
    return pointer_of(client.ask("/client", "report_metrics", body));
  };
  const auto metric = [](const std::string& members) { return R"({"metrics":[{)" + members + "}]}"; };

  EXPECT_EQ(refused("{}"), "/metrics");
  EXPECT_EQ(refused(R"({"metrics":{}})"), "/metrics");
  EXPECT_EQ(refused(R"({"metrics":[7]})"), "/metrics/0");
  EXPECT_EQ(refused(metric(R"("value":1)")), "/metrics/0/name");
  EXPECT_EQ(refused(metric(R"("name":"a b","value":1)")), "/metrics/0/name");
  EXPECT_EQ(refused(metric(R"("name":"a","value":"1")")), "/metrics/0/value");
  EXPECT_EQ(refused(metric(R"("name":"a","value":1e300)")), "/metrics/0/value");
  EXPECT_EQ(refused(metric(R"("name":"a","value":1,"labels":{"x":1})")), "/metrics/0/labels");
  EXPECT_EQ(refused(metric(R"("name":"a","value":1,"at":"yesterday")")), "/metrics/0/at");
  EXPECT_EQ(refused(metric(R"("name":"a","value":1,"at":"1999-01-01T00:00:00Z")")), "/metrics/0/at");
  EXPECT_EQ(refused(metric(R"("name":"a","value":1,"colour":"red")")), "/metrics/0/colour");
  std::string many;
  for (int i = 0; i < 101; ++i) many += std::string(i == 0 ? "" : ",") + R"({"name":"a","value":1})";
  EXPECT_EQ(refused("{\"metrics\":[" + many + "]}"), "/metrics");
}

TEST_F(ClientRequests, OneClientCannotFillTheMemoryWithSeries) {
  auto client = join_client("acme");
  std::int64_t accepted = 0;
  std::int64_t dropped = 0;

  for (int report = 0; report < 3; ++report) {
    std::string metrics;
    for (int i = 0; i < 50; ++i)
      metrics += std::string(i == 0 ? "" : ",") + R"({"name":"m)" + std::to_string(report * 50 + i) +
                 R"(","value":1})";
    const auto answer = client.ask("/client", "report_metrics", "{\"metrics\":[" + metrics + "]}");
    accepted += answer.at("accepted").to_number<std::int64_t>();
    dropped += answer.at("dropped").to_number<std::int64_t>();
  }

  EXPECT_EQ(accepted, 100);
  EXPECT_EQ(dropped, 50);
}

}  // namespace
}  // namespace togglecast::realtime::testing
