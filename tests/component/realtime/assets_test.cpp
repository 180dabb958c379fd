// `asset_get`: bytes over the socket.
#include <string>

#include "domain/entities/asset.hpp"
#include "realtime/asset_requests.hpp"
#include "realtime_fixture.hpp"
#include "socketio/packets/encoded_packet.hpp"

namespace togglecast::realtime::testing {
namespace {

class Assets : public RealtimeTest {
 protected:
  std::string put(std::string bytes, const std::string& name = "logo") {
    if (platform_ == 0) platform_ = create_platform(R"({"key":"web","name":"Web"})")->id;
    const auto written = service::testing::wait_for<changes::Written>([&](changes::Done done) {
      application_->assets().put(admin(), domain::Kind::platform, platform_, {name, "image/png", bytes}, {},
                                 done);
    });
    EXPECT_TRUE(written.has_value());
    return domain::hex(sha256(bytes));
  }
  static std::string asking(const std::string& sha256) { return R"({"sha256":")" + sha256 + R"("})"; }
  static std::string header(const std::string& sha256, std::size_t size) {
    return R"({"sha256":")" + sha256 + R"(","type":"image/png","size":)" + std::to_string(size) +
           R"(,"bytes":{"_placeholder":true,"num":0}})";
  }

  domain::Id platform_ = 0;
};

TEST_F(Assets, ComeInTheAcknowledgementOrInTheReplyEvent) {
  const std::string hash = put("the bytes");
  auto client = join_client("acme");
  auto admin = join_admin();

  const auto ask_both_ways = [&](EventClient& one, const std::string& nsp) {
    one.send("2" + nsp + ",7[\"asset_get\"," + asking(hash) + "]");
    EXPECT_EQ(one.packet(), "61-" + nsp + ",7[" + header(hash, 9) + "]");
    EXPECT_EQ(one.packet(), ":the bytes");
    one.emit(nsp, "asset_get", asking(hash));
    EXPECT_EQ(one.packet(), "51-" + nsp + ",[\"asset\"," + header(hash, 9) + "]");
    EXPECT_EQ(one.packet(), ":the bytes");
  };
  ask_both_ways(client, "/client");
  ask_both_ways(admin, "/admin");
}

TEST_F(Assets, OfNobodyAndOfOthersAreRefusedAlike) {
  const std::string hash = put("the bytes");
  const auto made = service::testing::wait_for<changes::Written>([&](changes::Done done) {
    application_->packages().create(
        admin(), service::testing::parse(R"({"key":"none","name":"None","platforms":[]})"), {}, done);
  });
  ASSERT_TRUE(made.has_value());
  const auto other = create_platform(R"({"key":"ios","name":"iOS"})");
  auto client = join_client("acme");
  ASSERT_TRUE(service::testing::wait_for<changes::Written>([&](changes::Done done) {
                application_->packages().open_platform(admin(), made->id, other->id, {}, done);
              }).has_value());
  ASSERT_TRUE(service::testing::wait_for<changes::Written>([&](changes::Done done) {
                application_->clients().update(admin(), last_client_, json::object{{"package_id", made->id}},
                                               {}, done);
              }).has_value());

  const std::string nobody(64, 'a');
  const auto refusal = [&](const std::string& sha256) {
    std::string text = json::serialize(client.ask("/client", "asset_get", asking(sha256)));
    return text.replace(text.find(sha256), sha256.size(), "X");
  };
  EXPECT_EQ(refusal(hash), refusal(nobody));
  EXPECT_EQ(code_of(client.ask("/client", "asset_get", asking(hash))), "not_found");
}

TEST_F(Assets, AreAskedForByTheirHashAlone) {
  auto client = join_client("acme");

  EXPECT_EQ(pointer_of(client.ask("/client", "asset_get")), "/sha256");
  EXPECT_EQ(pointer_of(client.ask("/client", "asset_get", R"({"sha256":7})")), "/sha256");
  EXPECT_EQ(pointer_of(client.ask("/client", "asset_get", R"({"sha256":"a","name":"logo"})")), "/name");
  EXPECT_EQ(code_of(client.ask("/client", "asset_get", R"({"sha256":"a"})")), "not_found");
}

TEST_F(Assets, StateEventsCarryReferencesAlone) {
  auto client = join_client("acme");
  put("the bytes");
  EXPECT_EQ(client.next("/client", "platform_update")[1].at("type"), json::value("create"));

  const json::array update = client.next("/client", "platform_update");

  EXPECT_EQ(update[1].at("data").at("assets").at("logo").at("size"), json::value(9));
  EXPECT_EQ(client.transcript().find("the bytes"), std::string::npos);
}

class MeteredAssets : public Assets {
 protected:
  MeteredAssets() { realtime_options_.assets = {.per_second = 0.001, .burst = 25}; }
};

TEST_F(MeteredAssets, AConnectionThatReadsTooMuchIsToldToWait) {
  const std::string hash = put("ten bytes!");
  auto client = join_client("acme");
  for (int i = 0; i < 2; ++i) {
    client.emit("/client", "asset_get", asking(hash));
    EXPECT_EQ(client.packet().substr(0, 3), "51-");
    EXPECT_EQ(client.packet(), ":ten bytes!");
  }

  EXPECT_EQ(code_of(client.ask("/client", "asset_get", asking(hash))), "rate_limited");
  EXPECT_EQ(code_of(client.ask("/client", "heartbeat")), "") << "everything else goes on";
}

TEST(AssetFrames, TheOnesUsedLastStay) {
  AssetFrames frames(25);
  for (const char* key : {"a", "b"}) frames.put(key, SharedBytes("0123456789"));
  EXPECT_TRUE(frames.find("a"));
  frames.put("c", SharedBytes("0123456789"));

  EXPECT_EQ(frames.bytes(), 20U);
  EXPECT_TRUE(frames.find("a"));
  EXPECT_TRUE(frames.find("c"));
  EXPECT_FALSE(frames.find("b"));
  frames.put("d", SharedBytes(std::string(26, 'x')));
  EXPECT_FALSE(frames.find("d")) << "larger than all";
}

TEST(AssetFrames, PacketsShareAFrame) {
  const SharedBytes frame = socketio::EncodedPacket::frame(std::string(1'000, 'x'));
  socketio::Arguments args = socketio::arguments(socketio::Binary{frame});

  const auto packet = socketio::EncodedPacket::ack("/client", 1, args, socketio::Attachments::frames);
  const auto copied = socketio::EncodedPacket::ack(
      "/client", 1, socketio::arguments(socketio::Binary{SharedBytes(std::string(1'000, 'x'))}));

  EXPECT_EQ(packet.bytes(), copied.bytes()) << "the same packet";
}

}  // namespace
}  // namespace togglecast::realtime::testing
