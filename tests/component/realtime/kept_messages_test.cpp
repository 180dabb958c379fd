// Messages that want an acknowledgement: who gets them and when again, and what counts as one.
#include <future>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "realtime_fixture.hpp"
#include "support/eventually.hpp"
#include "unit/storage/sqlite/other_process.hpp"

namespace togglecast::realtime::testing {
namespace {

// A message as a connection got it.
struct Mail {
  std::string ack;  // its acknowledgement id
  std::string event;
  json::value payload;
  [[nodiscard]] std::string id() const { return std::string(json::string_or_empty(payload, "id")); }
};

class KeptMessages : public RealtimeTest {
 protected:
  KeptMessages() { options_.tail.poll = Milliseconds{1}; }

  template <typename Send>
  Result<service::SendResult> told(Send&& send) {
    return service::testing::wait_for<service::SendResult>(
        [&](service::SendDone done) { send(realtime_->messages(), std::move(done)); });
  }
  Result<service::SendResult> announce(const std::string& members) {
    return told([&](service::MessageSender& to, service::SendDone done) {
      const auto body = service::testing::parse(R"({"title":"t","message":"m",)" + members + "}");
      to.broadcast_announcement(admin(), service::read_announcement(body).value(), std::move(done));
    });
  }
  std::string announced(const std::string& members) {
    const auto sent = announce(members);
    EXPECT_TRUE(sent.has_value()) << sent.error().message;
    return sent ? sent->id : "";
  }
  std::string to_client(domain::Id client, const std::string& more = "") {
    return announced(R"("ack":"client","audience":{"client":)" + std::to_string(client) + "}" + more);
  }

  // The next message that asks for an acknowledgement.
  static Mail mail(EventClient& client, const std::string& nsp = "/client") {
    static const std::regex pattern(R"re(2(/[a-z]+),(\d+)(\[.*\]))re");
    for (;;) {
      const std::string text = client.packet();
      std::smatch parts;
      if (text.empty()) return {};
      if (!std::regex_match(text, parts, pattern) || parts[1] != nsp) continue;
      const auto args = json::parse(parts[3].str()).value();
      EXPECT_EQ(args.as_array().size(), 2U) << "one object and no offset";
      return {parts[2], std::string(args.at(0).as_string()), args.at(1)};
    }
  }
  static void answer(EventClient& client, const Mail& mail, const std::string& args = "[]",
                     const std::string& nsp = "/client") {
    client.send("3" + nsp + "," + mail.ack + args);
  }
  // Whether nothing of this id came before the answer to a later request.
  static bool never_got(EventClient& client, const std::string& id) {
    EXPECT_EQ(code_of(client.ask("/client", "heartbeat")), "");
    return client.transcript().find(id) == std::string::npos;
  }
  static std::size_t times(const EventClient& client, const std::string& id) {
    std::size_t count = 0;
    const std::string& all = client.transcript();
    for (auto at = all.find(id); at != std::string::npos; at = all.find(id, at + 1)) ++count;
    return count;
  }
  std::size_t open(const std::string& id) {
    std::promise<std::size_t> answer;
    realtime_->messages().open_deliveries(
        "production", id,
        [&](const std::vector<service::OpenDelivery>& open) { answer.set_value(open.size()); });
    return answer.get_future().get();
  }
  json::value read(const std::string& id) {
    return service::testing::wait_for<json::object>([&](service::MessageList::Done done) {
             application_->message_list().read(admin(), id, {}, std::move(done));
           })
        .value();
  }
  std::int64_t acknowledged(const std::string& id) {
    return read(id).at("counts").at("acknowledged").to_number<std::int64_t>();
  }
  bool becomes_acknowledged(const std::string& id, std::int64_t by = 1) {
    return test::eventually([&] { return acknowledged(id) == by; });
  }
  void move_to(domain::Id client, const std::string& package) {
    const auto moved = service::testing::wait_for<changes::Written>([&](changes::Done done) {
      application_->clients().update(admin(), client,
                                     service::testing::parse(R"({"package_id":)" + package + "}"), {}, done);
    });
    EXPECT_TRUE(moved.has_value());
  }
  domain::Id create_package(const std::string& key) {
    const auto made = service::testing::wait_for<changes::Written>([&](changes::Done done) {
      application_->packages().create(
          admin(),
          service::testing::parse(R"({"key":")" + key +
                                  R"(","name":"P","price":{"amount":1,"currency":"EUR"}})"),
          {}, done);
    });
    EXPECT_TRUE(made.has_value()) << made.error().message;
    return made ? made->id : 0;
  }
};

