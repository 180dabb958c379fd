// A client that was away gets what it missed, and nothing else; one that cannot be believed gets everything.
#include <gmock/gmock.h>

#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "resume_fixture.hpp"
#include "support/eventually.hpp"
#include "unit/domain/builders.hpp"
#include "unit/storage/sqlite/other_process.hpp"

namespace togglecast::realtime::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Resume : public ResumeTest {
 protected:
  // After the server's own look for sessions that are over, which follows its start.
  std::uint64_t store_reads() {
    EXPECT_TRUE(test::eventually([this] { return counted("togglecast_store_reads_total") > 0; }));
    return counted("togglecast_store_reads_total");
  }
};

TEST_F(Resume, OneThatIsUpToDateGetsOneShortFrame) {
  ASSERT_TRUE(create_platform(R"({"key":"web","name":"Web"})").has_value());
  auto page = page_of("acme");
  const auto copy = page.copy;
  const std::string offset = page.offset;
  EXPECT_EQ(page.state.at("revision").as_int64(), domain::parse_offset(offset)->revision);
  EXPECT_NE(domain::parse_tagged_offset(offset)->tag, "") << "of this session alone";

  come_back(page);

  EXPECT_TRUE(page.recovered);
  EXPECT_THAT(page.events, ElementsAre("client_resumed"));
  EXPECT_EQ(page.state.at("revision").as_int64(), current()->revision());
  EXPECT_EQ(page.state.at("epoch").as_int64(), 1);
  EXPECT_EQ(page.state.at("server_time"), json::value(to_iso8601(clock_.wall_now())));
  EXPECT_EQ(page.state.as_object().size(), 3U);
  EXPECT_EQ(page.offset, offset);
  EXPECT_EQ(page.copy, copy);
  EXPECT_EQ(resumes("current"), 1U);
}

