// Large messages are compressed in slices. A WebSocket that waits for one keeps its order.
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "unit/net/local_stream.hpp"
#include "web/deflate.hpp"
#include "web/websocket.hpp"

namespace togglecast::web {
namespace {

namespace ws = wire::websocket;

constexpr std::size_t kMegabyte = 1 << 20;
constexpr std::size_t kPieceOfText = 16 * 1'024;

// The time passes when somebody looks at it, so each look finds the slice over.
class RunningClock final : public Clock {
 public:
  [[nodiscard]] TimePoint now() const noexcept override { return now_ += Milliseconds{1}; }
  [[nodiscard]] UnixMillis wall_now() const noexcept override { return {1'700'000'000'000}; }

 private:
  mutable TimePoint now_{};
};

std::string text_of(std::size_t size, char last) {
  std::string text;
  for (int i = 0; text.size() < size; ++i) text += "platform " + std::to_string(i % 1'000) + ", ";
  text.resize(size);
  text.back() = last;
  return text;
}

// One WebSocket with compression, and what its peer has received.
struct CompressedPeer final : WebSocketHandler {
  CompressedPeer(net::Shard& shard, Deflate& deflate, unsigned window_bits = 15)
      : socket(std::make_unique<WebSocket>(pair(shard), ws::DecoderLimits{}, *this,
                                           AgreedDeflate{&deflate, static_cast<std::uint8_t>(window_bits)})) {
  }
  void on_text(std::string_view) override {}
  void on_binary(std::string_view) override {}
  void on_end(WebSocketEnd, std::uint16_t, std::string_view) override {}
  void on_drained() override { ++drained; }

  void send(std::string_view text) const { socket->send(ws::encode(ws::Opcode::text, text)); }
  /// The messages that have arrived, and the code of a close frame as "close".
  std::vector<std::string> messages() {
    received += other.receive();
    std::vector<std::string> all;
    std::string_view rest = received;
    while (rest.size() >= 2) {
      const auto first = static_cast<unsigned char>(rest[0]);
      const auto short_size = static_cast<unsigned char>(rest[1]);
      const std::size_t header = short_size < 126 ? 2 : short_size == 126 ? 4 : 10;
      if (rest.size() < header) break;
      std::size_t size = short_size < 126 ? short_size : 0;
      for (std::size_t i = 2; i < header; ++i) size = size << 8 | static_cast<unsigned char>(rest[i]);
      if (rest.size() < header + size) break;
      const std::string_view payload = rest.substr(header, size);
      compressed.push_back((first & 0x40U) != 0);
      if ((first & 0x0fU) == 8) {
        all.emplace_back("close");
      } else if (compressed.back()) {
        EXPECT_EQ(inflater.inflate(payload, 16 << 20, true), ws::Inflater::Outcome::whole);
        all.emplace_back(inflater.message());
      } else {
        all.emplace_back(payload);
      }
      rest.remove_prefix(header + size);
    }
    received = std::string(rest);
    return all;
  }

  test::LocalPeer other{-1};
  std::unique_ptr<WebSocket> socket;
  std::string received;
  ws::Inflater inflater;
  std::vector<bool> compressed;  // each message that has arrived
  int drained = 0;

 private:
  net::StreamPtr pair(net::Shard& shard) {
    const auto ends = test::local_pair();
    other = test::LocalPeer(ends[1]);
    return net::Stream::adopt(shard, net::DetachedStream(ends[0]));
  }
};

class DeflateSlices : public testing::Test {
 protected:
  // Counts the turns in which the shard does something else, until `done`.
  template <typename Done>
  std::size_t turns_until(Done done) {
    std::size_t turns = 0;
    const std::function<void()> beat = [&] {
      ++turns;
      if (!done() && turns < 10'000) shard_.at_turn_end([&] { shard_.post(beat); });
    };
    shard_.post(beat);
    shard_.run_ready();
    return turns;
  }
  [[nodiscard]] std::uint64_t compressed() const { return deflate_.counters().compressed.load(); }

  RunningClock clock_;
  net::Shard shard_{0, clock_};
  Deflate deflate_{{.enabled = true}, shard_};
};

TEST_F(DeflateSlices, ALargeMessageStopsNobodyElse) {
  CompressedPeer peer(shard_, deflate_);
  const std::string text = text_of(kMegabyte, '1');
  peer.send(text);
  EXPECT_GE(peer.socket->backlog_bytes(), kMegabyte) << "it waits";

  std::vector<std::string> messages;
  const std::size_t turns = turns_until([&] {
    if (messages.empty()) messages = peer.messages();
    return !messages.empty();
  });

  EXPECT_GE(turns, kMegabyte / kPieceOfText) << "16 KiB a turn";
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_TRUE(messages[0] == text);
  EXPECT_EQ(peer.compressed, std::vector{true});
  EXPECT_EQ(peer.socket->backlog_bytes(), 0U);
  EXPECT_EQ(peer.drained, 1) << "what waited for it may follow";
}

TEST_F(DeflateSlices, WhatIsSentAfterItStaysBehindIt) {
  CompressedPeer peer(shard_, deflate_);
  peer.send("first");
  peer.send(text_of(kMegabyte, '2'));
  peer.send("third");
  peer.send(text_of(kMegabyte, '4'));
  peer.send(text_of(1'000, '5'));
  peer.send("sixth");

  std::vector<std::string> messages;
  turns_until([&] {
    for (auto& one : peer.messages()) messages.push_back(std::move(one));
    return messages.size() == 6;
  });

  ASSERT_EQ(messages.size(), 6U);
  EXPECT_EQ(messages[0], "first");
  EXPECT_TRUE(messages[1] == text_of(kMegabyte, '2'));
  EXPECT_EQ(messages[2], "third");
  EXPECT_TRUE(messages[3] == text_of(kMegabyte, '4'));
  EXPECT_EQ(messages[4], text_of(1'000, '5'));
  EXPECT_EQ(messages[5], "sixth");
}

TEST_F(DeflateSlices, ManySocketsShareOneCompression) {
  std::vector<std::unique_ptr<CompressedPeer>> peers;
  for (int i = 0; i < 20; ++i) peers.push_back(std::make_unique<CompressedPeer>(shard_, deflate_));
  const SharedBytes frame = ws::encode(ws::Opcode::text, text_of(kMegabyte, 'x'));
  std::size_t sent = 0;

  turns_until([&] {  // they come in several turns
    for (int i = 0; i < 5 && sent < peers.size(); ++i) peers[sent++]->socket->send(frame);
    return sent == peers.size() && peers.back()->socket->backlog_bytes() == 0;
  });

  EXPECT_EQ(compressed(), 1U);
  EXPECT_EQ(deflate_.counters().reused.load(), 19U);
  for (auto& peer : peers) EXPECT_TRUE(peer->messages() == std::vector{text_of(kMegabyte, 'x')});
}

TEST_F(DeflateSlices, ASocketThatLeavesTakesNobodyAlong) {
  auto leaving = std::make_unique<CompressedPeer>(shard_, deflate_);
  auto last = std::make_unique<CompressedPeer>(shard_, deflate_);
  CompressedPeer staying(shard_, deflate_);
  const SharedBytes frame = ws::encode(ws::Opcode::text, text_of(kMegabyte, 'x'));
  leaving->socket->send(frame);
  staying.socket->send(frame);
  last->send(text_of(kMegabyte, 'y'));

  std::size_t turns = 0;
  turns_until([&] {
    if (++turns == 5) {
      leaving.reset();
      last.reset();
    }
    return staying.socket->backlog_bytes() == 0;
  });

  EXPECT_TRUE(staying.messages() == std::vector{text_of(kMegabyte, 'x')});
  EXPECT_EQ(compressed(), 1U) << "nobody waits for the other";
}

TEST_F(DeflateSlices, AClosingSocketSendsWhatItHasUncompressed) {
  CompressedPeer peer(shard_, deflate_);
  peer.send(text_of(kMegabyte, 'x'));
  peer.send("why");
  peer.socket->close(ws::CloseCode::going_away);

  std::vector<std::string> messages;
  turns_until([&] {
    for (auto& one : peer.messages()) messages.push_back(std::move(one));
    return messages.size() == 3;
  });

  EXPECT_TRUE((messages == std::vector<std::string>{text_of(kMegabyte, 'x'), "why", "close"}));
  EXPECT_EQ(compressed(), 0U);
}

TEST_F(DeflateSlices, TooMuchBehindALargeMessageDoesNotWait) {
  CompressedPeer peer(shard_, deflate_);
  peer.send(text_of(kMegabyte, 'x'));
  for (int i = 0; i < 3; ++i) peer.send(text_of(30'000, 'y'));

  const auto messages_soon = [&] {
    std::vector<std::string> messages;
    turns_until([&] {
      for (auto& one : peer.messages()) messages.push_back(std::move(one));
      return messages.size() == 4;
    });
    return messages;
  }();

  EXPECT_EQ(messages_soon.size(), 4U);
  EXPECT_EQ(peer.compressed, std::vector<bool>(4, false));
}

TEST_F(DeflateSlices, BesideTheFirstOnlySoMuchWaitsOnAShard) {
  std::vector<std::unique_ptr<CompressedPeer>> peers;
  for (int i = 0; i < 5; ++i) peers.push_back(std::make_unique<CompressedPeer>(shard_, deflate_));

  for (auto& peer : peers) peer->send(text_of(6 << 20, 'x'));

  EXPECT_EQ(deflate_.counters().hurried.load(), 3U);
  turns_until([&] { return peers[1]->socket->backlog_bytes() == 0 && compressed() == 2; });
  EXPECT_EQ(compressed(), 2U);
}

TEST(DeflaterSteps, GiveWhatOneCallGives) {
  const std::string text = text_of(kMegabyte, 'x');
  ws::Deflater steps(15, 6), at_once(15, 6);
  steps.begin(text);
  while (!steps.step(1'000)) {
  }

  ws::Inflater inflater;
  EXPECT_EQ(inflater.inflate(steps.result(), 2 * kMegabyte, true), ws::Inflater::Outcome::whole);
  EXPECT_TRUE(inflater.message() == text);
  EXPECT_NEAR(static_cast<double>(steps.result().size()), static_cast<double>(at_once.deflate(text).size()),
              1'000.0);
}

TEST(DeflaterSteps, EndAsSoonAsTheMessageWouldNotBecomeSmaller) {
  std::string noise;
  std::uint64_t state = 1;
  while (noise.size() < kMegabyte) {
    state = state * 6'364'136'223'846'793'005ULL + 1'442'695'040'888'963'407ULL;
    noise += static_cast<char>(state >> 56U);
  }
  ws::Deflater deflater(15, 6);
  deflater.begin(noise);
  while (!deflater.step(kPieceOfText)) {
  }

  EXPECT_TRUE(deflater.result().empty());
  EXPECT_FALSE(deflater.deflate(text_of(1'000, 'x')).empty()) << "the next one is";
}

}  // namespace
}  // namespace togglecast::web
