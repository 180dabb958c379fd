// The connections of one TLS listener whose handshake is not finished. The accept handler gets a connection
// when its handshake is done in time. Other connections are closed, counted and reported. Thread rule: the
// listener's shard. The destructor closes the connections.
#pragma once

#include <memory>
#include <unordered_map>

#include "net/listener.hpp"
#include "net/stream.hpp"
#include "net/tls_context.hpp"

namespace togglecast::net {

class TlsHandshakes {
 public:
  TlsHandshakes(Shard& shard, std::shared_ptr<TlsContext> context,
                std::shared_ptr<const AcceptHandler> handler);
  TlsHandshakes(const TlsHandshakes&) = delete;
  TlsHandshakes& operator=(const TlsHandshakes&) = delete;
  ~TlsHandshakes();

  /// Begins the handshake of a new connection.
  void begin(DetachedStream accepted);

 private:
  class Handshake;
  void finish(Handshake& handshake, StreamPtr stream);
  void fail(Handshake& handshake, TlsFailure failure, std::string_view detail);
  void forget(Handshake& handshake);

  Shard& shard_;
  std::shared_ptr<TlsContext> context_;
  std::shared_ptr<const AcceptHandler> handler_;
  std::unordered_map<Handshake*, std::unique_ptr<Handshake>> under_way_;
};

}  // namespace togglecast::net
