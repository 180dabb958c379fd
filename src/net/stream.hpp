// One TCP connection of a shard.
//
// Reading: the shard tells a stream once that bytes are there. The stream then reads without blocking into
// the shard's scratch buffer, so an idle connection owns no buffer. Writing: `send` collects shared blocks,
// and they leave at the end of the loop turn. Only bytes that the kernel refuses wait in a backlog. While
// more than a little waits there, nothing is read: a peer that does not take its answers cannot ask for more.
//
// With a TLS session the handler still sees plaintext. Blocks are encrypted when they are written, so the
// backlog of a blocked socket is plaintext, except for the record that was cut in the middle.
//
// Thread rule: everything on the shard's thread. Ownership: reference-counted. The owner keeps a reference,
// and so does the shard until the stream is closed. The owner closes the stream and drops it.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "base/memory/held.hpp"
#include "base/pooled.hpp"
#include "base/shared_bytes.hpp"
#include "net/detached_stream.hpp"
#include "net/shard.hpp"

namespace togglecast::net {

class TlsSession;

enum class StreamEnd : std::uint8_t {
  peer_closed,    ///< the peer ended its bytes in order (FIN, or close_notify)
  error,          ///< the connection or its TLS broke
  write_stalled,  ///< the backlog did not shrink in time
  overflow,       ///< too much piled up while the peer took nothing
};

class StreamHandler {
 public:
  /// Bytes have arrived. They are in the shard's scratch buffer: the handler may change them in place, and
  /// they are gone after the call.
  virtual void on_data(char* data, std::size_t size) = 0;
  /// No more bytes will come. After `peer_closed` the stream can still send; after any other reason it is
  /// closed. Called at most once, and never from within `send`.
  virtual void on_end(StreamEnd reason) = 0;
  /// The kernel has taken the whole backlog.
  virtual void on_drained() {}
  /// The process keeps too much for its peers, and most for this one. Returns whether the handler has closed
  /// the stream in its own way; else the stream ends with `overflow`.
  virtual bool on_shed() { return false; }
  /// The TLS handshake is done. Before it the stream sends nothing, and only `on_end` may be called.
  virtual void on_secured() {}

