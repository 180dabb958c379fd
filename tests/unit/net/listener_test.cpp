#include "net/listener.hpp"

#include <gmock/gmock.h>
#include <sys/resource.h>

#include <atomic>
#include <cerrno>

#include "net/shard_pool.hpp"
#include "support/eventually.hpp"
#include "support/tcp_client.hpp"

namespace togglecast::net {
namespace {

using test::TcpClient;

class ListenerTest : public ::testing::Test {
 protected:
  ~ListenerTest() override {
    pool_.run_on_all([this](Shard&) { streams_.clear(); });
    pool_.stop();
  }
  std::uint16_t serve(ListenOptions options) {
    options.addresses = {"127.0.0.1"};
    const auto port = pool_.listen(options, [this](Shard&, StreamPtr stream) {
      stream->start_reading();
      streams_.push_back(std::move(stream));
      ++taken_;
    });
    pool_.start();
    return port.value();
  }

  std::vector<StreamPtr> streams_;
  std::atomic<int> taken_{0};
  ManualClock clock_;
  ShardPool pool_{1, nullptr, clock_};
};

TEST_F(ListenerTest, WhatTheGateRefusesIsClosedBeforeItSaysAnything) {
  std::atomic<int> asked{0};
  const auto port = serve({.gate = [&](const boost::asio::ip::address& address) {
    EXPECT_TRUE(address.is_loopback());
    ++asked;
    return std::nullopt;
  }});

  TcpClient client(port);

  EXPECT_TRUE(client.closed_by_server());
  EXPECT_EQ(asked, 1);
  EXPECT_EQ(taken_, 0);
}

TEST_F(ListenerTest, WhatTheGateGivesIsKeptUntilTheConnectionIsClosed) {
  const HeldPtr held(new Held);
  const auto port = serve({.gate = [&](const boost::asio::ip::address&) { return held; }});

  TcpClient first(port), second(port);
  ASSERT_TRUE(test::eventually([&] { return taken_ == 2; }));
  EXPECT_EQ(held->use_count(), 1U + 2);
  pool_.run_on_all([&](Shard& shard) {  // as when a connection moves to another shard
    DetachedStream moving = streams_.front()->release();
    EXPECT_EQ(held->use_count(), 1U + 2);
    streams_.front() = Stream::adopt(shard, std::move(moving));
    EXPECT_EQ(held->use_count(), 1U + 2);
    streams_.front()->abort();
    EXPECT_EQ(held->use_count(), 1U + 1);
    streams_.back()->close_gracefully();
    EXPECT_EQ(held->use_count(), 1U + 1) << "the peer has not closed its side yet";
  });
  second.close();

  EXPECT_TRUE(test::eventually([&] { return held->use_count() == 1; }));
}

// UBSan opens a pipe when it meets a type for the first time. Without a descriptor it takes the type for a
// broken one.
#ifndef __SANITIZE_ADDRESS__
// The limit of this process, lowered so that it can open nothing more.
class NoDescriptorsLeft {
 public:
  NoDescriptorsLeft() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const int lowest = ::dup(0);
    ::close(lowest);
    rlimit none = before_;
    none.rlim_cur = static_cast<rlim_t>(lowest);
    ::setrlimit(RLIMIT_NOFILE, &none);
  }
  ~NoDescriptorsLeft() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

TEST_F(ListenerTest, TellsThatDescriptorsAreUsedUpAndGoesOnLater) {
  std::atomic<int> error{0};
  const auto port = serve({.on_exhausted = [&](int code) { error = code; }});
  {
    const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const NoDescriptorsLeft none;
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ASSERT_EQ(::connect(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);

    EXPECT_TRUE(test::eventually([&] { return error == EMFILE; }));
    pool_.run_on_all([](Shard&) {});
    EXPECT_EQ(taken_, 0);
    ::close(descriptor);
  }
  const TcpClient client(port);

  clock_.advance(Milliseconds(1'000));
  pool_.run_on_all([](Shard&) {});

  EXPECT_TRUE(test::eventually([&] { return taken_ > 0; }));
}
#endif

}  // namespace
}  // namespace togglecast::net
