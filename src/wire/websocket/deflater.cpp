#include <zlib.h>

#include <algorithm>
#include <climits>
#include <new>

#include "wire/websocket/deflate.hpp"

namespace togglecast::wire::websocket {
namespace {

constexpr int kMemoryLevel = 8;         // zlib's default
constexpr std::size_t kUnsentTail = 4;  // 00 00 ff ff, which is not sent (RFC 7692, 7.2.1)
constexpr std::size_t kKept = 64 * 1024;

}  // namespace

struct Deflater::Stream {
  z_stream z{};
  Stream(int window_bits, int level) {
    if (deflateInit2(&z, level, Z_DEFLATED, -window_bits, kMemoryLevel, Z_DEFAULT_STRATEGY) != Z_OK)
      throw std::bad_alloc();
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  ~Stream() { deflateEnd(&z); }
};

Deflater::Deflater(int window_bits, int level) noexcept : window_bits_(window_bits), level_(level) {}
Deflater::Deflater(Deflater&&) noexcept = default;
Deflater& Deflater::operator=(Deflater&&) noexcept = default;
Deflater::~Deflater() = default;

std::string_view Deflater::deflate(std::string_view message) {
  begin(message);
  (void)step(message.size());
  return result_;
}

void Deflater::begin(std::string_view message) {
  left_ = {};
  result_ = {};
  if (message.empty() || message.size() > UINT_MAX - kUnsentTail) return;
  if (stream_ == nullptr) {
    stream_ = std::make_unique<Stream>(window_bits_, level_);
  } else {
    deflateReset(&stream_->z);
  }
  // Exactly what a smaller message may need: running out of it is the answer that there is none.
  const std::size_t room = message.size() + kUnsentTail;
  if (capacity_ < room || capacity_ > std::max(room, kKept)) {
    buffer_.reset(new char[room]);
    capacity_ = room;
  }
  left_ = message;
  stream_->z.next_out = reinterpret_cast<Bytef*>(buffer_.get());
  stream_->z.avail_out = static_cast<uInt>(room);
}

bool Deflater::step(std::size_t bytes) {
  if (left_.empty()) return true;
  z_stream& z = stream_->z;
  const std::string_view part = left_.substr(0, bytes);
  left_.remove_prefix(part.size());
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(part.data()));
  z.avail_in = static_cast<uInt>(part.size());
  if (::deflate(&z, left_.empty() ? Z_SYNC_FLUSH : Z_NO_FLUSH) != Z_OK || z.avail_out == 0) {
    left_ = {};
    return true;
  }
  if (!left_.empty()) return false;
  const auto made = static_cast<std::size_t>(reinterpret_cast<char*>(z.next_out) - buffer_.get());
  result_ = {buffer_.get(), made - kUnsentTail};
  return true;
}

}  // namespace togglecast::wire::websocket
