// A client of Redis that keeps itself connected: it has a loop and a thread of its own, finds the primary by
// Sentinel if asked, logs in, and after a loss connects again with growing, jittered pauses. Commands and
// subscriptions go over two connections.
//
// Thread rule: every call from any thread. Handlers run on the client's thread and must not block.
// Errors: `unavailable` when there is no connection, it is lost before the reply, or too much waits;
// `internal` with the server's own words for an error reply.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace togglecast::observe {
class Metrics;
}

namespace togglecast::cluster::redis {

/// A reply of RESP 2. An error reply inside an array stays a value; one at the top is an `Error`.
struct Reply {
  enum class Type : std::uint8_t { null, integer, text, array, error };
  Type type = Type::null;
  std::int64_t integer = 0;
  std::string text;  ///< of a bulk or simple string, or of an error; any bytes
  std::vector<Reply> items;
};

class Client {
 public:
  using Done = std::function<void(Result<Reply> reply)>;
  /// `channel` is where the message was published, also for patterns.
  using Listener = std::function<void(std::string_view channel, std::string_view message)>;
  enum class Kind : std::uint8_t { channel, pattern, shard_channel };

  virtual ~Client() = default;
  /// `done` is called exactly once; it may be empty. Commands keep their order. A command that blocks,
  /// `XREAD BLOCK` or `XREADGROUP … BLOCK`, needs a connection of its own: `open_another`.
  virtual void command(std::vector<std::string> words, Done done) = 0;
  /// Listens until `unsubscribe` with the same kind and name; also after a lost connection. One listener per
  /// kind and name: a second one replaces the first.
  virtual void subscribe(Kind kind, std::string name, Listener listener) = 0;
  virtual void unsubscribe(Kind kind, const std::string& name) = 0;
  /// Called with the state, as soon as it is known, and on every change between connected, with all
  /// subscriptions confirmed by the server, and not. `problem` is a sentence for the operator; empty when
  /// connected. One handler.
  virtual void on_connected(std::function<void(bool connected, const std::string& problem)> handler) = 0;
  [[nodiscard]] virtual bool connected() const noexcept = 0;
  /// A client with the same options and connections of its own.
  [[nodiscard]] virtual std::unique_ptr<Client> open_another() const = 0;
  /// Ends the thread. Commands that wait get `unavailable`; afterwards no handler runs on the client's
  /// thread, and a command gets `unavailable` at once. Not from a handler.
  virtual void stop() = 0;
};

struct ClientOptions;

/// Connects in the background. `metrics`, if any, must outlive it and all that it opens. `invalid_argument`
/// when the file of certificates cannot be read.
[[nodiscard]] Result<std::unique_ptr<Client>> open_client(const ClientOptions& options,
                                                          observe::Metrics* metrics);

}  // namespace togglecast::cluster::redis
