// RESP 2, the protocol of Redis: commands to bytes, bytes to replies (by the reader of hiredis, with limits
// of our own). Thread rule: one thread at a time.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/redis/client.hpp"

struct redisReader;

namespace togglecast::cluster::redis {

/// `*2\r\n$4\r\nPING\r\n…`
[[nodiscard]] std::string encode(const std::vector<std::string>& words);

struct ReplyLimits {
  std::size_t bytes = 64 << 20;    ///< of one reply
  std::size_t values = 1'000'000;  ///< of one reply, nested ones included
};

/// Bytes come in any pieces. A reply may be nested seven arrays deep.
class ReplyReader {
 public:
  explicit ReplyReader(const ReplyLimits& limits = {});
  ~ReplyReader();
  ReplyReader(const ReplyReader&) = delete;
  ReplyReader& operator=(const ReplyReader&) = delete;

  void feed(std::string_view bytes);
  /// The next whole reply, or nothing yet. `parse_error` when the bytes are not RESP, `payload_too_large`
  /// beyond the limits; no reply follows.
  [[nodiscard]] Result<std::optional<Reply>> next();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace togglecast::cluster::redis