TEST_F(KeptMessages, AreSentWithAnAcknowledgementIdAndSettledByIt) {
  auto client = join_client("one");
  const auto sent = announce(R"("ack":"client","audience":{"client":)" + std::to_string(last_client_) + "}");
  ASSERT_TRUE(sent.has_value());
  EXPECT_EQ(sent->connections, 1U);

  const auto got = mail(client);
  EXPECT_EQ(got.event, "announcement");
  EXPECT_EQ(got.id(), sent->id);
  EXPECT_EQ(got.payload.at("ack"), json::value("client"));
  EXPECT_EQ(got.payload.at("expires_at"),
            json::value(to_iso8601({clock_.wall_now().value + 24LL * 3'600 * 1'000})));
  EXPECT_EQ(open(sent->id), 1U);
  answer(client, got);

  EXPECT_TRUE(becomes_acknowledged(sent->id));
  EXPECT_TRUE(test::eventually([&] { return open(sent->id) == 0; }));
  EXPECT_EQ(read(sent->id).at("state"), json::value("acknowledged"));
}

TEST_F(KeptMessages, AnAbsentClientGetsItWhenItComesAndOthersDoNot) {
  const auto token = client_token("away");
  const auto id = to_client(last_client_);
  auto other = join_client("other");

  auto client = connect("/client", with_token(token));
  const auto got = mail(client);

  EXPECT_EQ(got.id(), id);
  EXPECT_NE(client.transcript().find("client_connected"), std::string::npos) << "the greeting is first";
  EXPECT_TRUE(never_got(other, id));
  answer(client, got);
  EXPECT_TRUE(becomes_acknowledged(id));
  EXPECT_TRUE(test::eventually([&] { return open(id) == 0; }));
  // Another shard may hear of the acknowledgement a moment later, and would send it once more until then.
  EXPECT_TRUE(test::eventually([&] {
    auto again = connect("/client", with_token(token));
    return never_got(again, id);
  }));
}

TEST_F(KeptMessages, WhatIsNotAcknowledgedComesAgainWithTheSameId) {
  auto client = join_client("one");
  const auto id = to_client(last_client_, R"(,"retry":1)");

  const auto first = mail(client);
  const auto second = mail(client);

  EXPECT_EQ(first.id(), id);
  EXPECT_EQ(second.id(), id);
  EXPECT_EQ(second.ack, first.ack);
  EXPECT_GE(metrics_.counter("togglecast_messages_repeated_total", "").value(), 1U);
  answer(client, second);
  EXPECT_TRUE(becomes_acknowledged(id));
}

TEST_F(KeptMessages, AnAnswerOfFalseIsNoAcknowledgement) {
  auto client = join_client("one");
  const auto id = to_client(last_client_, R"(,"retry":1)");

  answer(client, mail(client), "[false]");
  const auto again = mail(client);

  EXPECT_EQ(again.id(), id);
  EXPECT_EQ(acknowledged(id), 0);
  answer(client, again, R"(["seen"])");
  EXPECT_TRUE(becomes_acknowledged(id));
}

TEST_F(KeptMessages, OneConnectionOfTheClientAcknowledgesForAll) {
  const auto token = client_token("two-places");
  std::vector<EventClient> places;
  for (int i = 0; i < 4; ++i) {  // on both shards
    places.push_back(connect("/client", with_token(token)));
    EXPECT_FALSE(places.back().next("/client", "client_connected").empty());
  }
  const auto id = announced(R"("ack":"client","audience":"clients","retry":1)");
  std::vector<Mail> got;
  for (auto& place : places) got.push_back(mail(place));

  answer(places[2], got[2]);

  EXPECT_TRUE(test::eventually([&] { return open(id) == 0; }));
  EXPECT_TRUE(becomes_acknowledged(id));
  EXPECT_EQ(read(id).at("state"), json::value("waiting")) << "for clients that may come";
}

