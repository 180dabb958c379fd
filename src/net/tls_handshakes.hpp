// The connections of one TLS listener whose handshake is under way. Only those that finish it in time are
// handed to the accept handler; the others cost themselves alone, are counted and reported.
// Thread rule: the listener's shard; connections in it are cut when it is destroyed.
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

  /// Takes up a connection that was accepted just now.
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
