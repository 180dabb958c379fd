// A TLS connection that moves between shards.
#include "tls_stream_fixture.hpp"

namespace togglecast::net::testing {
namespace {

class TwoShardTlsTest : public ::testing::Test {
 protected:
  ~TwoShardTlsTest() override {
    pool_.run_on_all([](Shard&) {});  // the connection may still be on its way to the other shard
    pool_.run_on_all([this](Shard& shard) { sides_[shard.index()].reset(); });
    pool_.stop();
  }

  // Says which shard heard, and moves to the other one.
  void take_up(Shard& shard, StreamPtr stream) {
    auto& side = sides_[shard.index()];
    side = std::make_unique<Side>(std::move(stream));
    side->react = [this, from = &shard](std::string_view bytes) {
      Side& mine = *sides_[from->index()];
      mine.stream->send(std::to_string(from->index()) + " heard " + std::string(bytes) + "\n");
      auto moving = std::make_shared<DetachedStream>(mine.stream->release());
      ASSERT_TRUE(*moving);
      Shard& target = pool_.at(1 - from->index());
      from->retire(std::move(sides_[from->index()]));
      target.post([this, moving, to = &target] { take_up(*to, Stream::adopt(*to, std::move(*moving))); });
    };
    side->stream->start_reading();
  }

  togglecast::testing::TemporaryFolder folder_;
  test::CertificateFiles files_ = test::make_certificate(folder_.path(), "server");
  std::unique_ptr<Side> sides_[2];  // one per shard
  ShardPool pool_{2};
};

TEST_F(TwoShardTlsTest, AConnectionTakesItsSessionAlongToAnotherShard) {
  const auto context = TlsContext::load({.certificate = files_.certificate, .key = files_.key}).value();
  const auto port =
      pool_.listen({.addresses = {"127.0.0.1"}, .tls = context},
                   [this](Shard& shard, StreamPtr stream) { take_up(shard, std::move(stream)); });
  pool_.start();
  test::TlsClient client(*port);
  ASSERT_TRUE(client.connect());

  std::string heard;
  for (int i = 0; i < 6; ++i) {
    client.send(std::to_string(i));
    heard += client.receive_until("\n").substr(0, 1);
  }

  EXPECT_TRUE(heard == "010101" || heard == "101010") << heard;
}

}  // namespace
}  // namespace togglecast::net::testing
