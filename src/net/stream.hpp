// One TCP connection of a shard. It hears once that bytes are there and then reads without blocking into the
// shard's scratch buffer, so an idle connection owns no buffer; writing collects shared blocks and sends them
// at the end of the loop turn, touching a queue only when the kernel says would-block.
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

#include "base/pooled.hpp"
#include "base/shared_bytes.hpp"
#include "net/shard.hpp"

namespace togglecast::net {

enum class StreamEnd : std::uint8_t {
  peer_closed,    ///< orderly end of the peer's bytes (FIN)
  error,          ///< reset or another error of the connection
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
  /// Takes a connected, non-blocking descriptor, which is closed with the stream. Null (and the descriptor
  /// closed) when the kernel has no room to watch it.
  [[nodiscard]] static boost::intrusive_ptr<Stream> adopt(Shard& shard, int descriptor);
  ~Stream();

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

  /// Gives up the descriptor, for another shard or another owner; -1 when closed or when a backlog exists.
  [[nodiscard]] int release();

  /// Address of the TCP peer.
  [[nodiscard]] boost::asio::ip::tcp::endpoint peer() const noexcept;

 private:
  friend class Shard;
  struct Backlog;

  Stream(Shard& shard, int descriptor);

  // The shard's part.
  void on_ready(std::uint32_t events);
  /// Writes what the turn collected, of which the kernel has taken `taken` bytes already.
  void flush(std::size_t taken);
  /// Bytes that were to be sent are lost.
  void fail() { end_later(StreamEnd::error); }
  [[nodiscard]] bool watched() const noexcept { return watched_; }
  void forget_watch() noexcept { watched_ = false; }

  void read_available();
  void write_backlog();
  /// Writes from `bytes`; returns how much the kernel took, or -1 after an error that has ended the stream.
  [[nodiscard]] std::ptrdiff_t write_some(std::string_view bytes);
  void queue(const SharedBytes& block, std::size_t offset);
  /// Whether the shard may write for this stream.
  void guide(bool guided) noexcept;
  void end(StreamEnd reason);
  void end_later(StreamEnd reason);
  void shut_down();
  void close_socket() noexcept;
  void unwatch() noexcept;

  Shard& shard_;
  StreamHandler* handler_ = nullptr;
  const StreamLimits* limits_;
  std::unique_ptr<Backlog> backlog_;  // only while the kernel does not take our bytes
  int descriptor_;
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
