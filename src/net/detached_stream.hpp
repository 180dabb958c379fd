// A connection that no stream has: accepted a moment ago, or released to move to another shard.
// Thread rule: one thread at a time; it may move between threads. Ownership: it closes its descriptor unless
// a stream adopts it.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <memory>
#include <utility>

#include "base/memory/held.hpp"

namespace togglecast::net {

class TlsSession;

/// What a proxy says in front of a connection.
struct ProxiedClient {
  boost::asio::ip::address address;
  bool secure = false;  ///< it speaks TLS to the proxy
};

class DetachedStream {
 public:
  DetachedStream() noexcept;
  explicit DetachedStream(int descriptor) noexcept;
  DetachedStream(DetachedStream&& other) noexcept;
  DetachedStream& operator=(DetachedStream&& other) noexcept;
  ~DetachedStream();

  /// Whether it holds a connection.
  explicit operator bool() const noexcept { return descriptor_ >= 0; }
  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }
  /// From now on the connection speaks TLS. The handshake begins with `Stream::start_reading`.
  void secure(std::unique_ptr<TlsSession> tls) noexcept;
  /// Keeps `held` until the descriptor is closed, also after a stream adopted it.
  void keep(HeldPtr held) noexcept { held_ = std::move(held); }
  /// A proxy in front of this connection named its client. `Stream::peer` then tells that address.
  void through_proxy(const ProxiedClient& client) { client_ = std::make_unique<ProxiedClient>(client); }

 private:
  friend class Stream;
  int descriptor_ = -1;
  std::unique_ptr<ProxiedClient> client_;
  std::unique_ptr<TlsSession> tls_;
  HeldPtr held_;
};

}  // namespace togglecast::net