TEST_F(KeptMessages, IfAskedEachConnectionHasTo) {
  const auto token = client_token("two-places");
  auto first = connect("/client", with_token(token));
  auto second = connect("/client", with_token(token));
  const auto id = announced(R"("ack":"connection","audience":"clients","retry":1)");

  answer(first, mail(first));
  EXPECT_TRUE(becomes_acknowledged(id));
  const auto other = mail(second);
  EXPECT_EQ(other.id(), id);
  EXPECT_EQ(mail(second).id(), id) << "again, although the first one has acknowledged it";
  EXPECT_EQ(open(id), 1U);
  answer(second, other);
  EXPECT_TRUE(test::eventually([&] { return open(id) == 0; }));

  auto third = connect("/client", with_token(token));
  EXPECT_EQ(mail(third).id(), id);
  EXPECT_TRUE(test::eventually(
      [&] { return read(id).at("receivers").at(0).at("connections").as_array().size() == 2; }));
}

TEST_F(KeptMessages, AnEventAcknowledgesToo) {
  auto client = join_client("one");
  const auto id = to_client(last_client_);
  EXPECT_EQ(mail(client).id(), id);
  auto other = join_client("other");
  const std::string argument = R"({"id":")" + id + "\"}";

  EXPECT_EQ(code_of(other.ask("/client", "message_ack", argument)), "not_found");
  EXPECT_EQ(client.ask("/client", "message_ack", argument), service::testing::parse(argument));
  EXPECT_EQ(acknowledged(id), 1) << "the answer comes when it is written";
  EXPECT_EQ(client.ask("/client", "message_ack", argument), service::testing::parse(argument)) << "again";
  client.emit("/client", "message_ack", argument);
  EXPECT_EQ(client.next("/client", "message_acknowledged").at(1).at("id"), json::value(id));
  EXPECT_EQ(code_of(other.ask("/client", "message_ack", argument)), "not_found");
  EXPECT_EQ(code_of(client.ask("/client", "message_ack", R"({"id":"nothing"})")), "not_found");
  EXPECT_EQ(pointer_of(client.ask("/client", "message_ack", "{}")), "/id");
  EXPECT_EQ(pointer_of(client.ask("/client", "message_ack", R"({"id":7})")), "/id");
}

TEST_F(KeptMessages, TheAudienceIsAskedAtDelivery) {
  const auto basic = create_package("basic");
  const auto one_token = client_token("one");
  const auto one = last_client_;
  const auto two_token = client_token("two");
  const auto two = last_client_;
  move_to(one, std::to_string(basic));
  auto mover = connect("/client", with_token(two_token));
  EXPECT_FALSE(mover.next("/client", "client_connected").empty());
  const auto id = announced(R"("ack":"client","audience":{"package":)" + std::to_string(basic) + "}");

  EXPECT_TRUE(never_got(mover, id));
  move_to(two, std::to_string(basic));
  EXPECT_EQ(mail(mover).id(), id) << "it moved in while the message is alive";
  move_to(one, "null");
  auto left = connect("/client", with_token(one_token));
  EXPECT_TRUE(never_got(left, id)) << "it moved out";
}