TEST_F(Resume, OfOneThatIsUpToDateCostsOneVerificationNoStoreAndOneShortFrame) {
  for (int i = 0; i < 50; ++i)
    ASSERT_TRUE(create_platform(R"({"key":"p)" + std::to_string(i) + R"(","name":"P"})").has_value());
  auto page = page_of("acme");
  const auto revision = current()->revision();
  const std::size_t full_state = page.bytes_of_state;
  const auto verifications = counted("togglecast_token_verifications_total");
  const auto reads = store_reads();

  for (int i = 0; i < 20; ++i) {
    come_back(page);
    EXPECT_THAT(page.events, ElementsAre("client_resumed"));
  }

  EXPECT_EQ(resumes("current"), 20U);
  EXPECT_EQ(counted("togglecast_token_verifications_total"), verifications + 20);
  EXPECT_EQ(counted("togglecast_store_reads_total"), reads);
  EXPECT_EQ(current()->revision(), revision) << "nothing was written";
  EXPECT_LE(page.bytes_of_state, 200U);
  EXPECT_GE(full_state, 3'000U);
}

TEST_F(Resume, WhatItMissedComesAsOnePushBehindTheOffsetThatItCameWith) {
  const auto web = create_platform(R"({"key":"web","name":"Web"})");
  auto page = page_of("acme");
  const auto before = current()->revision();
  page.drop();
  ASSERT_TRUE(toggle_platform(web->id, false).has_value());
  const auto ios = create_platform(R"({"key":"ios","name":"iOS"})");
  const auto gone = create_platform(R"({"key":"gone","name":"Gone"})");
  ASSERT_TRUE(remove_platform(gone->id).has_value());

  come_back(page);

  EXPECT_TRUE(page.recovered);
  EXPECT_THAT(page.events, ElementsAre("client_resumed", "platform_update update " + std::to_string(web->id),
                                       "platform_update create " + std::to_string(ios->id)))
      << "created and deleted meanwhile is silence";
  EXPECT_EQ(page.state.at("revision").as_int64(), before) << "what it has by then";
  EXPECT_EQ(page.copy, view(*current(), last_client_));
  EXPECT_EQ(domain::parse_offset(page.offset)->revision, current()->revision());
  EXPECT_EQ(resumes("updated"), 1U);
}

// The answer to its CONNECT says "recovered", and the connection is cut before the updates.
TEST_F(Resume, OneThatIsCutBeforeWhatItMissedMissesNothing) {
  const auto web = create_platform(R"({"key":"web","name":"Web"})");
  auto page = page_of("acme");
  page.drop();
  ASSERT_TRUE(toggle_platform(web->id, false).has_value());
  page.connect();
  ASSERT_TRUE(page.read());
  EXPECT_THAT(page.events, ElementsAre("client_resumed"));

  come_back(page);

  EXPECT_TRUE(page.recovered);
  EXPECT_EQ(page.copy, view(*current(), last_client_));
}

TEST_F(Resume, OneThatIsCutBeforeItsFirstStateGetsItTheNextTime) {
  ASSERT_TRUE(create_platform(R"({"key":"web","name":"Web"})").has_value());
  Page page(port_, "/client", client_token("acme"));
  page.connect();
  EXPECT_NE(page.pid, "");

  come_back(page);

  EXPECT_FALSE(page.recovered);
  EXPECT_EQ(page.state_event, "client_connected");
  EXPECT_EQ(page.copy, view(*current(), last_client_));
  EXPECT_EQ(resumes("no_offset"), 1U);
}

// Up to the end of the frame that completes it, a connection has nothing of a frame.
TEST_F(Resume, ACutAtEachByteOfTheBeginningLosesNothing) {
  const auto web = create_platform(R"({"key":"web","name":"Web"})");
  Page page(port_, "/client", client_token("acme"));
  for (std::size_t bytes = 1; page.copy.empty(); ++bytes) {
    page.connect_and_read(bytes);
    ASSERT_FALSE(HasFailure()) << bytes;
    ASSERT_FALSE(page.recovered) << "it has no state, at byte " << bytes;
    EXPECT_TRUE(page.state_event.empty() || page.state_event == "client_connected");
  }
  EXPECT_EQ(page.copy, view(*current(), last_client_));
  const auto before = page.copy;
  ASSERT_TRUE(toggle_platform(web->id, false).has_value());

  for (std::size_t bytes = 1; page.copy == before; ++bytes) {
    page.connect_and_read(bytes);
    ASSERT_FALSE(HasFailure()) << bytes;
    EXPECT_TRUE(page.state_event.empty() || page.recovered) << bytes;
  }
  EXPECT_EQ(page.copy, view(*current(), last_client_));
  come_back(page);
  EXPECT_THAT(page.events, ElementsAre("client_resumed"));
}

// A new session has begun, so the state before it is not what its page has.
TEST_F(Resume, AnOffsetOfTheSessionBeforeDoesNotCountWhenTheNewOneIsCut) {
  ASSERT_TRUE(create_platform(R"({"key":"web","name":"Web"})").has_value());
  auto page = page_of("acme");
  page.drop();
  const std::string old = page.offset;
  page.offset = "Q85vvFQ";  // of a server that we are not
  page.connect();
  EXPECT_FALSE(page.recovered);
  page.offset = old;

  come_back(page);

  EXPECT_FALSE(page.recovered);
  EXPECT_EQ(page.state_event, "client_connected");
  EXPECT_EQ(resumes("not_begun"), 1U);
}

TEST_F(Resume, ABroadcastGivesAnOffsetThatCountsInEverySessionBefore) {
  const auto web = create_platform(R"({"key":"web","name":"Web"})");
  auto page = page_of("acme");
  ASSERT_TRUE(toggle_platform(web->id, false).has_value());
  page.catch_up(current()->revision());
  EXPECT_EQ(page.offset, domain::to_string(current()->offset())) << "the same for everybody";

  come_back(page);
  EXPECT_TRUE(page.recovered);
  EXPECT_NE(page.offset, domain::to_string(current()->offset()));
  come_back(page);
  EXPECT_TRUE(page.recovered);
}

// Each way in which the view of a client that is away may change.
TEST_F(Resume, EveryChangeOfTheViewIsThereAfterwards) {
  const auto web = create_platform(R"({"key":"web","name":"Web"})");
  const auto base = feature("base");
  const auto plain = feature("plain", R"(,"sub_features":[{"key":"a","name":"A"}])");
  const auto needs = feature("needs", R"(,"requires":[)" + std::to_string(base) + "]");
  const auto on_web = feature("on_web", R"(,"platforms":[)" + std::to_string(web->id) + "]");
  const auto vip = feature(
      "vip",
      R"(,"variants":{"on":true,"off":false},"defaultVariant":"off","targeting":{"if":[{"var":"client.vip"},"on","off"]})");
  const auto segment =
      make(application_->segments(), R"({"key":"eu","name":"EU","rule":{"==":[{"var":"region"},"eu"]}})");
  const auto regional = feature(
      "regional",
      R"(,"variants":{"on":true,"off":false},"defaultVariant":"off","targeting":{"if":[{"$ref":"eu"},"on","off"]})");
  const auto small = package("small", assigned({base, plain, needs, on_web, vip, regional}));
  const auto large = package("large", assigned({base, plain}));
  auto page = page_of("acme", R"({"region":"eu"})");
  const auto client = last_client_;
  auto& clients = application_->clients();
  auto& features = application_->features();
  const std::string override = R"({"overrides":[{"feature_id":)" + std::to_string(plain);

  const std::vector<std::pair<std::string, std::function<bool()>>> changes = {
      {"put on a package",
       [&] { return alter(clients, client, R"({"package_id":)" + std::to_string(small) + "}"); }},
      {"attributes", [&] { return alter(clients, client, R"({"attributes":{"vip":true}})"); }},
      {"visible attributes", [&] { return alter(clients, client, R"({"visible_attributes":["vip"]})"); }},
      {"a segment",
       [&] {
         return alter(application_->segments(), segment, R"({"rule":{"==":[{"var":"region"},"us"]}})");
       }},
      {"a platform off", [&] { return toggle_platform(web->id, false).has_value(); }},
      {"a required feature off", [&] { return alter(features, base, R"({"state":"DISABLED"})"); }},
      {"a sub-feature off",
       [&] {
         return alter(features, plain, R"({"sub_features":[{"key":"a","name":"A","state":"DISABLED"}]})");
       }},
      {"an override that takes away",
       [&] { return alter(clients, client, override + R"(,"removed":true}]})"); }},
      {"an override that ends",
       [&] {
         const std::string end = to_iso8601({clock_.wall_now().value + 60'000});
         return alter(clients, client, override + R"(,"value":true,"expires_at":")" + end + R"("}]})");
       }},
      {"its end",
       [&] {
         clock_.advance(Milliseconds{61'000});
         const auto revision = current()->revision();
         application_->time().look();
         return test::eventually([&] { return current()->revision() > revision; });
       }},
      {"inactive", [&] { return alter(clients, client, R"({"active":false})"); }},
      {"active again", [&] { return alter(clients, client, R"({"active":true})"); }},
      {"another package",
       [&] { return alter(clients, client, R"({"package_id":)" + std::to_string(large) + "}"); }},
      {"another price",
       [&] {
         return alter(application_->packages(), large, R"({"price":{"amount":900,"currency":"EUR"}})");
       }},
      {"a feature gone from the package",
       [&] { return alter(application_->packages(), large, R"({"features":)" + assigned({base}) + "}"); }},
      {"a name", [&] { return alter(features, base, R"({"name":"Base"})"); }},
      {"no package", [&] { return alter(clients, client, R"({"package_id":null})"); }},
  };
  for (const auto& [what, change] : changes) {
    page.drop();
    const auto before = page.copy;
    ASSERT_TRUE(change()) << what;

    come_back(page);

    EXPECT_TRUE(page.recovered) << what;
    EXPECT_EQ(page.copy, view(*current(), client, R"({"region":"eu"})")) << what;
    EXPECT_NE(page.copy, before) << what << ": it changes the view";
  }
}

TEST_F(Resume, WithAnotherContextAllBeginsAnew) {
  ASSERT_TRUE(create_platform(R"({"key":"web","name":"Web"})").has_value());
  auto page = page_of("acme", R"({"region":"eu"})");
  page.set_context(R"({"region":"us"})");

  come_back(page);

  EXPECT_FALSE(page.recovered);
  EXPECT_EQ(page.state_event, "client_connected");
  EXPECT_EQ(resumes("other_view"), 1U);
}

// auth gives the context of the beginning again, and the page has the view of another one.
TEST_F(Resume, AfterALiveChangeOfContextNoOffsetCounts) {
  const auto web = create_platform(R"({"key":"web","name":"Web"})");
  for (const bool acknowledged : {false, true}) {
    auto page = page_of(acknowledged ? "asked" : "acme", R"({"region":"eu"})");
    if (acknowledged) {
      page.send_with_ack(1, "client_connect", R"({"context":{"region":"us"}})");
    } else {
      page.send("client_connect", R"({"context":{"region":"us"}})");
    }
    ASSERT_TRUE(page.read());
    EXPECT_EQ(page.events.back(), acknowledged ? "config_status" : "client_connected");
    page.catch_up(current()->revision());
    ASSERT_TRUE(toggle_platform(web->id).has_value());
    page.catch_up(current()->revision());
    EXPECT_EQ(page.events.back(), "platform_update toggle " + std::to_string(web->id));

    come_back(page);

    EXPECT_FALSE(page.recovered);
    EXPECT_EQ(page.state_event, "client_connected");
    EXPECT_EQ(page.copy, view(*current(), last_client_, R"({"region":"eu"})"));
  }
}

TEST_F(Resume, WithTheContextOfTheBeginningAgainOffsetsCount) {
  const auto web = create_platform(R"({"key":"web","name":"Web"})");
  auto page = page_of("acme", R"({"region":"eu"})");
  for (const std::string region : {"us", "eu"}) {
    page.send("client_connect", R"({"context":{"region":")" + region + R"("}})");
    page.catch_up(current()->revision());
  }
  ASSERT_TRUE(toggle_platform(web->id).has_value());
  page.catch_up(current()->revision());

  come_back(page);

  EXPECT_TRUE(page.recovered);
  EXPECT_THAT(page.events, ElementsAre("client_resumed"));
}

// An acknowledgement carries no offset, and the state in it is newer than the one before.
TEST_F(Resume, ARenewalThatIsAcknowledgedIsFollowedByTheOffsetOfItsState) {
  ASSERT_TRUE(create_platform(R"({"key":"web","name":"Web"})").has_value());
  auto page = page_of("acme");
  page.send_with_ack(1, "client_connect", "{}");
  page.catch_up(current()->revision());
  EXPECT_THAT(page.events, ElementsAre("client_connected", "config_status", "config_status"));

  come_back(page);

  EXPECT_TRUE(page.recovered);

  page.send_with_ack(2, "client_connect", "{}");
  ASSERT_TRUE(page.read());  // and it is cut before the answer
  come_back(page);
  EXPECT_FALSE(page.recovered);
}

TEST_F(Resume, WithoutOffsetsThereIsNoSession) {
  Page page(port_, "/client", client_token("acme"));
  page.set_more(R"(,"offsets":false)");
  page.connect();
  page.catch_up(current()->revision());
  EXPECT_EQ(page.pid, "");
  EXPECT_EQ(page.offset, "");

  Page other = page_of("other");
  other.set_more(R"(,"offsets":false)");
  other.drop();
  other.connect();
  other.catch_up(current()->revision());
  EXPECT_EQ(other.state_event, "client_connected");
  EXPECT_EQ(other.pid, "");
}

TEST_F(Resume, AnotherClientsSessionIsWorthNothing) {
  ASSERT_TRUE(create_platform(R"({"key":"web","name":"Web"})").has_value());
  auto mine = page_of("mine");
  const std::string my_pid = mine.pid, my_offset = mine.offset;
  auto other = page_of("other");
  other.pid = my_pid;
  other.offset = my_offset;

  come_back(other);

  EXPECT_FALSE(other.recovered);
  EXPECT_EQ(other.copy, view(*current(), last_client_));
  come_back(mine);
  EXPECT_TRUE(mine.recovered) << "it costs the owner nothing";
}

TEST_F(Resume, NonsenseIsCheapAndWritesNoLine) {
  const std::string token = client_token("acme");
  Page page(port_, "/client", token);
  page.connect();
  page.catch_up(current()->revision());
  const std::vector<std::string> sessions = {
      R"("pid":7,"offset":"1.2.3")",
      R"("pid":null,"offset":null)",
      R"("pid":{},"offset":[])",
      R"("pid":"","offset":"")",
      R"("pid":")" + std::string(20'000, 'A') + R"(","offset":"1")",
      R"("pid":")" + page.pid + R"(","offset":)" + std::string(6, '9'),
      R"("pid":")" + page.pid + R"(","offset":")" + std::string(20'000, '9') + '"',
      R"("pid":")" + page.pid + R"(","offset":"9.1.0000000000000000")",
      R"("pid":")" + page.pid + R"(","offset":"1.9007199254740991.0000000000000000")",
      R"("pid":")" + page.pid + R"(","offset":"1.999.0000000000000000")"};
  page.drop();
  const auto reads = store_reads();
  for (const auto& session : sessions) {
    auto client = connect("/client", R"({"token":")" + token + R"(",)" + session + "}");
    EXPECT_EQ(client.event("/client").at(0), "client_connected") << session;
  }
  EXPECT_EQ(counted("togglecast_store_reads_total"), reads);
  for (const auto& line : log_lines()) EXPECT_EQ(line.find("resum"), std::string::npos) << line;
}

TEST_F(Resume, AForgedRevisionOfTheOwnSessionGetsTheFullState) {
  const auto web = create_platform(R"({"key":"web","name":"Web"})");
  auto page = page_of("acme");
  using domain::Offset;
  const std::vector<std::pair<std::function<void(Offset&)>, std::string>> forgeries = {
      {[](Offset& offset) { ++offset.chain; }, "out_of_reach"},
      {[](Offset& offset) { --offset.revision; }, "out_of_reach"},
      {[](Offset& offset) { ++offset.epoch; }, "ahead"},
      {[](Offset& offset) { offset.revision = domain::kMaxId; }, "ahead"}};
  for (const auto& [forge, result] : forgeries) {
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(toggle_platform(web->id).has_value());
    page.catch_up(current()->revision());
    Offset offset = current()->offset();
    forge(offset);
    page.offset = to_string(offset);
    const auto counted = resumes(result);

    come_back(page);

    EXPECT_FALSE(page.recovered);
    EXPECT_EQ(resumes(result), counted + 1) << page.offset;
    EXPECT_EQ(page.copy, view(*current(), last_client_));
  }
}

}  // namespace
}  // namespace togglecast::realtime::testing
