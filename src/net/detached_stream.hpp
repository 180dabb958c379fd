// A connection between two streams, or before its first: accepted, or released to be taken up on another
// shard. Thread rule: one thread at a time; it may move between threads. Ownership: closes its descriptor
// unless a stream takes it up.
#pragma once

#include <memory>
#include <utility>

namespace togglecast::net {

class TlsSession;

/// A connected, non-blocking descriptor that no stream has, or has no longer. Closes it when nobody takes it
/// up.
class DetachedStream {
 public:
  DetachedStream() noexcept;
  explicit DetachedStream(int descriptor) noexcept;
  DetachedStream(DetachedStream&& other) noexcept;
  DetachedStream& operator=(DetachedStream&& other) noexcept;
  ~DetachedStream();

  /// False: there was nothing to detach.
  explicit operator bool() const noexcept { return descriptor_ >= 0; }
  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }
  /// From now on it speaks TLS; the handshake begins with `start_reading`.
  void secure(std::unique_ptr<TlsSession> tls) noexcept;
  /// Dropped when the descriptor is closed, also by a stream that takes it up.
  void keep(std::shared_ptr<void> held) noexcept { held_ = std::move(held); }

 private:
  friend class Stream;
  int descriptor_ = -1;
  std::unique_ptr<TlsSession> tls_;
  std::shared_ptr<void> held_;
};

}  // namespace togglecast::net