TEST_F(KeptMessages, AdminsGetTheirsByIdAndRole) {
  const auto viewer_token = admin_token("watcher", domain::Role::viewer);
  auto owner = join_admin();
  auto viewer = join_admin(viewer_token);
  const auto sent = told([&](service::MessageSender& to, service::SendDone done) {
    const auto body = service::testing::parse(R"({"role":"owner","title":"t","message":"m","ack":"client"})");
    to.send_admin_notification(admin(), *service::read_admin_notification(body), std::move(done));
  });
  ASSERT_TRUE(sent.has_value());
  EXPECT_EQ(sent->connections, 1U);

  const auto got = mail(owner, "/admin");
  EXPECT_EQ(got.event, "admin_notification");
  EXPECT_EQ(got.id(), sent->id);
  answer(owner, got, "[]", "/admin");
  EXPECT_TRUE(becomes_acknowledged(sent->id));
  EXPECT_EQ(code_of(viewer.ask("/admin", "message_ack", R"({"id":")" + sent->id + "\"}")), "not_found");
  EXPECT_EQ(times(viewer, sent->id), 0U);

  const auto second = told([&](service::MessageSender& to, service::SendDone done) {
    const auto body =
        service::testing::parse(R"({"role":"editor","title":"t","message":"m","ack":"client"})");
    to.send_admin_notification(admin(), *service::read_admin_notification(body), std::move(done));
  });
  const auto watcher = current("system")->find_by_key<domain::AdminUser>("watcher");
  const auto raised = service::testing::wait_for<changes::Written>([&](changes::Done done) {
    application_->admins().update(service::Principal::server("system"), watcher->id,
                                  service::AdminPatch{.role = domain::Role::editor}, {}, done);
  });
  ASSERT_TRUE(raised.has_value()) << raised.error().message;
  EXPECT_EQ(mail(viewer, "/admin").id(), second->id) << "its role has changed";
}

TEST_F(KeptMessages, AnExpiredOrWithdrawnMessageReachesNobody) {
  const auto token = client_token("away");
  const auto expired = to_client(last_client_, R"(,"ttl":60)");
  const auto withdrawn = to_client(last_client_);
  const auto alive = [this] { return metrics_.gauge("togglecast_messages_alive", "").value(); };
  ASSERT_TRUE(test::eventually([&] { return alive() == 2; }));
  clock_.advance(std::chrono::seconds(60));
  ASSERT_TRUE(service::testing::wait_for<storage::MessageRow>([&](service::Mailbox::Withdrawn done) {
                application_->mailbox().withdraw(admin(), withdrawn, std::move(done));
              }).has_value());
  EXPECT_TRUE(test::eventually([&] { return alive() == 0; }));

  auto client = connect("/client", with_token(token));

  EXPECT_TRUE(never_got(client, expired));
  EXPECT_TRUE(never_got(client, withdrawn));
  EXPECT_EQ(read(expired).at("state"), json::value("expired"));
  EXPECT_EQ(read(withdrawn).at("state"), json::value("withdrawn"));
}

TEST_F(KeptMessages, AnExpiryThatIsOverIsRefused) {
  const auto refused = announce(R"("ack":"client","expires_at":"2001-01-01T00:00:00Z")");

  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().details.at(0).pointer, "/expires_at");
}

