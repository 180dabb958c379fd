#include "adapters/channel.hpp"

#include <array>
#include <cstdint>
#include <utility>

#include "base/random.hpp"

namespace togglecast::adapters {

using cluster::redis::Reply;

void Channel::publish(std::string channel, std::string message) const {
  client_.command(
      {sharded_ ? "SPUBLISH" : "PUBLISH", channel, std::move(message)},
      [counters = counters_, log = log_, channel](const Result<Reply>& reply) {
        if (reply) return;
        counters->unpublished.fetch_add(1, std::memory_order_relaxed);
        log.warn("cluster message not published", {{"channel", channel}, {"error", reply.error().message}});
      });
}

void Channel::count_listeners(std::string channel, std::function<void(Result<std::size_t>)> done) const {
  client_.command({"PUBSUB", sharded_ ? "SHARDNUMSUB" : "NUMSUB", std::move(channel)},
                  [done = std::move(done)](Result<Reply> reply) {
                    if (!reply) return done(tl::unexpected(std::move(reply.error())));
                    if (reply->items.size() != 2 || reply->items[1].integer < 0)
                      return done(fail(Errc::internal, "PUBSUB answered no number of listeners"));
                    done(static_cast<std::size_t>(reply->items[1].integer));
                  });
}

std::string random_hex(std::size_t bytes) {
  static constexpr std::array<char, 17> kDigits{"0123456789abcdef"};
  SystemRandom random;
  std::vector<std::uint8_t> raw(bytes);
  random.fill(raw);
  std::string text;
  for (const std::uint8_t byte : raw) {
    text += kDigits[byte >> 4U];
    text += kDigits[byte & 0xfU];
  }
  return text;
}

std::string escape_pattern(std::string_view text) {
  std::string pattern;
  for (const char c : text) {
    if (c == '*' || c == '?' || c == '[' || c == ']' || c == '\\') pattern += '\\';
    pattern += c;
  }
  return pattern;
}

}  // namespace togglecast::adapters