 protected:
  ~StreamHandler() = default;
};

struct StreamLimits {
  /// Bytes that may pile up while the peer takes none, with 64 bytes for each block. What one turn of the
  /// loop sends may be larger: large is not slow. Bytes that the peer takes make room for as many more.
  std::size_t backlog_bytes = 16 * 1024 * 1024;
  Milliseconds stall{30'000};  ///< the backlog must shrink within this time
  /// While more than this waits, the stream reads nothing from its peer.
  std::size_t unread_bytes = 16 * 1024;
};

/// Bytes that a connection was given up with.
struct Unread {
  std::size_t bytes = 0;
  Milliseconds time{0};  ///< so long the peer had taken none of them
};

class Stream final : public boost::intrusive_ref_counter<Stream, boost::thread_unsafe_counter>,
                     public Pooled<Stream> {
 public:
  ~Stream();
  /// Makes a stream of a connection, on `shard`. Returns nullptr when `detached` holds none, or when the
  /// kernel cannot watch one more descriptor.
  [[nodiscard]] static boost::intrusive_ptr<Stream> adopt(Shard& shard, DetachedStream detached);

  [[nodiscard]] Shard& shard() const noexcept { return shard_; }
  /// Sets the handler of this stream; nullptr removes it.
  void handle_with(StreamHandler* handler) noexcept { handler_ = handler; }
  /// Sets the limits, which must outlive the stream; nullptr: those that it began with.
  void limit(const StreamLimits* limits) noexcept;

  void start_reading();
  /// Calls no `on_data` until `start_reading`. The stream does not notice its end meanwhile.
  void pause_reading() noexcept { reading_ = false; }
  /// More waits for the peer than `StreamLimits::unread_bytes`, although the kernel was offered all of it. A
  /// handler that has read several requests handles the next one after `on_drained`, which will come, or the
  /// end. Until then the stream itself reads nothing.
  [[nodiscard]] bool congested();

  /// Sends a block at the end of this turn. Does nothing after a close.
  void send(const SharedBytes& block);
  void send(std::string_view bytes) { send(SharedBytes(bytes)); }
  /// Sends the collected blocks now.
  void flush();
  /// For broadcasts: `Shard::send` with this index does the same as `send`. Valid while the stream exists.
  [[nodiscard]] Outlets::Index outlet() const noexcept { return outlet_; }
  /// Bytes that the kernel has not taken yet.
  [[nodiscard]] std::size_t backlog_bytes() const noexcept;
  /// Bytes that leave at the end of this turn.
  [[nodiscard]] std::size_t collected_bytes() const noexcept;
  /// How long the kernel has taken none of the bytes that wait; zero when none wait.
  [[nodiscard]] Milliseconds stalled() const noexcept;
  /// The bytes that still waited when it closed or they were discarded. All zero when none did.
  [[nodiscard]] Unread unread() const noexcept;
  /// Forgets the bytes that wait, up to the end of a block that has begun. Returns false when that block is
  /// too long to wait for its end: then nothing can follow, and the caller aborts.
  [[nodiscard]] bool discard_backlog() noexcept;

  /// Sends everything queued and then FIN. For one second it reads and drops the peer's bytes, so that no
  /// reset destroys the last bytes. Then it closes. A stalled backlog ends the stream too. The handler is not
  /// called any more.
  void close_gracefully();
  /// Closes at once. The handler is not called any more.
  void abort();
  /// Whether the descriptor is closed. A closed stream sends nothing.
  [[nodiscard]] bool closed() const noexcept { return closed_; }

  /// Hands over the descriptor and the TLS session, for another shard or another owner. The stream is closed
  /// then. Returns an empty object when the stream is closed or closing, or has a backlog.
  [[nodiscard]] DetachedStream release();

  /// The TLS session; nullptr on a plain connection.
  [[nodiscard]] const TlsSession* tls() const noexcept { return tls_.get(); }

  /// Address of the TCP peer, or of the client that a proxy named in front of the connection, with port 0.
  [[nodiscard]] boost::asio::ip::tcp::endpoint peer() const noexcept;
  /// Whether a proxy named the client in front of the connection.
  [[nodiscard]] bool through_proxy() const noexcept { return client_ != nullptr; }
  /// Whether the bytes of the client are encrypted: here, or up to the proxy, as that says.
  [[nodiscard]] bool secure() const noexcept {
    return tls_ != nullptr || (client_ != nullptr && client_->secure);
  }

 private:
  friend class Shard;
  struct Backlog;

  Stream(Shard& shard, DetachedStream detached);

  // Called by the shard.
  void on_ready(std::uint32_t events);
  /// Writes the collected blocks. The kernel has taken their first `taken` bytes already.
  void flush(std::size_t taken);
  /// Bytes are lost that should have been sent.
  void fail() { end_later(StreamEnd::error); }
  [[nodiscard]] bool watched() const noexcept { return watched_; }
  void forget_watch() noexcept { watched_ = false; }

  void read_available();
  // Both return false when the handler threw.
  [[nodiscard]] bool deliver(char* data, std::size_t size);
  [[nodiscard]] bool decrypt(std::string_view bytes);
  void write_backlog();
  /// Writes `bytes`. Returns the number of bytes that the kernel took, or -1 after an error, which has closed
  /// the stream.
  [[nodiscard]] std::ptrdiff_t write_some(std::string_view bytes);
  // The same for the plaintext of a TLS session: bytes that were encrypted count as taken.
  [[nodiscard]] std::ptrdiff_t encrypt_some(std::string_view bytes);
  // Writes records of the TLS session: after its earlier records, before all plaintext.
  void send_encrypted(std::string_view bytes);
  bool encrypt_front();
  void queue(const SharedBytes& block, std::size_t offset);
  /// Whether the shard may write to the descriptor itself. Never with TLS.
  void write_directly(bool allowed) noexcept;
  void queue_encrypted(std::string_view bytes);
  /// Whether so many bytes may wait; ends the stream if not.
  [[nodiscard]] bool may_wait(std::size_t size);
  void wait_for_room(std::size_t more);
  void note_queued();
  [[nodiscard]] Milliseconds stall() const noexcept;
  void shed();
  void end(StreamEnd reason);
  void end_later(StreamEnd reason);
  void end_broken_tls();
  void shut_down();
  void close_socket() noexcept;
  [[nodiscard]] int take_descriptor() noexcept;
  void unwatch() noexcept;

  // First, in the gap behind the reference count.
  bool watched_ : 1 = false;
  bool reading_ : 1 = false;
  bool readable_ : 1 = false;  // there may be unread bytes
  bool hung_up_ : 1 = false;   // behind them is an end or an error
  bool closing_ : 1 = false;   // close_gracefully was called
  bool ended_ : 1 = false;     // on_end was called, will be called, or is not wanted
  bool closed_ : 1 = false;
  Shard& shard_;
  StreamHandler* handler_ = nullptr;
  const StreamLimits* limits_;
  std::unique_ptr<Backlog> backlog_;  // only while bytes wait
  std::unique_ptr<TlsSession> tls_;
  std::unique_ptr<ProxiedClient> client_;  // named by a proxy
  HeldPtr held_;                           // until the descriptor is closed
  int descriptor_;                         // -1 once closed
  Outlets::Index outlet_;
};

using StreamPtr = boost::intrusive_ptr<Stream>;

}  // namespace togglecast::net
