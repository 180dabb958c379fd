// Messages that wait for their acknowledgement, on a real store: what is kept, told, written and forgotten.
#include "service/messages/mailbox.hpp"

#include <atomic>

#include "support/eventually.hpp"
#include "unit/changes/faults.hpp"
#include "unit/service/application_fixture.hpp"
#include "unit/storage/sqlite/other_process.hpp"

namespace togglecast::service {
namespace {

using testing::wait_for;

class MailboxTest : public testing::ApplicationTest {
 protected:
  MailboxTest() { options_.tail.poll = Milliseconds{1}; }
  ~MailboxTest() override {
    if (application_ != nullptr) application_->stop();
  }

  storage::NewMessage message(const std::string& id, const Receivers& to = {{Audience::Kind::all, 0}}) {
    storage::NewMessage made;
    made.row.environment = "production";
    made.row.id = id;
    made.row.event = "announcement";
    made.row.audience = json::canonical(to_json(to));
    made.row.payload = R"({"id":")" + id + R"(","title":"t"})";
    made.row.ack = "client";
    made.row.retry = 10'000;
    made.row.sender = "{}";
    made.row.at = clock_.wall_now();
    made.row.expires_at = {clock_.wall_now().value + 60'000};
    made.one_receiver = to.one();
    return made;
  }
  Result<storage::AddedMessage> keep(const storage::NewMessage& what) {
    return wait_for<storage::AddedMessage>(
        [&](Mailbox::Kept done) { mailbox().keep(what, std::move(done)); });
  }
  Result<void> acknowledge(std::int64_t number, ReceiverId receiver) {
    const UnixMillis now = clock_.wall_now();
    return wait_for<void>([&](Mailbox::Written done) {
      mailbox().acknowledge({{number, receiver, {}, now, now}}, std::move(done));
    });
  }
  Result<void> find_acknowledgement(const std::string& id, ReceiverId receiver) {
    return wait_for<void>([&](Mailbox::Written done) {
      mailbox().find_acknowledgement("production", id, receiver, std::move(done));
    });
  }
  Mailbox& mailbox() { return application_->mailbox(); }
  void listen() {
    mailbox().listen([this](const MailNewsPtr& news) { news_.put(news); });
  }
  /// `+id`, `-id` and `id!receiver` of the next news.
  std::string next() {
    const auto news = news_.take();
    if (!news) return "nothing";
    std::string text;
    for (const auto& added : (*news)->added) text += "+" + added->id + " ";
    for (const auto& over : (*news)->over) text += "-" + over->id + " ";
    for (const auto& [of, receiver] : (*news)->acknowledged)
      text += of->id + "!" + std::to_string(receiver) + " ";
    return text;
  }
  Result<json::object> list(const MessageQuery& query = {}, const Principal& who = admin()) {
    return wait_for<json::object>(
        [&](MessageList::Done done) { application_->message_list().page(who, query, std::move(done)); });
  }
  Result<json::object> read(const std::string& id, const ReceiverQuery& query = {}) {
    return wait_for<json::object>([&](MessageList::Done done) {
      application_->message_list().read(admin(), id, query, std::move(done));
    });
  }
  std::string ids(const MessageQuery& query = {}) {
    std::string text;
    const auto page = list(query).value();
    for (const auto& item : page.at("items").as_array()) text += std::string(item.at("id").as_string()) + " ";
    return text + (page.contains("next") ? "…" : "");
  }
  std::string receivers(const std::string& id, const ReceiverQuery& query = {}) {
    std::string text;
    const auto shown = read(id, query).value();
    for (const auto& one : shown.at("receivers").as_array())
      text += std::string(one.at("kind").as_string()) + " " + json::serialize(one.at("id")) +
              (one.at("in_audience").as_bool() ? "" : " left") +
              (json::find(one, "acknowledged_at") ? "!" : "") + " ";
    return text + (shown.contains("next") ? "…" : "");
  }

  test::Mailbox<MailNewsPtr> news_;
};

TEST_F(MailboxTest, AKeptMessageIsToldAndStaysAfterARestart) {
  open();
  listen();
  EXPECT_EQ(next(), "") << "nothing is there at first";

  ASSERT_TRUE(keep(message("m1")).has_value());
  EXPECT_EQ(next(), "+m1 ");
  reopen();
  listen();

  EXPECT_EQ(next(), "+m1 ");
}

TEST_F(MailboxTest, AnAcknowledgementThatWasConfirmedStaysAfterARestart) {
  open();
  listen();
  next();
  const auto number = keep(message("m1"))->row.number;
  next();

  ASSERT_TRUE(acknowledge(number, 7).has_value());
  EXPECT_EQ(next(), "m1!7 ");
  ASSERT_TRUE(acknowledge(number, 7).has_value()) << "again is no mistake";
  reopen();
  listen();

  EXPECT_EQ(next(), "+m1 m1!7 ");
  EXPECT_TRUE(find_acknowledgement("m1", 7).has_value());
  EXPECT_EQ(find_acknowledgement("m1", 8).error().code, Errc::not_found);
  EXPECT_EQ(find_acknowledgement("m2", 7).error().code, Errc::not_found);
}

TEST_F(MailboxTest, ManyReceiptsAreWrittenInFewTransactions) {
  open();
  const auto number = keep(message("m1"))->row.number;
  std::vector<std::future<void>> confirmed;
  const UnixMillis now = clock_.wall_now();
  for (ReceiverId receiver = 1; receiver <= 500; ++receiver) {
    auto written = std::make_shared<std::promise<void>>();
    confirmed.push_back(written->get_future());
    mailbox().acknowledge({{number, receiver, {}, now, now}},
                          [written](const Result<void>&) { written->set_value(); });
  }
  for (auto& one : confirmed) one.get();

  EXPECT_EQ(metrics_.counter("togglecast_messages_acknowledged_total", "").value(), 500U);
  EXPECT_LT(metrics_.counter("togglecast_messages_receipt_writes_total", "").value(), 250U);
}

TEST_F(MailboxTest, AMessageOfOneReceiverIsOverWhenItHasAcknowledged) {
  open();
  listen();
  next();
  const auto number = keep(message("m1", {{Audience::Kind::client, 7}}))->row.number;
  EXPECT_EQ(next(), "+m1 ");

  ASSERT_TRUE(acknowledge(number, 7).has_value());

  EXPECT_EQ(next(), "-m1 ");
  EXPECT_EQ(read("m1")->at("state"), json::value("acknowledged"));
  EXPECT_TRUE(find_acknowledgement("m1", 7).has_value());
}

TEST_F(MailboxTest, AMessageEndsWhenItExpires) {
  open();
  listen();
  next();
  ASSERT_TRUE(keep(message("m1")).has_value());
  next();

  clock_.advance(Milliseconds(60'000));

  EXPECT_EQ(next(), "-m1 ");
  EXPECT_EQ(read("m1")->at("state"), json::value("expired"));
  EXPECT_EQ(metrics_.counter("togglecast_messages_expired_total", "").value(), 1U);
  reopen();
  listen();
  EXPECT_EQ(next(), "") << "nor is it told after a restart";
}

TEST_F(MailboxTest, AWithdrawnMessageIsOverAndOnlyThoseWhoMaySendWithdraw) {
  open();
  listen();
  next();
  ASSERT_TRUE(keep(message("m1")).has_value());
  next();
  const auto withdraw = [&](const Principal& who, const std::string& id) {
    return wait_for<storage::MessageRow>(
        [&](Mailbox::Withdrawn done) { mailbox().withdraw(who, id, std::move(done)); });
  };

  EXPECT_EQ(withdraw(admin(domain::Role::viewer), "m1").error().code, Errc::forbidden);
  EXPECT_EQ(withdraw(admin(domain::Role::editor, "staging"), "m1").error().code, Errc::not_found);
  ASSERT_TRUE(withdraw(admin(domain::Role::editor), "m1").has_value());

  EXPECT_EQ(next(), "-m1 ");
  EXPECT_EQ(read("m1")->at("state"), json::value("withdrawn"));
}

TEST_F(MailboxTest, UnderOneKeyAMessageIsKeptOnceAlsoAfterARestart) {
  open();
  auto keyed = message("m1");
  keyed.idempotency = storage::IdempotencyKey{"admin 1", "k", sha256("a")};
  ASSERT_FALSE(keep(keyed)->replayed);
  reopen();

  keyed.row.id = "m2";
  const auto again = keep(keyed).value();

  EXPECT_TRUE(again.replayed);
  EXPECT_EQ(again.row.id, "m1");
  clock_.advance(std::chrono::hours(24) + Milliseconds(1));
  keyed.row.at = clock_.wall_now();
  EXPECT_FALSE(keep(keyed)->replayed) << "after a day the key is free";
}

TEST_F(MailboxTest, AboveItsLimitAMessageIsRefusedAndCounted) {
  options_.mailbox.alive.count = 1;
  open();
  ASSERT_TRUE(keep(message("m1")).has_value());

  const auto refused = keep(message("m2"));

  EXPECT_EQ(refused.error().code, Errc::conflict);
  EXPECT_NE(refused.error().message.find("--messages"), std::string::npos);
  EXPECT_EQ(metrics_.counter("togglecast_messages_refused_total", "").value(), 1U);
}

TEST_F(MailboxTest, MessagesAndAcknowledgementsOfAnotherProcessAreTold) {
  open();
  listen();
  next();
  storage::sqlite::testing::OtherProcess other(folder_.path() / "data");

  const auto number = other.messages().add(message("m1"), {})->row.number;
  EXPECT_EQ(next(), "+m1 ");
  const UnixMillis now = clock_.wall_now();
  ASSERT_TRUE(
      other.messages().record(std::vector{storage::MessageReceipt{number, 7, "", now, now}}).has_value());
  EXPECT_EQ(next(), "m1!7 ");
  ASSERT_TRUE(other.messages().withdraw("production", "m1", now).has_value());
  EXPECT_EQ(next(), "-m1 ");
}

TEST_F(MailboxTest, WhatIsOverIsForgottenAfterItsTime) {
  options_.mailbox.kept = std::chrono::seconds(100);
  open();
  ASSERT_TRUE(keep(message("m1")).has_value());
  auto longer = message("m2");
  longer.row.expires_at = {clock_.wall_now().value + 10'000'000};
  ASSERT_TRUE(keep(longer).has_value());
  EXPECT_EQ(ids(), "m2 m1 ");

  clock_.advance(Milliseconds(159'000));
  EXPECT_EQ(ids(), "m2 m1 ");
  clock_.advance(Milliseconds(61'000));  // its time, and the time between two looks

  EXPECT_TRUE(test::eventually([this] { return ids() == "m2 "; })) << ids();
}

TEST_F(MailboxTest, ListsTellWhoHasNotBeenReached) {
  open();
  const auto one = create_client(R"({"key":"one","name":"One"})")->id;
  const auto two = create_client(R"({"key":"two","name":"Two"})")->id;
  const auto number = keep(message("m1", {{Audience::Kind::clients, 0}}))->row.number;
  const auto other = keep(message("m2", {{Audience::Kind::client, two}}))->row.number;
  const UnixMillis now = clock_.wall_now();
  mailbox().record({{number, one, {}, now, {}}, {number, 99, {}, now, now}});
  ASSERT_TRUE(acknowledge(number, two).has_value());

  EXPECT_EQ(ids(), "m2 m1 ");
  EXPECT_EQ(ids({.state = MessageQuery::State::undelivered}), "m2 ");
  EXPECT_EQ(ids({.state = MessageQuery::State::unacknowledged}), "m2 m1 ");
  ASSERT_TRUE(acknowledge(number, one).has_value());
  EXPECT_EQ(ids({.state = MessageQuery::State::unacknowledged}), "m2 ");
  ASSERT_TRUE(acknowledge(other, two).has_value());
  EXPECT_EQ(ids({.state = MessageQuery::State::waiting}), "m1 ");
  EXPECT_EQ(ids({.limit = 1}), "m2 …");
  EXPECT_EQ(ids({.before = other, .limit = 1}), "m1 ");

  const auto counts = read("m1")->at("counts");
  EXPECT_EQ(json::canonical(counts), R"({"acknowledged":2,"addressed":0,"audience":2,"delivered":2})");
  EXPECT_EQ(receivers("m1"), "client 1! client 2! client 99 left! ");
  EXPECT_EQ(receivers("m1", {.limit = 1}), "client 1! …");
  EXPECT_EQ(receivers("m1", {.after = 1, .limit = 1}), "client 2! …");
  EXPECT_EQ(receivers("m1", {.state = ReceiverQuery::State::unacknowledged}), "");
  EXPECT_EQ(read("nothing").error().code, Errc::not_found);
}

TEST_F(MailboxTest, ReceiversOfAMessageToAllIncludeAdminsWhoHaveNotHadIt) {
  open();
  ASSERT_TRUE(create_client(R"({"key":"one","name":"One"})").has_value());
  const auto number = keep(message("m1"))->row.number;
  ASSERT_TRUE(acknowledge(number, -1).has_value());

  EXPECT_EQ(receivers("m1"), "admin 1! client 1 ");
  EXPECT_EQ(receivers("m1", {.state = ReceiverQuery::State::undelivered}), "client 1 ");
  EXPECT_EQ(receivers("m1", {.state = ReceiverQuery::State::acknowledged}), "admin 1! ");
}

TEST_F(MailboxTest, ViewersReadNoMessages) {
  open();

  EXPECT_EQ(list({}, admin(domain::Role::viewer)).error().code, Errc::forbidden);
  EXPECT_TRUE(list({}, admin(domain::Role::editor)).has_value());
}

TEST_F(MailboxTest, ReceiptsThatTheStoreDidNotTakeAreWrittenLater) {
  auto broken = std::make_shared<std::atomic<bool>>(false);
  changes::testing::StoreFaults faults;
  faults.record = [broken]() -> Result<void> {
    if (*broken) return fail(Errc::unavailable, "the disk is full");
    return {};
  };
  open_on(std::make_unique<changes::testing::FaultyStore>(
      storage::sqlite::SqliteStore::open(folder_.path() / "data").value(), std::move(faults)));
  const auto number = keep(message("m1"))->row.number;
  *broken = true;

  EXPECT_EQ(acknowledge(number, 7).error().code, Errc::unavailable) << "not confirmed";
  *broken = false;

  EXPECT_TRUE(test::eventually([this] { return find_acknowledgement("m1", 7).has_value(); }));
}

}  // namespace
}  // namespace togglecast::service
