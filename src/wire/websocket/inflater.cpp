#include <zlib.h>

#include <algorithm>
#include <climits>
#include <cstring>
#include <new>

#include "base/utf8.hpp"
#include "wire/websocket/deflate.hpp"

namespace togglecast::wire::websocket {
namespace {

constexpr int kLargestWindow = -15;  // raw DEFLATE; inflates what smaller windows made, too
constexpr std::size_t kFirstBuffer = 16 * 1024;
constexpr std::size_t kMostAtOnce = 1U << 30U;  // zlib counts in 32 bits

// Senders leave out the end of the empty block that flushes a message (RFC 7692, 7.2.1).
constexpr unsigned char kTail[] = {0x00, 0x00, 0xff, 0xff};

// From zlib.h, `inflate` and `Z_BLOCK`: bits left over in the last byte, and between two blocks.
constexpr int kLeftOverBits = 0x3f;
constexpr int kBetweenBlocks = 0x80;

Bytef* input(const void* bytes) noexcept { return static_cast<Bytef*>(const_cast<void*>(bytes)); }

}  // namespace

struct Inflater::Stream {
  z_stream z{};
  Stream() {
    if (inflateInit2(&z, kLargestWindow) != Z_OK) throw std::bad_alloc();
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  ~Stream() { inflateEnd(&z); }
};

Inflater::Inflater() noexcept = default;
Inflater::~Inflater() = default;

void Inflater::begin() {
  size_ = 0;
  release();
  if (stream_ == nullptr) {
    stream_ = std::make_unique<Stream>();
  } else {
    inflateReset(&stream_->z);
  }
}

void Inflater::drop_buffer() noexcept {
  buffer_.reset();
  capacity_ = 0;
  size_ = 0;
}

// One byte more than the limit tells a message that fits from one that does not.
void Inflater::grow(std::size_t limit) {
  const std::size_t wanted = capacity_ == 0 ? kFirstBuffer : capacity_ * 2;
  const std::size_t capacity = std::max(std::min(wanted, limit + (limit == SIZE_MAX ? 0 : 1)), capacity_ + 1);
  std::unique_ptr<char[]> larger(new char[capacity]);
  if (size_ != 0) std::memcpy(larger.get(), buffer_.get(), size_);
  buffer_ = std::move(larger);
  capacity_ = capacity;
}

Inflater::Outcome Inflater::inflate(std::string_view payload, std::size_t limit, bool text) {
  begin();
  if (payload.size() > UINT_MAX) return Outcome::too_big;
  z_stream& z = stream_->z;
  z.next_in = input(payload.data());
  z.avail_in = static_cast<uInt>(payload.size());
  Utf8Validator utf8;
  bool in_tail = false;
  while (true) {
    if (size_ == capacity_) grow(limit);
    const std::size_t room = std::min(capacity_ - size_, kMostAtOnce);
    z.next_out = reinterpret_cast<Bytef*>(buffer_.get() + size_);
    z.avail_out = static_cast<uInt>(room);
    const int code = ::inflate(&z, Z_SYNC_FLUSH);
    const std::string_view piece(buffer_.get() + size_, room - z.avail_out);
    size_ += piece.size();
    // In this order, so that the answer does not depend on the size of the buffer.
    if (text && !utf8.feed(piece)) return Outcome::invalid_text;
    if (size_ > limit) return Outcome::too_big;
    if (code == Z_STREAM_END) {  // a block marked as the last: others may follow it (7.2.3.4, 7.2.3.5)
      if (in_tail) return Outcome::corrupt;
      if (z.avail_in == 0) break;
      inflateResetKeep(&z);  // with the window, to which they may refer
      continue;
    }
    if (code == Z_MEM_ERROR) throw std::bad_alloc();
    if (code != Z_OK && code != Z_BUF_ERROR) return Outcome::corrupt;
    if (z.avail_out == 0) continue;
    if (in_tail) {
      if ((z.data_type & kBetweenBlocks) == 0 || (z.data_type & kLeftOverBits) != 0) return Outcome::corrupt;
      break;
    }
    in_tail = true;
    z.next_in = input(kTail);
    z.avail_in = sizeof kTail;
  }
  return text && !utf8.complete() ? Outcome::invalid_text : Outcome::whole;
}

}  // namespace togglecast::wire::websocket
