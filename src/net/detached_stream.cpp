#include "net/detached_stream.hpp"

#include <unistd.h>

#include "net/tls_session.hpp"

namespace togglecast::net {

DetachedStream::DetachedStream() noexcept = default;
DetachedStream::DetachedStream(int descriptor) noexcept : descriptor_(descriptor) {}
DetachedStream::DetachedStream(DetachedStream&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      tls_(std::move(other.tls_)),
      held_(std::move(other.held_)) {}
DetachedStream& DetachedStream::operator=(DetachedStream&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(tls_, other.tls_);
  std::swap(held_, other.held_);
  return *this;
}
DetachedStream::~DetachedStream() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void DetachedStream::secure(std::unique_ptr<TlsSession> tls) noexcept { tls_ = std::move(tls); }

}  // namespace togglecast::net
