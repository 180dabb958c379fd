// One TCP connection of a shard. It hears once that bytes are there and then reads without blocking into the
// shard's scratch buffer, so an idle connection owns no buffer; writing collects shared blocks and sends them
// at the end of the loop turn, touching a queue only when the kernel says would-block.
//
// With a TLS session the handler sees plaintext all the same. Blocks stay shared until the moment they are
// written: what waits behind a blocked socket is plaintext, but for the record that was cut in the middle.
//
// Thread rule: everything on the shard's thread. Ownership: reference-counted by its owner and, until it is
// closed, by its shard; the owner closes it and drops it, or retires with it.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "base/pooled.hpp"
#include "base/shared_bytes.hpp"
#include "net/detached_stream.hpp"
#include "net/shard.hpp"

namespace togglecast::net {

class TlsSession;

enum class StreamEnd : std::uint8_t {
  peer_closed,    ///< orderly end of the peer's bytes (FIN, or close_notify)
  error,          ///< reset or another error of the connection, or of its TLS
  write_stalled,  ///< a backlog did not shrink in time
  overflow,       ///< more was queued than the limit allows
};

class StreamHandler {
 public:
  /// Bytes in the shard's scratch buffer; they may be changed in place and are gone after the call.
  virtual void on_data(char* data, std::size_t size) = 0;
  /// No more bytes will come. At `peer_closed` writing is still possible; otherwise the stream is closed
  /// already. Called at most once, never from within `send`.
  virtual void on_end(StreamEnd reason) = 0;
  /// A backlog has been written out.
  virtual void on_drained() {}
  /// The TLS handshake is done; before it, nothing can be sent and nothing else is heard but the end.
  virtual void on_secured() {}

 protected:
  ~StreamHandler() = default;
};

struct StreamLimits {
  /// Queued behind a blocked socket, with what each block costs beside its bytes; a first block may be
  /// larger.
  std::size_t backlog_bytes = 4 * 1024 * 1024;
  Milliseconds stall{30'000};  ///< a backlog must shrink within this time
};

class Stream final : public boost::intrusive_ref_counter<Stream, boost::thread_unsafe_counter>,
                     public Pooled<Stream> {
 public:
  ~Stream();
  /// Takes up a connection, on `shard`; nullptr when there is none, or the kernel has no room to watch it.
  [[nodiscard]] static boost::intrusive_ptr<Stream> adopt(Shard& shard, DetachedStream detached);

  [[nodiscard]] Shard& shard() const noexcept { return shard_; }
  /// Who hears of this stream from now on; nullptr: nobody.
  void handle_with(StreamHandler* handler) noexcept { handler_ = handler; }
  void limit(const StreamLimits* limits) noexcept { limits_ = limits; }  ///< must outlive the stream

  void start_reading();
  /// No `on_data` until `start_reading`; the end of the stream is not noticed meanwhile.
  void pause_reading() noexcept { reading_ = false; }

  /// Queues a block for the end of this turn. Ignored after close.
  void send(const SharedBytes& block);
  void send(std::string_view bytes) { send(SharedBytes(bytes)); }
  /// Sends now what this turn collected.
  void flush();
  /// For broadcasts: `Shard::send` with it is `send`. Valid as long as the stream.
  [[nodiscard]] Outlets::Index outlet() const noexcept { return outlet_; }
  /// Bytes that the kernel has not taken yet.
  [[nodiscard]] std::size_t backlog_bytes() const noexcept;

  /// Closes once everything queued is written (or stalls): sends FIN, then reads and drops what the peer
  /// still sends for a moment, so that the last bytes are not lost to a reset. The handler hears nothing
  /// more.
  void close_gracefully();
  /// Closes at once. The handler hears nothing more.
  void abort();
  [[nodiscard]] bool closed() const noexcept { return closed_; }

  /// Gives up the descriptor and the TLS session, for another shard or another owner. Returns nothing when
  /// the stream is closed or closing, or has a backlog.
  [[nodiscard]] DetachedStream release();

  /// The TLS session; nullptr on a plain connection.
  [[nodiscard]] const TlsSession* tls() const noexcept { return tls_.get(); }

  /// Address of the TCP peer.
  [[nodiscard]] boost::asio::ip::tcp::endpoint peer() const noexcept;

 private:
  friend class Shard;
  struct Backlog;

  Stream(Shard& shard, DetachedStream detached);

  // The shard's part.
  void on_ready(std::uint32_t events);
  /// Writes what the turn collected, of which the kernel has taken `taken` bytes already.
  void flush(std::size_t taken);
  /// Bytes that were to be sent are lost.
  void fail() { end_later(StreamEnd::error); }
  [[nodiscard]] bool watched() const noexcept { return watched_; }
  void forget_watch() noexcept { watched_ = false; }

  void read_available();
  // Both answer false when the handler threw.
  [[nodiscard]] bool deliver(char* data, std::size_t size);
  [[nodiscard]] bool decrypt(std::string_view bytes);
  void write_backlog();
  /// Writes from `bytes`; returns how much the kernel took, or -1 after an error that has ended the stream.
  [[nodiscard]] std::ptrdiff_t write_some(std::string_view bytes);
  // The same for plaintext of a TLS session: all that was encrypted counts as taken.
  [[nodiscard]] std::ptrdiff_t encrypt_some(std::string_view bytes);
  // Writes what the TLS session made, behind what it made before and before all plaintext.
  void send_sealed(std::string_view bytes);
  bool seal_front();
  void queue(const SharedBytes& block, std::size_t offset);
  /// Whether the shard may write for this stream.
  void guide(bool guided) noexcept;
  void queue_sealed(std::string_view bytes);
  void wait_for_room(std::size_t more);
  void overflow();
  void end(StreamEnd reason);
  void end_later(StreamEnd reason);
  void end_broken_tls();
  void shut_down();
  void close_socket() noexcept;
  [[nodiscard]] int let_go_of_descriptor() noexcept;
  void unwatch() noexcept;

  Shard& shard_;
  StreamHandler* handler_ = nullptr;
  const StreamLimits* limits_;
  std::unique_ptr<Backlog> backlog_;  // only while the kernel does not take our bytes
  std::unique_ptr<TlsSession> tls_;
  std::shared_ptr<void> held_;  // until the descriptor is closed
  int descriptor_;              // -1 once closed
  Outlets::Index outlet_;
  bool watched_ = false;
  bool reading_ = false;
  bool readable_ = false;  // there may be bytes that nobody has read
  bool hung_up_ = false;   // and behind them an end or an error
  bool closing_ = false;   // close_gracefully was called
  bool ended_ = false;     // on_end was or will be called, or nobody wants it
  bool closed_ = false;
};

using StreamPtr = boost::intrusive_ptr<Stream>;

}  // namespace togglecast::net
