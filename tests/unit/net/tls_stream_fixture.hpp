// A TLS listener on one shard with a manual clock, and the server's side of each of its connections.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/shard_pool.hpp"
#include "net/stream.hpp"
#include "net/tls_context.hpp"
#include "net/tls_session.hpp"
#include "support/certificate.hpp"
#include "support/eventually.hpp"
#include "support/temporary_folder.hpp"
#include "support/tls_peer.hpp"
#include "unit/net/stream_side.hpp"

namespace togglecast::net::testing {

class TlsStreamTest : public ::testing::Test {
 protected:
  void SetUp() override {
    context_ = TlsContext::load(
                   {.certificate = files_.certificate, .key = files_.key, .plaintext_answer = "speak TLS"})
                   .value();
    context_->on_failure([this](TlsFailure failure, std::string_view, const std::string& address) {
      EXPECT_EQ(address, "127.0.0.1");
      failures_.put(failure);
    });
    const auto port =
        pool_.listen({.addresses = {"127.0.0.1"}, .tls = context_}, [this](Shard&, StreamPtr stream) {
          stream->limit(&limits_);
          sides_.push_back(std::make_unique<Side>(std::move(stream)));
          Side& side = *sides_.back();
          if (echo_) side.react = [&side](std::string_view bytes) { side.stream->send(bytes); };
          side.stream->start_reading();
          accepted_.put(true);
        });
    ASSERT_TRUE(port);
    port_ = *port;
    pool_.start();
  }
  void TearDown() override {
    run([this] { sides_.clear(); });
    pool_.stop();
  }

  void run(const std::function<void()>& task) {
    pool_.run_on_all([&](Shard&) { task(); });
  }
  /// Moves the clock, and waits until the shard has fired what is due.
  void pass(Milliseconds time) {
    run([] {});  // what the last task began has been armed
    clock_.advance(time + TimerWheel::kTick);
    run([] {});
    run([] {});
  }
  template <typename T>
  T ask(const std::function<T()>& question) {
    T answer{};
    run([&] { answer = question(); });
    return answer;
  }
  std::uint64_t failed(TlsFailure failure) const {
    return context_->counters().failures[static_cast<std::size_t>(failure)].load();
  }
  // A connection whose handshake is done.
  std::unique_ptr<test::TlsClient> connect(int receive_buffer = 0) {
    auto client = std::make_unique<test::TlsClient>(port_, test::TlsPeerOptions{}, receive_buffer);
    EXPECT_TRUE(client->connect());
    EXPECT_TRUE(accepted_.take());
    return client;
  }

  togglecast::testing::TemporaryFolder folder_;
  test::CertificateFiles files_ = test::make_certificate(folder_.path(), "server", {.name = "before"});
  StreamLimits limits_{.backlog_bytes = 64 * 1024 * 1024, .stall = Milliseconds(60'000)};
  bool echo_ = true;
  std::shared_ptr<TlsContext> context_;
  test::Mailbox<bool> accepted_;
  test::Mailbox<TlsFailure> failures_;
  std::vector<std::unique_ptr<Side>> sides_;
  ManualClock clock_;
  ShardPool pool_{1, nullptr, clock_};
  std::uint16_t port_ = 0;
};

}  // namespace togglecast::net::testing
