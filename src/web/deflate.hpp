// permessage-deflate (RFC 7692) for the WebSockets of one server on one shard: what a handshake agrees on,
// and frames compressed once for all sockets of the same window. Sockets keep a pointer and a number.
// Thread rule: the shard's; the counters may be read anywhere.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/shared_bytes.hpp"
#include "net/shard.hpp"
#include "wire/http/message.hpp"
#include "wire/websocket/deflate.hpp"
#include "wire/websocket/frame.hpp"

namespace togglecast::web {

struct DeflateOptions {
  bool enabled = false;
  std::size_t threshold = 256;  ///< bytes; shorter messages are sent plain
  int level = 6;                ///< zlib's: 1 is quick, 9 is small
};

struct DeflateCounters {
  std::atomic<std::uint64_t> compressed{0};  ///< messages, each once for each window
  std::atomic<std::uint64_t> reused{0};      ///< sent once more to another socket, without work
  std::atomic<std::uint64_t> declined{0};    ///< would not have become smaller
  std::atomic<std::uint64_t> bytes_before{0}, bytes_after{0};  ///< of the compressed ones
};

class Deflate {
 public:
  Deflate(const DeflateOptions& options, net::Shard& shard) noexcept : options_(options), shard_(shard) {}
  Deflate(const Deflate&) = delete;
  Deflate& operator=(const Deflate&) = delete;

  /// The form in which a socket of this window sends `frames`: one data frame that is long enough, and
  /// becomes smaller, is compressed; everything else stays as it is. The same block again in this turn of the
  /// loop is the same answer. Lives until the next call.
  [[nodiscard]] const SharedBytes& frame_for(unsigned window_bits, const SharedBytes& frames);
  [[nodiscard]] wire::websocket::Inflater& inflater() noexcept { return inflater_; }

  [[nodiscard]] const DeflateOptions& options() const noexcept { return options_; }
  [[nodiscard]] const DeflateCounters& counters() const noexcept { return counters_; }

 private:
  static constexpr unsigned kLeastWindow = 9;
  static constexpr unsigned kMostWindow = 15;

  struct Made {
    SharedBytes plain;
    SharedBytes sent;
  };
  // Of one window: its deflater, and what it made in this turn.
  struct Window {
    std::optional<wire::websocket::Deflater> deflater;
    std::vector<Made> made;
    std::size_t expected = 0;  // where the next frame is probably found: packets of several frames repeat
  };

  [[nodiscard]] SharedBytes compress(Window& window, unsigned bits, const SharedBytes& frames);
  [[nodiscard]] const SharedBytes* find(Window& window, const SharedBytes& frames) noexcept;

  DeflateOptions options_;
  net::Shard& shard_;
  wire::websocket::Inflater inflater_;
  std::array<Window, kMostWindow - kLeastWindow + 1> windows_;
  bool clearing_ = false;  // at the end of the turn
  DeflateCounters counters_;
};

/// What the handshake of one WebSocket agreed on; by default nothing.
struct AgreedDeflate {
  Deflate* deflate = nullptr;
  std::uint8_t window_bits = 0;
  bool limited = false;  ///< by the client's wish
};

/// The first offer of the request that we accept.
[[nodiscard]] AgreedDeflate agree(Deflate& deflate, const wire::http::Request& request);

}  // namespace togglecast::web