TEST_F(KeptMessages, ThoseOfAnotherProcessReachTheConnectionsOfThisOne) {
  auto client = join_client("one");
  storage::NewMessage message;
  message.row.environment = "production";
  message.row.id = "of-another-process";
  message.row.event = "client_notification";
  message.row.audience = R"({"client":)" + std::to_string(last_client_) + "}";
  message.row.payload = R"({"id":"of-another-process","title":"t","message":"m"})";
  message.row.ack = "client";
  message.row.retry = 600'000;
  message.row.sender = "{}";
  message.row.at = clock_.wall_now();
  message.row.expires_at = {clock_.wall_now().value + 60'000};
  message.one_receiver = true;
  storage::sqlite::testing::OtherProcess other(folder_.path() / "data");

  ASSERT_TRUE(other.messages().add(message, {}).has_value());

  const auto got = mail(client);
  EXPECT_EQ(got.event, "client_notification");
  EXPECT_EQ(got.id(), "of-another-process");
  answer(client, got);
  EXPECT_TRUE(becomes_acknowledged("of-another-process"));
}

TEST_F(KeptMessages, AnAcknowledgementAtAnotherProcessEndsTheRepetitions) {
  auto client = join_client("one");
  const auto id = to_client(last_client_);
  EXPECT_EQ(mail(client).id(), id);
  ASSERT_EQ(open(id), 1U);
  storage::sqlite::testing::OtherProcess other(folder_.path() / "data");
  const auto store = storage::sqlite::SqliteMessageReader(other.database()).find("production", id).value();
  const UnixMillis now = clock_.wall_now();

  ASSERT_TRUE(other.messages()
                  .record(std::vector{storage::MessageReceipt{store->number, last_client_, "", now, now}})
                  .has_value());

  EXPECT_TRUE(test::eventually([&] { return open(id) == 0; }));
}

class FewOpenMessages : public KeptMessages {
 protected:
  FewOpenMessages() { realtime_options_.pending_acks = 2; }
};

TEST_F(FewOpenMessages, TheOthersComeWhenOneIsAcknowledged) {
  auto client = join_client("one");
  std::vector<std::string> ids;
  for (int i = 0; i < 4; ++i) {
    const auto body = service::testing::parse(R"({"title":"t","message":"m","ack":"client","client_id":)" +
                                              std::to_string(last_client_) + "}");
    ids.push_back(told([&](service::MessageSender& to, service::SendDone done) {
                    to.send_client_notification(admin(), *service::read_client_notification(body),
                                                std::move(done));
                  })->id);
  }

  const auto first = mail(client);
  const auto second = mail(client);
  EXPECT_EQ(first.id(), ids[0]);
  EXPECT_EQ(second.id(), ids[1]);
  EXPECT_TRUE(never_got(client, ids[2]));
  answer(client, second);
  EXPECT_EQ(mail(client).id(), ids[2]);
  answer(client, first);
  EXPECT_EQ(mail(client).id(), ids[3]);
}

TEST_F(KeptMessages, ForAConnectionThatDoesNotReadTheMessageWaitsInTheStore) {
  const auto token = client_token("slow");
  const auto client_id = last_client_;
  constexpr int kReceiveBuffer = 2'048;
  constexpr int kMany = 200;
  EventClient client(port_, {}, kReceiveBuffer);
  client.send("0/client," + with_token(token));
  EXPECT_FALSE(client.next("/client", "client_connected").empty());
  const std::string data(3'500, 'x');
  const auto body =
      service::testing::parse(R"({"title":"t","message":"m","ack":"client","retry":3600,"data":{"x":")" +
                              data + R"("},"client_id":)" + std::to_string(client_id) + "}");
  for (int i = 0; i < kMany; ++i) {
    ASSERT_TRUE(told([&](service::MessageSender& to, service::SendDone done) {
                  to.send_client_notification(admin(), *service::read_client_notification(body),
                                              std::move(done));
                }).has_value());
  }

  EXPECT_TRUE(test::eventually(
      [this] { return metrics_.counter("togglecast_messages_put_off_total", "").value() > 0; }));
  std::set<std::string> ids;
  while (ids.size() < kMany) {
    const auto got = mail(client);
    ASSERT_NE(got.id(), "") << ids.size();
    EXPECT_TRUE(ids.insert(got.id()).second) << "none comes twice";
    answer(client, got);
  }
}

TEST_F(KeptMessages, TheirAcknowledgementProvesTheChangesThatWereSentBefore) {
  auto client = join_client("one");
  const auto platform = create_platform(R"({"key":"web","name":"Web"})");
  ASSERT_TRUE(platform.has_value());
  EXPECT_EQ(client.next("/client", "platform_update").size(), 3U);
  const auto received = [&]() -> std::uint32_t {
    const auto report = service::testing::wait_for<delivery::RolloutReport>(
        [&](std::function<void(Result<delivery::RolloutReport>)> done) {
          realtime_->rollouts().report("production", platform->revision, {}, std::move(done));
        });
    return report ? report->rollout.counts.times(delivery::Stage::received).count() : 0;
  };
  to_client(last_client_);
  const Mail got = mail(client);
  EXPECT_EQ(received(), 0U);

  answer(client, got);

  EXPECT_TRUE(test::eventually([&] { return received() == 1; }));
}

}  // namespace
}  // namespace togglecast::realtime::testing
