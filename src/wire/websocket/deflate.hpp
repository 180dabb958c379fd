// Payloads of permessage-deflate (RFC 7692, section 7.2). Each message is compressed by itself, without
// context from earlier ones. zlib does the work.
//
// Thread rule: each object belongs to one thread. A shard needs one inflater for all its connections, and one
// deflater for each window size in use. Both allocate at the first message.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace togglecast::wire::websocket {

class Inflater {
 public:
  enum class Outcome : std::uint8_t {
    whole,         ///< `message()` has it
    too_big,       ///< more than the limit
    corrupt,       ///< no DEFLATE data, or cut off
    invalid_text,  ///< not UTF-8
  };

  Inflater() noexcept;
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  ~Inflater();

  /// Inflates the payload of one message, all fragments together. Stops at the limit, or where a text is not
  /// UTF-8, and never holds more than the limit.
  [[nodiscard]] Outcome inflate(std::string_view payload, std::size_t limit, bool text);
  /// Valid until the next `inflate` or `release`.
  [[nodiscard]] std::string_view message() const noexcept { return {buffer_.get(), size_}; }
  /// Frees the memory of a large message.
  void release() noexcept {
    if (capacity_ > kKept) drop_buffer();
  }

 private:
  struct Stream;
  static constexpr std::size_t kKept = 64 * 1024;

  void begin();
  void grow(std::size_t limit);
  void drop_buffer() noexcept;

  std::unique_ptr<Stream> stream_;
  std::unique_ptr<char[]> buffer_;
  std::size_t capacity_ = 0;
  std::size_t size_ = 0;
};

class Deflater {
 public:
  /// `window_bits` 9 to 15, `level` 1 (quick) to 9 (small).
  Deflater(int window_bits, int level) noexcept;
  Deflater(Deflater&&) noexcept;
  Deflater& operator=(Deflater&&) noexcept;
  ~Deflater();

  /// The compressed payload of one message. Empty if it would not be smaller than `message`. Valid until the
  /// next call.
  [[nodiscard]] std::string_view deflate(std::string_view message);

  /// The same in steps. `message` must stay valid until the last one.
  void begin(std::string_view message);
  /// Compresses so many bytes more of it; true when it is done.
  [[nodiscard]] bool step(std::size_t bytes);
  /// Once it is done: as `deflate` answers.
  [[nodiscard]] std::string_view result() const noexcept { return result_; }

 private:
  struct Stream;

  std::string_view left_;    // of the message
  std::string_view result_;  // when it is done
  int window_bits_;
  int level_;
  std::unique_ptr<Stream> stream_;
  std::unique_ptr<char[]> buffer_;
  std::size_t capacity_ = 0;
};

/// The longest payload to read for a message of at most `limit` bytes. It exceeds the output of all usual
/// compressors for bytes that cannot be compressed.
[[nodiscard]] constexpr std::size_t most_deflated(std::size_t limit) noexcept {
  const std::size_t slack = limit / 8 + 64;
  return limit > SIZE_MAX - slack ? SIZE_MAX : limit + slack;
}

}  // namespace togglecast::wire::websocket
