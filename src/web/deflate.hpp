// permessage-deflate (RFC 7692) for the WebSockets of one server on one shard. It negotiates, and compresses
// each frame once for all sockets with the same window size. A socket keeps only a pointer and a number.
//
// A large frame is compressed in slices between which the shard does other things. Its sockets wait for it.
// Thread rule: the shard's thread; any thread may read the counters.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
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
  int level = 6;                ///< of zlib: 1 is fast, 9 makes the smallest messages
};

struct DeflateCounters {
  std::atomic<std::uint64_t> compressed{0};  ///< messages, counted once per window size
  std::atomic<std::uint64_t> reused{0};      ///< compressed frames sent to a further socket
  std::atomic<std::uint64_t> declined{0};    ///< messages that compression would not have made smaller
  std::atomic<std::uint64_t> bytes_before{0}, bytes_after{0};  ///< of compressed messages
  std::atomic<std::uint64_t> hurried{0};  ///< large messages sent plain, because too much waited
};

/// A socket that waits for a large frame. Its destructor calls `Deflate::forget`.
class DeflateWaiter {
 public:
  DeflateWaiter() = default;
  DeflateWaiter(const DeflateWaiter&) = delete;
  DeflateWaiter& operator=(const DeflateWaiter&) = delete;

  /// The bytes to send. Called in another turn than the one in which the waiting began. May destroy the
  /// waiter.
  virtual void deflated(const SharedBytes& sent) = 0;

 protected:
  virtual ~DeflateWaiter() = default;
};

class Deflate {
 public:
  Deflate(const DeflateOptions& options, net::Shard& shard) noexcept : options_(options), shard_(shard) {}
  Deflate(const Deflate&) = delete;
  Deflate& operator=(const Deflate&) = delete;

  /// The bytes that a socket with this window size sends for `frames`. One data frame is compressed if it is
  /// long enough and becomes smaller; all other blocks stay as they are. Within a turn of the loop, the same
  /// block gives the same result. The pointer is valid until the next call. nullptr: it takes too long for
  /// one turn, so call `compress_later`.
  [[nodiscard]] const SharedBytes* frame_for(unsigned window_bits, const SharedBytes& frames);
  /// Tells `waiter` the bytes for a large frame, once. Frames are compressed one after another.
  void compress_later(unsigned window_bits, const SharedBytes& frames, DeflateWaiter& waiter);
  /// It waits no more.
  void forget(DeflateWaiter& waiter) noexcept;
  [[nodiscard]] wire::websocket::Inflater& inflater() noexcept { return inflater_; }

  [[nodiscard]] const DeflateOptions& options() const noexcept { return options_; }
  [[nodiscard]] const DeflateCounters& counters() const noexcept { return counters_; }

 private:
  static constexpr unsigned kLeastWindow = 9;
  static constexpr unsigned kMostWindow = 15;

  // A large frame, and who waits for it.
  struct Job {
    unsigned window_bits;
    SharedBytes plain;
    std::vector<DeflateWaiter*> waiters;
  };
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
  /// The frame to send for one with this payload, which became `payload`; counts.
  [[nodiscard]] SharedBytes finished(const SharedBytes& frames, const wire::websocket::DataFrame& frame,
                                     std::string_view payload);
  [[nodiscard]] Job* job_for(unsigned window_bits, const SharedBytes& frames) noexcept;
  void drop(std::deque<Job>::iterator job) noexcept;
  /// Goes on with the first job. Nothing: the slice was over before.
  [[nodiscard]] std::optional<SharedBytes> compress_some(const Job& job);
  /// One slice.
  void go_on();
  void post();
  [[nodiscard]] const SharedBytes* find(Window& window, const SharedBytes& frames) noexcept;

  DeflateOptions options_;
  net::Shard& shard_;
  wire::websocket::Inflater inflater_;
  std::array<Window, kMostWindow - kLeastWindow + 1> windows_;
  bool clearing_ = false;  // at the end of the turn
  std::deque<Job> jobs_;
  std::size_t job_bytes_ = 0;                       // of all of them
  std::optional<wire::websocket::Deflater> large_;  // of the first one, once it has begun
  std::vector<DeflateWaiter*> telling_;             // of one that is done
  bool posted_ = false;
  DeflateCounters counters_;
};

/// The result of negotiation for one WebSocket. By default there is no compression.
struct AgreedDeflate {
  Deflate* deflate = nullptr;
  std::uint8_t window_bits = 0;
  bool limited = false;  ///< the client asked for this window size
};

/// Accepts the first acceptable offer of the request.
[[nodiscard]] AgreedDeflate agree(Deflate& deflate, const wire::http::Request& request);

}  // namespace togglecast::web
